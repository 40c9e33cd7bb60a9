"""What must be true once everything has come to rest: each job ended, told once, made once, paid right."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from demo.life import Task
from tests.discordwire import DiscordWire, Interaction, Message

FINAL = {"ready", "failed", "expired", "cancelled"}
_JOB_ID = re.compile(r"([0-9a-z]{10})\s*$")
_CALLBACK = re.compile(r"(?:/callback/|\?job=)([0-9a-z]+)\.([0-9]+)\.")


def open_jobs(path: Path) -> int:
    """How many jobs still have something before them: not final, or nobody was told and the bot goes on trying."""
    with closing(_reader(path)) as conn:
        marks = ", ".join(f"'{state}'" for state in sorted(FINAL))
        row = conn.execute(
            f"SELECT count(*) FROM jobs WHERE state NOT IN ({marks}) OR (announced_at = 0 AND undelivered = 0)"
        ).fetchone()
        return int(row[0])


def all_jobs(path: Path) -> int:
    """How many jobs there are."""
    with closing(_reader(path)) as conn:
        return int(conn.execute("SELECT count(*) FROM jobs").fetchone()[0])


def _reader(path: Path) -> sqlite3.Connection:
    conn = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
    conn.row_factory = sqlite3.Row
    return conn


@dataclass
class Audit:
    """The counts, and in `wrong` a line for everything that should not be."""

    jobs: int = 0
    final: int = 0
    once: int = 0
    quiet: int = 0
    twice: int = 0
    never: int = 0
    asked: int = 0
    again: int = 0
    no_card: int = 0
    states: Counter[str] = field(default_factory=Counter)
    stale_cards: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    ledger: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not self.wrong and not self.ledger

    def line(self) -> str:
        """All counts in one line."""
        quiet = f" (and {self.quiet} as quietly as they were stopped)" if self.quiet else ""
        told = f"{self.once} announced once{quiet}, {self.twice} twice, {self.never} never"
        ledger = "WRONG" if self.ledger else "ok"
        asked = f"API asked {self.asked} + {self.again} again"
        return f"{self.jobs} jobs, {self.final} final, {told}, {asked}, ledger {ledger}"

    def details(self) -> list[str]:
        """What is wrong, and what is only worth knowing."""
        states = ", ".join(f"{count} {state}" for state, count in sorted(self.states.items()))
        return [
            *self.wrong,
            *self.ledger,
            f"states: {states}",
            *self.stale_cards[:8],
            f"ended jobs whose card can still be pressed: {len(self.stale_cards)}",
            f"jobs whose card nobody saw: {self.no_card}",
            *self.notes,
        ]


def troubles(log: Path) -> list[str]:
    """The kinds of errors that the bot logged, and the ends of its tracebacks, with their numbers."""
    kinds: Counter[str] = Counter()
    inside = False
    for line in log.read_text("utf-8", "replace").splitlines():
        if re.match(r"\d{4}-\d\d-\d\d .* (ERROR|CRITICAL) ", line):
            kinds[re.sub(r"\b(?=\w*\d)[0-9a-z-]{8,}\b", "…", line.partition(" ")[2][9:])] += 1
        if line.startswith("Traceback"):
            inside = True
        elif inside and line and not line.startswith((" ", "+", "|")):
            inside = False
            kinds[f"traceback: {line[:150]}"] += 1
    return [f"{count} × {kind}" for kind, count in kinds.most_common(12)]


def audit(path: Path, wire: DiscordWire, tasks: Iterable[Task], commands: Iterable[Interaction]) -> Audit:
    """Compare the database with what the two stand-ins saw. `commands` are all that were ever used."""
    found = Audit()
    made, said, commands = _made(tasks), _said(wire), list(commands)
    said_all = [message for messages in said.values() for message in messages]
    with closing(_reader(path)) as conn:
        rows = [dict(row) for row in conn.execute("SELECT * FROM jobs ORDER BY created_at")]
        films = Counter(row["job_id"] for row in conn.execute("SELECT job_id FROM films"))
        found.ledger += _ledger(conn, {row["id"]: row for row in rows})
    found.jobs = len(rows)
    shown = {one.id: one for one in commands if not one.hidden and (one.kind == "message" or one.followups)}
    known = {row["interaction_id"] for row in rows}
    found.wrong += [f"/video {id} got a public card, and there is no job" for id in shown if id not in known]
    for row in rows:
        found.states[row["state"]] += 1
        messages = said.pop(row["id"], [])
        mistakes = _told(found, row, messages, films[row["id"]])
        mistakes += _asked(found, row, made.get(row["id"], []), films[row["id"]])
        if row["state"] in FINAL:
            found.final += 1
        else:
            mistakes.append("is not final")
        found.no_card += not row["card_message_id"] and row["interaction_id"] not in shown
        if mistakes:
            found.wrong.append(_describe(row, mistakes, messages, made.get(row["id"], [])))
    found.stale_cards = _stale(wire, rows)
    found.notes += _odd(wire, said_all, [one for one in commands if one.id in known])
    found.wrong += [f"{len(messages)} messages about {id}, and there is no such job" for id, messages in said.items()]
    return found


def _made(tasks: Iterable[Task]) -> dict[str, list[tuple[int, Task]]]:
    """Accepted generations by job, with the attempt that asked for each."""
    made: dict[str, list[tuple[int, Task]]] = defaultdict(list)
    for task in tasks:
        named = _CALLBACK.search(task.request.get("callback_url", ""))
        assert named is not None
        made[named[1]].append((int(named[2]), task))
    return made


def _said(wire: DiscordWire) -> dict[str, list[Message]]:
    """Everything that the bot said about a job, by the id at its end."""
    said: dict[str, list[Message]] = defaultdict(list)
    for channel in wire.channels.values():
        for message in channel.messages.values():
            if message.author is wire.bot and (named := _JOB_ID.search(message.content)):
                said[named[1]].append(message)
    return said


def _told(found: Audit, row: dict[str, Any], messages: list[Message], films: int) -> list[str]:
    """Was it announced exactly once? A film that came after its job's end is one announcement more."""
    mistakes: list[str] = []
    late = bool(films) and row["state"] != "ready"
    with_film = [one for one in messages if one.files or "/films/" in one.content]
    without = len(messages) - len(with_film)
    quiet = row["state"] == "cancelled" or row["muted"]
    wanted_films = 1 if films and not row["refunded"] else 0
    if row["state"] in FINAL and not row["announced_at"]:
        mistakes.append("was given up" if row["undelivered"] else "is not announced")
    if quiet and not messages:
        found.quiet += 1
        return mistakes
    if not messages:
        found.never += 1
        return [*mistakes, "nobody was told"]
    if len(with_film) > wanted_films or without > (1 if late or not wanted_films else 0):
        found.twice += 1
        mistakes.append(f"told {len(with_film)} times with a film and {without} times without")
    elif len(with_film) < wanted_films:
        mistakes.append("told without its film")
    else:
        found.once += 1
    if row["message_id"] not in {one.id for one in messages}:
        mistakes.append(f"its message is said to be {row['message_id']}")
    return mistakes


def _asked(found: Audit, row: dict[str, Any], tasks: list[tuple[int, Task]], films: int) -> list[str]:
    """Was the API asked once? What it never accepted may be asked again."""
    found.asked += bool(tasks)
    found.again += row["attempt"] - 1
    if len(tasks) > 1:
        return [f"made {len(tasks)} times, by attempts {[attempt for attempt, _ in tasks]}"]
    if row["state"] == "ready" and not tasks:
        return ["is ready, and was never made"]
    if tasks and not films and (tasks[0][1].response or {}).get("success"):
        return ["the API made its film, and it is lost"]
    return []


def _stale(wire: DiscordWire, rows: list[dict[str, Any]]) -> list[str]:
    """Cards of ended jobs that still offer to cancel them, or not to post them."""
    jobs = {row["id"]: row for row in rows}
    stale: list[str] = []
    for channel in wire.channels.values():
        for message in (one for one in channel.messages.values() if not one.ephemeral):
            for name in message.custom_ids:
                row = jobs.get(name.removeprefix("job:cancel:").removeprefix("job:mute:"))
                if row and row["state"] in FINAL:
                    known = "known" if row["card_message_id"] == message.id else f"not {row['card_message_id']}"
                    stale.append(
                        f"{row['id']} {row['state']} {message.id} {known} private={row['private']} muted={row['muted']}"
                    )
    return stale


def _odd(wire: DiscordWire, said: list[Message], admitted: list[Interaction]) -> list[str]:
    """What loses nothing, and still is not how it should be."""
    linked = sum("/films/" in one.content for one in said)
    misled = sum(one.original is not None and "went wrong" in one.original.text for one in admitted)
    begun = sum(
        "about to start" in message.text for channel in wire.channels.values() for message in channel.messages.values()
    )
    return [
        f"films that came as a link: {linked}",
        f"members who were told that something went wrong while their film was being made: {misled}",
        f"notes in direct messages that a film is about to start, and nothing followed: {begun}",
    ]


def _describe(row: dict[str, Any], mistakes: list[str], messages: list[Message], tasks: list[tuple[int, Task]]) -> str:
    names = ("state", "place", "private", "muted", "refunded", "attempt", "task_id", "reason", "announcement", "tries")
    names += ("target_id", "announced_at", "undelivered", "card_message_id", "message_id", "looks", "request")
    told = "".join(
        f"\n    message {one.id} in {one.channel.type}:{one.channel.id} nonce {one.nonce} at {one.created:.3f}"
        f" with {len(one.files)} files: {one.content.splitlines()[0][:80]!r}"
        for one in messages
    )
    asked = "".join(
        f"\n    attempt {attempt} became {task.id} at {task.created_at:.3f}: {sorted(task.words)},"
        f" callbacks {[status for _, status in task.callbacks]}"
        for attempt, task in tasks
    )
    fields = " ".join(f"{name}={row[name]}" for name in names)
    return f"job {row['id']}: {'; '.join(mistakes)}\n    {fields}{told}{asked}"


def _ledger(conn: sqlite3.Connection, jobs: dict[str, dict[str, Any]]) -> list[str]:
    """Each hold has one end, that of its job; counters and grants are the sums of what was kept."""
    wrong: list[str] = []
    ends: dict[tuple[str, str], list[sqlite3.Row]] = defaultdict(list)
    counters: Counter[tuple[int, str, str]] = Counter()
    held: Counter[str] = Counter()
    rows = list(conn.execute("SELECT * FROM ledger WHERE job_id IS NOT NULL ORDER BY id"))
    for row in rows:
        if row["kind"] != "hold":
            ends[row["job_id"], row["source"]].append(row)
        if row["kind"] != "capture":
            sign = 1 if row["kind"] == "hold" else -1
            for subject, window, amount in json.loads(row["windows"]):
                counters[row["guild_id"], subject, window] += sign * amount
    for hold in (row for row in rows if row["kind"] == "hold"):
        job = jobs[hold["job_id"]]
        held[job["id"]] += hold["amount"]
        kinds = [end["kind"] for end in ends.pop((job["id"], hold["source"]), [])]
        right = ["capture"] if job["state"] == "ready" else ["release"] if job["state"] in FINAL else []
        if kinds != right + ["refund"] * job["refunded"]:
            wrong.append(
                f"ledger: job {job['id']} is {job['state']} (refunded {job['refunded']}), its hold has {kinds}"
            )
    wrong += [f"ledger: an end without a hold: {key}" for key in ends]
    wrong += [
        f"ledger: {id} holds {held[id]} of {job['price']}" for id, job in jobs.items() if held[id] != job["price"]
    ]
    for row in conn.execute("SELECT * FROM counters"):
        sum_ = counters.pop((row["guild_id"], row["subject"], row["win"]), 0)
        if row["spent"] != sum_ or row["spent"] < 0:
            wrong.append(f"ledger: counter {row['subject']} {row['win']} is {row['spent']}, its rows make {sum_}")
    return wrong + [f"ledger: no counter {key}, its rows make {sum_}" for key, sum_ in counters.items() if sum_]
