-- Moderation: what a server's moderators decide, what they did, and what is posted for them.

-- A server whose moderators have decided something; the defaults are those of one where nobody has.
CREATE TABLE servers (
    guild_id         INTEGER PRIMARY KEY,
    timezone         TEXT    NOT NULL DEFAULT 'UTC',
    language         TEXT    NOT NULL DEFAULT '',
    log_channel_id   INTEGER NOT NULL DEFAULT 0,
    delivery         TEXT    NOT NULL DEFAULT 'thread' CHECK (delivery IN ('thread', 'member', 'channel')),
    confirm_above    INTEGER CHECK (confirm_above >= 0),
    approval_above   INTEGER CHECK (approval_above >= 0),
    approval_role_id INTEGER NOT NULL DEFAULT 0,
    transfers        INTEGER NOT NULL DEFAULT 0 CHECK (transfers IN (0, 1)),
    reuse            INTEGER NOT NULL DEFAULT 1 CHECK (reuse IN (0, 1)),
    offered_at       INTEGER NOT NULL DEFAULT 0,
    set_up_at        INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Roles whose members are moderators for all but money.
CREATE TABLE moderators (
    guild_id INTEGER NOT NULL,
    role_id  INTEGER NOT NULL,
    PRIMARY KEY (guild_id, role_id)
) STRICT, WITHOUT ROWID;

-- Where films may be asked for (allow, deny; a category or a parent counts for what is inside), and where each is hidden.
CREATE TABLE channel_lists (
    guild_id   INTEGER NOT NULL,
    channel_id INTEGER NOT NULL,
    kind       TEXT    NOT NULL CHECK (kind IN ('allow', 'deny', 'spoiler')),
    PRIMARY KEY (guild_id, channel_id, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE blocks (
    guild_id  INTEGER NOT NULL,
    member_id INTEGER NOT NULL,
    reason    TEXT    NOT NULL,
    until     INTEGER,                          -- NULL: until it is lifted
    by_id     INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    PRIMARY KEY (guild_id, member_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE word_rules (
    id       INTEGER PRIMARY KEY,
    guild_id INTEGER NOT NULL,
    kind     TEXT    NOT NULL CHECK (kind IN ('word', 'pattern')),
    text     TEXT    NOT NULL,
    by_id    INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    UNIQUE (guild_id, kind, text)
) STRICT;

-- What moderators did. Rows are written and never changed, not even by mistake.
CREATE TABLE audit (
    id        INTEGER PRIMARY KEY,
    guild_id  INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    actor_id  INTEGER NOT NULL,                 -- 0: the bot itself
    action    TEXT    NOT NULL,                 -- a key of the words' table
    member_id INTEGER NOT NULL DEFAULT 0,       -- whom it concerns, if anyone
    subject   TEXT    NOT NULL DEFAULT '',      -- what it concerns: a rule's subject, a channel, a job
    before    TEXT    NOT NULL DEFAULT '',      -- JSON, as the action's words need it
    after     TEXT    NOT NULL DEFAULT '',
    reason    TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX audit_newest ON audit (guild_id, id);
CREATE INDEX audit_member ON audit (guild_id, member_id, id) WHERE member_id <> 0;
CREATE INDEX audit_actor  ON audit (guild_id, actor_id, id);
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'audit rows are never changed'); END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'audit rows are never deleted'); END;

-- Posts for moderators, on their way or standing: `drawn` 0 asks for it to be posted, or drawn anew where it stands.
CREATE TABLE notices (
    id          INTEGER PRIMARY KEY,
    guild_id    INTEGER NOT NULL,
    kind        TEXT    NOT NULL CHECK (kind IN ('audit', 'words', 'approval', 'report')),
    about       TEXT    NOT NULL,               -- audit: its row; words: JSON; approval: the job; report: its row
    created_at  INTEGER NOT NULL,
    drawn       INTEGER NOT NULL DEFAULT 0,     -- 0 to be drawn, 1 done, 2 nobody to be told
    tries       INTEGER NOT NULL DEFAULT 0,
    next_try_at INTEGER NOT NULL DEFAULT 0,
    channel_id  INTEGER NOT NULL DEFAULT 0,
    message_id  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX notices_due   ON notices (next_try_at) WHERE drawn = 0;
CREATE INDEX notices_about ON notices (kind, about) WHERE kind IN ('approval', 'report');

-- Generations that wait for a moderator's word, and what it was.
CREATE TABLE approvals (
    job_id     TEXT    PRIMARY KEY REFERENCES jobs (id),
    asked_at   INTEGER NOT NULL,
    verdict    TEXT    NOT NULL DEFAULT '' CHECK (verdict IN ('', 'approved', 'declined')),
    decided_by INTEGER NOT NULL DEFAULT 0,
    decided_at INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE reports (
    id          INTEGER PRIMARY KEY,
    guild_id    INTEGER NOT NULL,
    job_id      TEXT    NOT NULL REFERENCES jobs (id),
    reporter_id INTEGER NOT NULL,
    reason      TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    verdict     TEXT    NOT NULL DEFAULT '' CHECK (verdict IN ('', 'hidden', 'blocked', 'dismissed')),
    decided_by  INTEGER NOT NULL DEFAULT 0,
    decided_at  INTEGER NOT NULL DEFAULT 0,
    UNIQUE (job_id, reporter_id)
) STRICT;

ALTER TABLE grants ADD COLUMN by_id INTEGER NOT NULL DEFAULT 0;

-- What the server's rules and settings were when the job was admitted.
ALTER TABLE jobs ADD COLUMN member_most INTEGER NOT NULL DEFAULT 0;      -- in flight for its member; 0: the operator's
ALTER TABLE jobs ADD COLUMN delivery    TEXT    NOT NULL DEFAULT 'thread';
ALTER TABLE jobs ADD COLUMN restricted  INTEGER NOT NULL DEFAULT 0;      -- asked for in an age-restricted place
ALTER TABLE jobs ADD COLUMN hidden      INTEGER NOT NULL DEFAULT 0;      -- taken away by a moderator
ALTER TABLE jobs ADD COLUMN blocked     INTEGER NOT NULL DEFAULT 0;      -- its member was blocked while it was made
CREATE INDEX jobs_awaiting ON jobs (created_at) WHERE state = 'awaiting';
CREATE INDEX jobs_recent   ON jobs (guild_id, created_at);
