"""How fast the bot looks, retries and gives up."""

from __future__ import annotations

from dataclasses import dataclass

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR


@dataclass(frozen=True)
class Pace:
    """How fast the bot looks, retries and gives up: all in milliseconds. Tests run the same code at another pace."""

    #: Between two looks at a sent job, until twice its usual time.
    look: int = MINUTE
    #: The longest pause between looks.
    look_most: int = HOUR
    #: Good looks at the recent tasks that must miss a job before it is sent once more.
    looks: int = 3
    #: From the last sending to giving up.
    deadline: int = 60 * MINUTE
    #: Pauses between tries to deliver; after the last one the film counts as undelivered.
    deliver: tuple[int, ...] = (5_000, 15_000, MINUTE, 3 * MINUTE, 10 * MINUTE, 30 * MINUTE, *[HOUR] * 24)
    #: How long a finished film whose link gives nothing is tried before its credits go back: by the pauses between the
    #: tries, not by a clock that may jump, or go on while nobody runs.
    film: int = 24 * HOUR
    #: The first pause of an open breaker before its trial.
    breaker: int = MINUTE
    #: Between two commands that count as one.
    double: int = 5_000
    #: Between two changes of a waiting card, at the least.
    card: int = 20_000

    def next_look(self, now: int, *, sent_at: int, usual_seconds: int) -> int:
        """When to ask the API about a sent job again: steadily at first, then with pauses that grow with its age."""
        age = max(0, now - sent_at)
        if age < 2 * usual_seconds * 1000:
            return now + self.look
        return now + min(self.look_most, max(2 * self.look, age // 4))

    def next_try(self, now: int, tries: int) -> int | None:
        """When to deliver again after `tries` failed ones; None to give up."""
        return now + self.deliver[tries - 1] if tries <= len(self.deliver) else None

    def next_fetch(self, now: int, tries: int) -> int | None:
        """When to fetch a film again that could not be had `tries` times; None to give it up."""
        return None if sum(self.deliver[: tries - 1]) >= self.film else self.next_try(now, tries)
