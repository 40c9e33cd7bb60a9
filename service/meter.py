"""What is counted where it happens; this meter counts nothing, metrics.py has one that does."""

from __future__ import annotations

from domain.job import Job


class Meter:
    """Each method is called once for what its name says. None of them raises or waits."""

    def accepted(self, job: Job) -> None:
        """The API took a job for the first time, or answered with its films at once."""

    def ended(self, job: Job) -> None:
        """A job became final."""

    def credits(self, change: str, amount: int) -> None:
        """Credits were subject to a change: hold, capture, release or refund."""

    def told(self, job: Job, rung: str) -> None:
        """People were told how a job ended: by a message in a thread, channel or dm, or by its card alone."""

    def undelivered(self, job: Job) -> None:
        """A job's end could not be told to anybody."""

    def film(self, form: str) -> None:
        """A film was posted: as_is, fitted, or as a link."""
