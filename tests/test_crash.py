"""The bot killed around its requests, on one database: nothing is lost, told twice, made twice, or paid wrong."""

from __future__ import annotations

from tests.crash.run import crash


async def test_killed_again_and_again() -> None:
    """After many kills at points of their own, each job is final, told once, made once, and its credits are right."""
    outcome = await crash(24, seed=7, warm=True)
    said = "\n".join([*outcome.audit.details(), *outcome.points.table(), f"log: {outcome.log}"])
    assert outcome.good, said
    assert outcome.audit.jobs >= 20, said
    assert len(outcome.points.kills) >= 12, said
