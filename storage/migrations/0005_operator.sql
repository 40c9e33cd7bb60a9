-- What the operator's side keeps: pauses, and the troubles that the operator was told about.

-- A pause of one server, or of everything (guild_id 0): new commands are refused with its words, queued jobs wait.
CREATE TABLE pauses (
    guild_id INTEGER PRIMARY KEY,
    words    TEXT    NOT NULL,
    by_id    INTEGER NOT NULL,                 -- the user who paused
    at       INTEGER NOT NULL
) STRICT;

-- Troubles that the operator was told about: a row stands until the trouble has been over for a while, so that neither
-- a restart nor a trouble that comes and goes tells it again.
CREATE TABLE alerts (
    key     TEXT    PRIMARY KEY,               -- breaker:SUBJECT, failures, undelivered, disk, balance
    told_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL                   -- when it was the case last
) STRICT, WITHOUT ROWID;

-- Films that were not made, for the question how many there were lately.
CREATE INDEX jobs_unmade ON jobs (ended_at) WHERE state IN ('failed', 'expired');
