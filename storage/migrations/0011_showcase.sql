-- The showcase: stars that members give, and the films that were shown for them.

ALTER TABLE servers ADD COLUMN showcase_channel_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE servers ADD COLUMN showcase_stars      INTEGER NOT NULL DEFAULT 3 CHECK (showcase_stars > 0);
ALTER TABLE servers ADD COLUMN digest              INTEGER NOT NULL DEFAULT 0 CHECK (digest IN (0, 1));
ALTER TABLE servers ADD COLUMN digest_week         TEXT    NOT NULL DEFAULT '';  -- the last week that was looked back on

CREATE TABLE stars (
    job_id    TEXT    NOT NULL REFERENCES jobs (id),
    member_id INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    PRIMARY KEY (job_id, member_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX stars_at ON stars (at);

-- A film is shown once: `wanted` 1 asks for it to be shown or left standing, 0 for it to be taken down.
CREATE TABLE showcases (
    job_id      TEXT    PRIMARY KEY REFERENCES jobs (id),
    guild_id    INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    wanted      INTEGER NOT NULL DEFAULT 1,
    done        INTEGER NOT NULL DEFAULT 0,
    tries       INTEGER NOT NULL DEFAULT 0,
    next_try_at INTEGER NOT NULL DEFAULT 0,
    channel_id  INTEGER NOT NULL DEFAULT 0,
    message_id  INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX showcases_due ON showcases (next_try_at) WHERE done = 0;

-- Members who want none of their films shown there.
CREATE TABLE unshown_members (
    guild_id  INTEGER NOT NULL,
    member_id INTEGER NOT NULL,
    PRIMARY KEY (guild_id, member_id)
) STRICT, WITHOUT ROWID;
