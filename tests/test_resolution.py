"""Which limits count for a member in a place, and what they leave: the whole of it as a table."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from domain.credit import EVERYONE, POT, Room, Rule, best_room, resolve, shortage

DEFAULT = Rule(EVERYONE, "day", 20)
DAY, WEEK, MONTH = (Rule(EVERYONE, period, credits) for period, credits in (("day", 5), ("week", 15), ("month", 40)))
BOOSTER, VIP = Rule("role:1", "week", 30), Rule("role:2", "month", 100)
FREE, NONE = Rule("role:3", "day", None), Rule("role:4", "day", 0)
MINE = Rule("member:7", "day", 2)


@dataclass(frozen=True)
class Case:
    """A member with number 7, their roles, where they ask, what was spent a period, and what has to come of it."""

    name: str
    rules: tuple[Rule, ...]
    gives: Rule
    left: int | None
    roles: tuple[int, ...] = ()
    places: tuple[int, ...] = (50, 60, 70)
    spent: dict[str, int] = field(default_factory=dict[str, int])
    narrow: tuple[Rule, ...] = ()


CASES = [
    Case("nothing was set", (), DEFAULT, 20),
    Case("nothing was set for everyone", (BOOSTER,), DEFAULT, 20),
    Case("everyone's", (DAY,), DAY, 5),
    Case("a role that gives more", (DAY, BOOSTER), BOOSTER, 30, roles=(1,)),
    Case("a role that others have", (DAY, BOOSTER), DAY, 5, roles=(2,)),
    Case("a role beside what is installed", (BOOSTER,), BOOSTER, 30, roles=(1,)),
    Case("several roles: the most room", (DAY, BOOSTER, VIP), VIP, 100, roles=(1, 2)),
    Case("their periods count apart", (DAY, BOOSTER, VIP), BOOSTER, 20, (1, 2), spent={"week": 10, "month": 90}),
    Case("the day's when the others are spent", (DAY, BOOSTER), DAY, 5, (1,), spent={"week": 30}),
    Case("the week's when the day's is spent", (DAY, BOOSTER), BOOSTER, 25, (1,), spent={"day": 5, "week": 5}),
    Case("all spent", (DAY, BOOSTER), DAY, 0, (1,), spent={"day": 5, "week": 30}),
    Case("lowered below what was spent", (DAY,), DAY, 0, spent={"day": 19}),
    Case("no limit for a role", (DAY, FREE, VIP), FREE, None, roles=(2, 3)),
    Case("nothing for a role takes nothing away", (DAY, NONE), DAY, 5, roles=(4,)),
    Case("one's own replaces all, also a smaller one", (DAY, FREE, MINE), MINE, 2, roles=(3,)),
    Case("another's own", (DAY, Rule("member:8", "day", 99)), DAY, 5),
    Case("the channel's", (DAY, Rule("channel:50", "day", 1)), DAY, 5, narrow=(Rule("channel:50", "day", 1),)),
    Case("its parent's", (DAY, Rule("channel:60", "day", 1)), DAY, 5, narrow=(Rule("channel:60", "day", 1),)),
    Case("its category's", (DAY, Rule("channel:70", "week", 1)), DAY, 5, narrow=(Rule("channel:70", "week", 1),)),
    Case("another channel's", (DAY, Rule("channel:51", "day", 1)), DAY, 5),
    Case(
        "a channel that would give more",
        (DAY, Rule("channel:50", "day", 99)),
        DAY,
        5,
        narrow=(Rule("channel:50", "day", 99),),
    ),
    Case("the pot, also with one's own", (MINE, Rule(POT, "month", 9)), MINE, 2, narrow=(Rule(POT, "month", 9),)),
    Case("no limit and the pot", (FREE, Rule(POT, "day", 9)), FREE, None, roles=(3,), narrow=(Rule(POT, "day", 9),)),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_which_limit_gives_the_room(case: Case) -> None:
    """The rule that is named to the member, what it leaves, and which rules have to have room as well."""
    standing = resolve(case.rules, member_id=7, roles=case.roles, places=case.places, default=DEFAULT)
    room = best_room((rule, case.spent.get(rule.period, 0)) for rule in standing.giving)
    assert room == Room(case.left, case.gives)
    assert standing.narrowing == case.narrow


@pytest.mark.parametrize(
    ("roles", "places", "in_flight", "models", "longest"),
    [
        ((), (), 1, {"a"}, 10),
        ((1,), (), 3, {"a", "b"}, 15),  # the most generous of those that say something; models together
        ((2,), (), 1, None, None),  # a role that says nothing bars no model and no length
        ((1,), (50,), 2, {"b"}, 15),  # a channel only narrows
        ((2,), (50,), 1, {"b", "c"}, None),
        ((1,), (60,), 3, {"a", "b"}, 5),
        ((1,), (50, 60), 2, {"b"}, 5),
    ],
)
def test_what_else_limits_say(
    roles: tuple[int, ...], places: tuple[int, ...], in_flight: int, models: set[str] | None, longest: int | None
) -> None:
    """Of everyone's and the roles' the most generous counts, of the places' the strictest."""
    rules = (
        Rule(EVERYONE, "day", 5, 1, frozenset({"a"}), 10),
        Rule("role:1", "day", 5, 3, frozenset({"b"}), 15),
        Rule("role:2", "week", 9),
        Rule("channel:50", "day", None, 2, frozenset({"b", "c"})),
        Rule("channel:60", "day", None, None, None, 5),
    )
    standing = resolve(rules, member_id=7, roles=roles, places=places, default=DEFAULT)
    assert (standing.in_flight, standing.models, standing.longest) == (in_flight, models, longest)


def test_the_first_place_without_room_is_named() -> None:
    """All of them must have room for the whole price; no limit always has."""
    day, month = Rule("channel:5", "day", 10), Rule(POT, "month", 3)
    assert shortage([(day, 8), (month, 1)], 2) is None
    found = shortage([(Rule("channel:5", "week", None), 99), (day, 8), (month, 2)], 2)
    assert found is not None
    assert (found.rule, found.left) == (month, 1)
    found = shortage([(month, 9)], 1)
    assert found is not None
    assert found.left == 0
