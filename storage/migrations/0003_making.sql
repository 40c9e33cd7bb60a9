-- Making films together: what a film was made from, what its author allows, drafts, and films joined from others.

ALTER TABLE jobs ADD COLUMN parent_id  TEXT    NOT NULL DEFAULT '';  -- the generation that it began from
ALTER TABLE jobs ADD COLUMN action     TEXT    NOT NULL DEFAULT '';  -- how: again, edit, continue, retry; '' for none
ALTER TABLE jobs ADD COLUMN continues  TEXT    NOT NULL DEFAULT '';  -- the generation whose last frame it begins with
ALTER TABLE jobs ADD COLUMN credit     INTEGER NOT NULL DEFAULT 0;   -- the parent's author, where that is another member
ALTER TABLE jobs ADD COLUMN reserved   INTEGER NOT NULL DEFAULT 0 CHECK (reserved IN (0, 1)); -- nobody else may build on it
ALTER TABLE jobs ADD COLUMN deleted_at INTEGER NOT NULL DEFAULT 0;   -- the message goes, the ledger stays

-- A right-click names a message: the film's, or its card.
CREATE INDEX jobs_message ON jobs (message_id)      WHERE message_id > 0;
CREATE INDEX jobs_card    ON jobs (card_message_id) WHERE card_message_id > 0;
-- Deleted films whose messages are still to be removed.
CREATE INDEX jobs_removal ON jobs (deleted_at)      WHERE deleted_at > 0 AND message_id > 0;

-- The stored picture that an input is made from: as it was before it was cropped to a model's pixels, or another job's.
ALTER TABLE inputs ADD COLUMN source TEXT NOT NULL DEFAULT '';
CREATE INDEX inputs_source ON inputs (source) WHERE source <> '';

-- What a member wanted and could not have (yet), kept for a day behind the button on the refusal.
CREATE TABLE drafts (
    id         TEXT    PRIMARY KEY,
    author_id  INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    wish       TEXT    NOT NULL,                -- JSON
    reason     TEXT    NOT NULL DEFAULT '',     -- why it was refused: a key of the words' table, and its values as JSON
    detail     TEXT    NOT NULL DEFAULT '{}'
) STRICT, WITHOUT ROWID;
CREATE INDEX drafts_age ON drafts (created_at);

-- One film made of a chain of films: which, and the message that shows it.
CREATE TABLE joins (
    job_id     TEXT    PRIMARY KEY REFERENCES jobs (id), -- the last film of the chain
    parts      TEXT    NOT NULL,                -- JSON: the generations' ids, the first one first
    author_id  INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    place_id   INTEGER NOT NULL,
    message_id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
