"""`python -m tests.crash --kills 200`: kills the bot so often, and says in its last line what became of every job."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import time

from tests.crash.run import crash


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - for the person at the terminal


def main() -> int:
    """Returns the exit status: 1 when any job was lost, told or made twice, or paid wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int(time.time()), help="the dice; printed, so that it can be given")
    parser.add_argument("--polling", action="store_true", help="without callbacks: the API cannot reach the bot")
    given = parser.parse_args()
    logging.getLogger("demo.life").setLevel(logging.ERROR)  # callbacks that fail are meant to
    _say(f"seed {given.seed}")
    outcome = asyncio.run(crash(given.kills, seed=given.seed, callbacks=not given.polling, say=_say))
    for line in [*outcome.points.table(), *outcome.audit.details()]:
        _say(line)
    if outcome.log:
        _say(f"the bot's log: {outcome.log}")
    _say(f"took {outcome.seconds:.0f} s")
    _say(outcome.line())
    return 0 if outcome.good else 1


if __name__ == "__main__":
    sys.exit(main())
