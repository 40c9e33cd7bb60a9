"""What was used, for moderators: a member's sums, those who spend the most, and the words of the chart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from domain.usage import Cost, Spender, Spent, Usage
from ui.cards import BLUE, Card
from ui.language import _, _n, calendar_day, number
from ui.words import credits, plain

#: Models named one by one.
_MODELS = 8


def of_member(member_id: int, used: Usage, first: date, last: date) -> Card:
    """One member: today, this week, this month, and by model in a range of days."""
    head = _("<@{who}>: {credits} spent").format(who=member_id, credits=credits(used.total.ready))
    periods = {"day": _("Today: {spent}"), "week": _("This week: {spent}"), "month": _("This month: {spent}")}
    lines = [periods[period].format(spent=_spent(spent)) for period, spent in used.periods.items()]
    models = sorted(used.models.items(), key=lambda item: -item[1].ready)
    by_model = [f"{plain(name, 60)}: {_spent(spent)}" for name, spent in models[:_MODELS]]
    return Card(
        BLUE, f"### {head}\n-# {_range(first, last)}", "\n".join(by_model), "\n".join(lines), _costs(used.costs)
    )


def top(spenders: Sequence[Spender], costs: Sequence[Cost], first: date, last: date) -> Card:
    """Those who spent the most, and what the API said that it all cost."""
    head = f"### {_('Who spent the most')}\n-# {_range(first, last)}"
    if not spenders:
        return Card(BLUE, head, _("Nothing was spent."))
    lines = [f"**{n}.** <@{one.member_id}> {_spent(one.spent)}" for n, one in enumerate(spenders, 1)]
    return Card(BLUE, head, "\n".join(lines), _costs(costs))


def _spent(spent: Spent) -> str:
    """12 credits for 6 films · 4 given back · 2 held."""
    films = _n("{credits} for {n} film", "{credits} for {n} films", spent.films)
    parts = [films.format(credits=credits(spent.ready), n=number(spent.films))]
    if spent.given_back:
        parts.append(_("{n} given back").format(n=number(spent.given_back)))
    if spent.held:
        parts.append(_("{n} held").format(n=number(spent.held)))
    return " · ".join(parts)


def _costs(costs: Sequence[Cost]) -> str:
    """What the API said that films cost, beside what was charged; those that differ most first."""
    if not costs:
        return ""
    # Where nothing can be compared, the largest is worth a look.
    furthest = sorted(costs, key=lambda one: -abs(one.amount if one.more is None else one.more))
    return "\n".join(
        [
            "**" + _("What the video service says that it took") + "**",
            *(_cost(one) for one in furthest[:_MODELS]),
            "-# "
            + _("Of films that were paid for and whose cost it named. + means that it took more than was charged."),
        ]
    )


def _cost(cost: Cost) -> str:
    """Sora 2: 24 credits for 8 films, the video service took 31.5 credit (+7.5)."""
    unit = plain(cost.unit, 20)
    said = f"{number(cost.amount)} {unit}".strip()
    line = _n(
        "{model}: {credits} for {n} film, the video service took {cost}",
        "{model}: {credits} for {n} films, the video service took {cost}",
        cost.films,
    ).format(model=plain(cost.model, 60), credits=credits(cost.credits), n=number(cost.films), cost=said)
    if cost.more is not None:
        sign = "+" if cost.more > 0 else "±" if cost.more == 0 else ""
        return f"{line} ({sign}{number(cost.more)})"
    if cost.rate is not None:
        return f"{line} ({_('{cost} a credit').format(cost=f'{number(cost.rate)} {unit}'.strip())})"
    return line


def _range(first: date, last: date) -> str:
    return f"{calendar_day(first)} – {calendar_day(last)}" if first != last else calendar_day(first)


def chart_words() -> dict[str, str]:
    """The words of the chart, in the language spoken now."""
    return {
        "title": _("Credits used"),
        "day": _("credits a day"),
        "week": _("credits a week"),
        "month": _("credits a month"),
        "ready": _("films made"),
        "given_back": _("given back"),
        "others": _("others"),
        "empty": _("Nothing was used in these days"),
    }


def exported(rows: int) -> str:
    """What stands beside the files of an export."""
    if not rows:
        return _("Nothing happened in these days.")
    return _n("{n} row, as CSV.", "{n} rows, as CSV.", rows).format(n=number(rows))
