"""`python -m tests.soak --minutes 10 --jobs 2000`: a long bad day, and in its last line what became of every job."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import time

from tests.soak.run import soak


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - for the person at the terminal


def main() -> int:
    """Returns the exit status: 1 when a job was lost, told or made twice, or paid wrong, or when memory grew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--jobs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=int(time.time()), help="the dice; printed, so that it can be given")
    given = parser.parse_args()
    logging.getLogger("demo.life").setLevel(logging.ERROR)  # callbacks that fail are meant to
    _say(f"seed {given.seed}")
    outcome = asyncio.run(soak(given.minutes, given.jobs, seed=given.seed, say=_say))
    for kind, count in sorted(outcome.met.items()):
        _say(f"{count:5} × {kind}")
    for line in outcome.audit.details():
        _say(line)
    if outcome.log:
        _say(f"the bot's log: {outcome.log}")
    _say(f"at most {outcome.in_flight} films in the making at once")
    _say(
        f"answers: half within {outcome.answers[0] * 1000:.0f} ms, 99 of 100 within {outcome.answers[1] * 1000:.0f} ms"
    )
    _say(outcome.line())
    return 0 if outcome.good else 1


if __name__ == "__main__":
    sys.exit(main())
