-- Clapper's first schema.
-- Times are unix milliseconds, 0 where something has not happened yet; Discord's ids are integers.
-- States, stored fields and keys are contracts: later versions read them for ever.

-- Small values of the bot itself: the key of its MACs, its instance id, the hash of the commands last synchronised.
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE jobs (
    id              TEXT    PRIMARY KEY,
    interaction_id  INTEGER NOT NULL UNIQUE,   -- Discord's own id: the same command can never be two jobs
    guild_id        INTEGER NOT NULL,
    channel_id      INTEGER NOT NULL,
    place           TEXT    NOT NULL,          -- text, announcement, thread, post, voice, dm
    author_id       INTEGER NOT NULL,
    locale          TEXT    NOT NULL,
    request         TEXT    NOT NULL,          -- JSON of what was asked for
    wire            TEXT    NOT NULL,          -- JSON of how it is sent: frozen, so that a new catalogue changes no old job
    provider        TEXT    NOT NULL,
    model           TEXT    NOT NULL,
    label           TEXT    NOT NULL,
    price           INTEGER NOT NULL CHECK (price >= 0),
    usual_seconds   INTEGER NOT NULL,
    private         INTEGER NOT NULL CHECK (private IN (0, 1)),
    spoiler         INTEGER NOT NULL CHECK (spoiler IN (0, 1)),
    fold            TEXT    NOT NULL,          -- hash of author, parent and parameters: a double within seconds is one job
    state           TEXT    NOT NULL CHECK (state IN
                        ('awaiting', 'queued', 'submitting', 'rendering', 'ready', 'failed', 'expired', 'cancelled')),
    attempt         INTEGER NOT NULL DEFAULT 1,
    created_at      INTEGER NOT NULL,
    not_before      INTEGER NOT NULL DEFAULT 0, -- a queued job waits until then
    waited_ms       INTEGER NOT NULL DEFAULT 0, -- how long it has waited while this bot ran and could send
    prepared_at     INTEGER NOT NULL DEFAULT 0, -- its pictures are fetched and stored
    sent_at         INTEGER NOT NULL DEFAULT 0,
    request_bytes   INTEGER NOT NULL DEFAULT 0, -- how large the API's echo of the request is: sizes the batches of looks
    task_id         TEXT    NOT NULL DEFAULT '',
    trace_id        TEXT    NOT NULL DEFAULT '',
    hint_id         TEXT    NOT NULL DEFAULT '', -- a task id that a callback named before the API's own answer did
    next_look_at    INTEGER NOT NULL DEFAULT 0,
    looks           INTEGER NOT NULL DEFAULT 0, -- good looks at the recent tasks that did not show it
    ended_at        INTEGER NOT NULL DEFAULT 0,
    reason          TEXT    NOT NULL DEFAULT '',
    detail          TEXT    NOT NULL DEFAULT '',
    card_channel_id INTEGER NOT NULL DEFAULT 0,
    card_message_id INTEGER NOT NULL DEFAULT 0,
    card_token      TEXT    NOT NULL DEFAULT '', -- of the interaction, while it lives
    muted           INTEGER NOT NULL DEFAULT 0,  -- the author asked not to post it
    refunded        INTEGER NOT NULL DEFAULT 0,
    announced_at    INTEGER NOT NULL DEFAULT 0,
    reopened        INTEGER NOT NULL DEFAULT 0,  -- how often there was something new to tell after an end
    announcement    INTEGER NOT NULL DEFAULT 0,  -- how many messages were begun: part of each one's nonce
    tries           INTEGER NOT NULL DEFAULT 0,
    next_try_at     INTEGER NOT NULL DEFAULT 0,
    undelivered     INTEGER NOT NULL DEFAULT 0,  -- given up: listed for moderators
    target_id       INTEGER NOT NULL DEFAULT 0,  -- where the message was being sent, and since when
    target_at       INTEGER NOT NULL DEFAULT 0,
    thread_id       INTEGER NOT NULL DEFAULT 0,
    message_id      INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX jobs_queue   ON jobs (created_at)           WHERE state = 'queued';
CREATE INDEX jobs_flight  ON jobs (provider, guild_id, author_id) WHERE state IN ('submitting', 'rendering');
CREATE INDEX jobs_due     ON jobs (next_look_at)         WHERE state IN ('submitting', 'rendering');
CREATE INDEX jobs_outbox  ON jobs (next_try_at)          WHERE announced_at = 0 AND undelivered = 0
                                                           AND state IN ('ready', 'failed', 'expired', 'cancelled');
CREATE INDEX jobs_undelivered ON jobs (guild_id, ended_at) WHERE undelivered = 1;
CREATE INDEX jobs_waiting ON jobs (guild_id)             WHERE state IN ('queued', 'awaiting');
CREATE INDEX jobs_author  ON jobs (guild_id, author_id, created_at);
CREATE INDEX jobs_usual   ON jobs (model, ended_at)      WHERE state = 'ready';
CREATE INDEX jobs_task    ON jobs (task_id)              WHERE task_id <> '';

-- The films of a finished job, in the API's order.
CREATE TABLE films (
    job_id    TEXT    NOT NULL REFERENCES jobs (id),
    n         INTEGER NOT NULL,
    vendor_id TEXT    NOT NULL,
    url       TEXT    NOT NULL,
    PRIMARY KEY (job_id, n)
) STRICT, WITHOUT ROWID;

-- Pictures as they are sent, kept once each by the hash of their bytes.
CREATE TABLE pictures (
    sha256  TEXT    PRIMARY KEY,
    mime    TEXT    NOT NULL,
    width   INTEGER NOT NULL,
    height  INTEGER NOT NULL,
    kept_at INTEGER NOT NULL,
    bytes   BLOB    NOT NULL
) STRICT;
CREATE INDEX pictures_kept ON pictures (kept_at);

-- What was attached to a job; sha256 is '' until the picture has been fetched.
CREATE TABLE inputs (
    job_id TEXT    NOT NULL REFERENCES jobs (id),
    n      INTEGER NOT NULL,
    name   TEXT    NOT NULL,
    url    TEXT    NOT NULL,
    sha256 TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (job_id, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX inputs_sha256 ON inputs (sha256) WHERE sha256 <> '';

-- Credits. A rule limits one subject: 'everyone', 'role:ID', 'member:ID', 'channel:ID' or 'pot'; NULL is unlimited.
CREATE TABLE rules (
    guild_id  INTEGER NOT NULL,
    subject   TEXT    NOT NULL,
    period    TEXT    NOT NULL CHECK (period IN ('day', 'week', 'month')),
    credits   INTEGER CHECK (credits >= 0),
    in_flight INTEGER,
    models    TEXT,
    longest   INTEGER,
    PRIMARY KEY (guild_id, subject, period)
) STRICT, WITHOUT ROWID;

-- What was spent in a window, keyed by the local date (d:2026-11-23#0, w:2026-W48#0, m:2026-11#0; u: is the operator's
-- day in UTC): never by rule, so that a changed rule finds what was spent before it.
CREATE TABLE counters (
    guild_id INTEGER NOT NULL,
    subject  TEXT    NOT NULL,                 -- member:ID, channel:ID, server
    win      TEXT    NOT NULL,
    spent    INTEGER NOT NULL CHECK (spent >= 0),
    PRIMARY KEY (guild_id, subject, win)
) STRICT, WITHOUT ROWID;

-- A reset starts a new epoch of a subject's counters.
CREATE TABLE epochs (
    guild_id INTEGER NOT NULL,
    subject  TEXT    NOT NULL,
    epoch    INTEGER NOT NULL,
    PRIMARY KEY (guild_id, subject)
) STRICT, WITHOUT ROWID;

CREATE TABLE grants (
    id         INTEGER PRIMARY KEY,
    guild_id   INTEGER NOT NULL,
    member_id  INTEGER NOT NULL,
    amount     INTEGER NOT NULL CHECK (amount > 0),
    used       INTEGER NOT NULL DEFAULT 0 CHECK (used BETWEEN 0 AND amount),
    reason     TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    ends_at    INTEGER
) STRICT;
CREATE INDEX grants_member ON grants (guild_id, member_id) WHERE used < amount;

-- One row for each change of credits, and none is ever changed: `source` is 'window' or 'grant:ID', `windows` names the
-- counters that a hold raised, as JSON [[subject, window, amount], …], so that its end lowers exactly these.
CREATE TABLE ledger (
    id        INTEGER PRIMARY KEY,
    guild_id  INTEGER NOT NULL,
    member_id INTEGER NOT NULL,
    job_id    TEXT    REFERENCES jobs (id),
    kind      TEXT    NOT NULL CHECK (kind IN ('hold', 'capture', 'release', 'refund', 'grant', 'adjust')),
    source    TEXT    NOT NULL,
    amount    INTEGER NOT NULL CHECK (amount >= 0),
    windows   TEXT    NOT NULL DEFAULT '[]',
    at        INTEGER NOT NULL,
    reason    TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX ledger_hold   ON ledger (job_id, source) WHERE kind = 'hold';
CREATE UNIQUE INDEX ledger_end    ON ledger (job_id, source) WHERE kind IN ('capture', 'release');
CREATE UNIQUE INDEX ledger_refund ON ledger (job_id, source) WHERE kind = 'refund';
CREATE INDEX ledger_member ON ledger (guild_id, member_id, at);

-- Small things learned while running, each with its end: upload limits of servers, places that refused us.
CREATE TABLE remembered (
    key   TEXT    PRIMARY KEY,                 -- limit:SERVER, refused:CHANNEL
    value INTEGER NOT NULL,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Open breakers: 'account:PROVIDER' or 'model:KEY'. While a row stands, nothing is sent but one trial.
CREATE TABLE breakers (
    subject   TEXT    PRIMARY KEY,
    reason    TEXT    NOT NULL,
    opened_at INTEGER NOT NULL,
    trial_at  INTEGER NOT NULL,
    trials    INTEGER NOT NULL DEFAULT 0,
    told_at   INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
