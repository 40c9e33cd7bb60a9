"""What is measured and under which name: the operator's /metrics, with labels that cannot grow without end."""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace

import aiohttp
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from domain.job import FINAL, Job, JobState
from service.alerts import FAILURES
from service.meter import Meter
from storage.figures import Figures

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
# When each series began is a series of its own otherwise; a restart shows by process_start_time_seconds.
disable_created_metrics()

#: What may become of a callback, a film, its news, and credits: each is 0 from the start, so that a rate has a base; so
#: is what alerts count as failures.
CALLBACKS = ("accepted", "forged", "malformed", "giant", "slow")
RUNGS = ("thread", "channel", "dm", "card", "undelivered")
FORMS = ("as_is", "fitted", "link")
CREDITS = ("hold", "capture", "release", "refund")
#: Seconds of films: in the queue and in the making, and from there to people.
_MINUTES = (5, 15, 30, 60, 90, 120, 180, 240, 300, 420, 600, 900, 1800, 3600)
_SHORT = (1, 2, 3, 5, 8, 12, 20, 30, 60, 120, 300, 900, 3600)
#: Seconds between two looks at the loop's own lateness, and what it is sorted into.
_LAG_EVERY = 0.25
_LAG = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)


@dataclass(frozen=True)
class Seen:
    """What a scrape finds beside the counters."""

    #: None when the database could not be read.
    figures: Figures | None
    #: Why the bot is not ready; empty when it is.
    reasons: list[str]
    #: Loop → seconds since its last step that ended well.
    loops: Mapping[str, float]
    disk_free: int
    #: Seconds of a heartbeat to Discord and back; NaN while there is none.
    latency: float
    #: The API's own credits that are left; None while nobody knows.
    balance: float | None = None
    #: Unix ms.
    now: int = field(default_factory=lambda: time.time_ns() // 1_000_000)


class Metrics(Meter):
    """Counts by its methods, and shows everything by `show`. The registry is its own: two of them do not mix."""

    def __init__(self, *, models: Iterable[str], providers: Iterable[str]) -> None:
        """`models` are the catalogue's keys and `providers` its services; any other is counted as "other"."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._models = frozenset(models)
        self._providers = frozenset(providers)
        self._routes, self._reasons = _Few(60), _Few(60)
        made = _Maker(self.registry)
        self._jobs = made.gauge("jobs", "Jobs that are not final", "state", "model")
        self._oldest = made.gauge("queue_oldest_seconds", "Age of the oldest job that waits to be sent")
        self._outbox = made.gauge("outbox_jobs", "Ended jobs that people are still to be told about")
        self._undelivered = made.gauge("undelivered_jobs", "Ended jobs that nobody could be told about")
        self._held = made.gauge("credits_held", "Credits held by jobs that are not final")
        self._breakers = made.gauge("breaker_open", "1 while a breaker is open", "subject")
        self._paused = made.gauge("paused", "Pauses: of everything (1 or 0), and of servers (how many)", "scope")
        self._size = made.gauge("database_bytes", "Size of the database")
        self._free = made.gauge("disk_free_bytes", "Free space where the database is")
        self._readable = made.gauge("database_up", "1 when this scrape could read the database")
        self._ready = made.gauge("ready", "1 when the bot is ready, as /readyz says")
        self._loops = made.gauge("loop_good_seconds", "Seconds since a loop's last step that ended well", "loop")
        self._latency = made.gauge("gateway_latency_seconds", "A heartbeat to Discord and back")
        self._balance = made.gauge("api_balance", "What is left with the API, in its credits; NaN: unknown")
        self._ended = made.counter("jobs_ended", "Jobs that became final", "state", "model")
        self._failures = made.counter("failures", "Jobs that ended without a film, by reason", "reason")
        self._credits = made.counter("credits", "Credits that were subject to a change", "change")
        self._callbacks = made.counter("callbacks", "Callbacks by what became of them", "outcome")
        self._told = made.counter("deliveries", "Ends of jobs by where people were told", "rung")
        self._films = made.counter("films", "Films posted: as they were, fitted, or as a link", "form")
        self._discord = made.counter("discord_calls", "Calls to Discord; status 0: no answer", "route", "status")
        self._api = made.counter("api_calls", "Calls to the API; status 0: no answer", "provider", "call", "status")
        self._waiting = made.histogram("waiting_seconds", "From the command to the API's acceptance", _MINUTES, "model")
        self._rendering = made.histogram("rendering_seconds", "From the last sending to the film", _MINUTES, "model")
        self._delivering = made.histogram("delivering_seconds", "From the end of a job to the news of it", _SHORT)
        self._lag = made.histogram("loop_lag_seconds", "How late the event loop wakes who sleeps", _LAG)
        for child in (
            *((self._callbacks, name) for name in CALLBACKS),
            *((self._told, name) for name in RUNGS),
            *((self._films, name) for name in FORMS),
            *((self._credits, name) for name in CREDITS),
            *((self._failures, self._reasons(name)) for name in FAILURES),
        ):
            child[0].labels(child[1])
        for state in FINAL:
            for model in self._models:
                self._ended.labels(state.value, model)

    # What happens, counted where it happens

    def accepted(self, job: Job) -> None:
        self._waiting.labels(self._model(job)).observe(max(0, job.sent_at - job.created_at) / 1000)

    def ended(self, job: Job) -> None:
        self._ended.labels(job.state.value, self._model(job)).inc()
        if job.state is not JobState.READY:
            self._failures.labels(self._reasons(job.reason or job.state.value)).inc()
        elif job.sent_at:
            self._rendering.labels(self._model(job)).observe(max(0, job.ended_at - job.sent_at) / 1000)

    def credits(self, change: str, amount: int) -> None:
        self._credits.labels(change).inc(amount)

    def told(self, job: Job, rung: str) -> None:
        self._told.labels(rung).inc()
        self._delivering.observe(max(0, time.time() - job.ended_at / 1000))

    def undelivered(self, job: Job) -> None:
        self._told.labels("undelivered").inc()

    def film(self, form: str) -> None:
        self._films.labels(form).inc()

    def callback(self, outcome: str) -> None:
        """A callback was accepted, or refused for this reason."""
        self._callbacks.labels(outcome).inc()

    def api_call(self, path: str, status: int) -> None:
        """A call to "provider/what" was answered with this HTTP status, 0 when there was no answer."""
        provider, _, call = path.partition("/")
        known = provider if provider in self._providers else "other"
        self._api.labels(known, call if call in ("videos", "tasks") else "other", _status(status)).inc()

    def discord_calls(self) -> aiohttp.TraceConfig:
        """What discord.py's session is to be opened with, so that each of its calls is counted, repeats too."""
        trace = aiohttp.TraceConfig()

        async def ended(_: object, __: SimpleNamespace, call: aiohttp.TraceRequestEndParams) -> None:
            self._called(call.method, call.url.path, call.response.status)

        async def failed(_: object, __: SimpleNamespace, call: aiohttp.TraceRequestExceptionParams) -> None:
            self._called(call.method, call.url.path, 0)

        trace.on_request_end.append(ended)
        trace.on_request_exception.append(failed)
        return trace

    def _called(self, method: str, path: str, status: int) -> None:
        self._discord.labels(self._routes(f"{method} {_template(path)}"), _status(status)).inc()

    async def watch_lag(self) -> None:
        """Measure for ever how late the event loop is."""
        while True:
            due = time.perf_counter() + _LAG_EVERY
            await asyncio.sleep(_LAG_EVERY)
            self._lag.observe(max(0.0, time.perf_counter() - due))

    # What is so now

    def show(self, seen: Seen) -> bytes:
        """Everything as Prometheus reads it."""
        self._readable.set(seen.figures is not None)
        self._ready.set(not seen.reasons)
        self._free.set(seen.disk_free)
        self._latency.set(seen.latency)
        self._balance.set(math.nan if seen.balance is None else seen.balance)
        for loop, seconds in seen.loops.items():
            self._loops.labels(loop).set(seconds)
        if seen.figures:
            self._show_figures(seen.figures, seen.now)
        return generate_latest(self.registry)

    def _show_figures(self, figures: Figures, now: int) -> None:
        self._jobs.clear()
        for (state, model), count in figures.active.items():
            self._jobs.labels(state, model if model in self._models else "other").inc(count)
        self._oldest.set(max(0, now - figures.oldest_queued_at) / 1000 if figures.oldest_queued_at else 0)
        self._outbox.set(figures.outbox)
        self._undelivered.set(figures.undelivered)
        self._held.set(figures.held)
        self._size.set(figures.size)
        self._paused.labels("everywhere").set(0 in figures.paused)
        self._paused.labels("servers").set(sum(1 for guild_id in figures.paused if guild_id))
        accounts, models = (f"account:{name}" for name in self._providers), (f"model:{key}" for key in self._models)
        for subject in (*accounts, *models):
            self._breakers.labels(subject).set(subject in figures.breakers)

    def _model(self, job: Job) -> str:
        return job.request.model if job.request.model in self._models else "other"


class _Maker:
    """Makes metrics under Clapper's prefix."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def gauge(self, name: str, about: str, *labels: str) -> Gauge:
        return Gauge(f"clapper_{name}", about, labels, registry=self._registry)

    def counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(f"clapper_{name}", about, labels, registry=self._registry)

    def histogram(self, name: str, about: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"clapper_{name}", about, labels, buckets=buckets, registry=self._registry)


class _Few:
    """Lets the first `most` different values through; what comes after is "other"."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._seen: set[str] = set()

    def __call__(self, value: str) -> str:
        if value not in self._seen and len(self._seen) < self._most:
            self._seen.add(value)
        return value if value in self._seen else "other"


_STATUSES = {0, 200, 201, 202, 204, 400, 401, 403, 404, 405, 408, 409, 413, 429, 500, 502, 503, 504}


def _status(status: int) -> str:
    return str(status) if status in _STATUSES else f"{status // 100}xx"


def _template(path: str) -> str:
    """A path of Discord's API with every id and token taken out: /webhooks/{id}/{token}/messages/@original."""
    path = re.sub(r"^/api(/v\d+)?", "", path)
    path = re.sub(r"(/(?:webhooks|interactions)/)\d+/[^/]+", r"\1{id}/{token}", path)
    return re.sub(r"/\d+", "/{id}", path)[:80]
