"""A database with as many rows in its ledger as wanted, written fast, and a history that real ones could have."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from storage.database import open_database

GUILD = 1
MEMBERS = 10_000
DAYS = 400
DAY = 86_400_000
#: When its first job was begun: 2026-01-01 in UTC, in ms.
BEGAN = 1_767_225_600_000

_REQUEST = '{"prompt":"a paper boat in the rain, number \'||n||\'","model":"sora-2","duration":10,"size":"small",' + (
    '"orientation":"landscape","pictures":0,"character_url":null,"character_start":null,"character_end":null}'
)
_WIRE = '{"provider":"sora","body":{"model":"sora-2"},"names":{"prompt":"prompt"}}'
#: One job a step: of four models, two in three end ready, one in a hundred is given back afterwards.
_JOBS = f"""
WITH RECURSIVE steps (n) AS (SELECT :first UNION ALL SELECT n + 1 FROM steps WHERE n < :last)
INSERT INTO jobs (id, interaction_id, guild_id, channel_id, place, author_id, locale, request, wire, provider, model,
    label, price, usual_seconds, private, spoiler, fold, state, created_at, ended_at, announced_at, refunded)
SELECT printf('%016x', n * 2654435761 % 1073741824 * 4294967296 + n), n, {GUILD}, 10 + n % 20, 'text',
    1 + n * 7919 % {MEMBERS}, 'en-US', '{_REQUEST}', '{_WIRE}', 'sora', 'model-'||(n % 4), 'Model '||(n % 4), 1 + n % 5,
    120, n % 10 = 0, 0, 'fold', CASE n % 3 WHEN 0 THEN 'failed' ELSE 'ready' END, {BEGAN} + n * :step,
    {BEGAN} + n * :step + 120000, 1, n % 100 = 1
FROM steps
"""
_LEDGER = """
INSERT INTO ledger (guild_id, member_id, job_id, kind, source, amount, windows, at)
SELECT guild_id, author_id, id, CASE part WHEN 0 THEN 'hold' WHEN 2 THEN 'refund'
        ELSE CASE state WHEN 'ready' THEN 'capture' ELSE 'release' END END, 'window', price,
    '[["member:'||author_id||'", "d:2026-01-01#0", '||price||'], ["server", "d:2026-01-01#0", '||price||']]',
    created_at + part * 120000
FROM jobs JOIN (SELECT 0 AS part UNION SELECT 1 UNION SELECT 2)
WHERE interaction_id BETWEEN :first AND :last AND (part < 2 OR refunded) ORDER BY jobs.rowid, part
"""
_COUNTERS = f"""
INSERT INTO counters SELECT {GUILD}, 'member:'||author_id,
    'd:'||date(created_at / 1000, 'unixepoch')||'#0', sum(price)
FROM jobs WHERE state = 'ready' AND NOT refunded GROUP BY 2, 3
"""


async def write(path: Path, jobs: int) -> None:
    """A new database at `path` with so many ended jobs, and twice as many rows of the ledger (and a few more)."""
    async with open_database(path):
        pass
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.executescript("PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF; PRAGMA cache_size = -500000;")
        indexes = conn.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql <> ''").fetchall()
        for name, _ in indexes:
            conn.execute(f"DROP INDEX {name}")
        conn.execute("BEGIN")
        values = {"first": 1, "last": jobs, "step": DAYS * DAY // jobs}
        conn.execute(_JOBS, values)
        conn.execute(_LEDGER, {"first": 1, "last": jobs})
        conn.execute(_COUNTERS)
        for _, sql in indexes:
            conn.execute(sql)
        conn.execute("COMMIT")
        conn.executescript("PRAGMA journal_mode = WAL;")
