-- What members keep: clips of characters, characters, presets, and their last choices.

-- Clips as they are sent (H.264 in MP4, no metadata), kept once each by the hash of their bytes.
CREATE TABLE clips (
    sha256  TEXT    PRIMARY KEY,
    width   INTEGER NOT NULL,
    height  INTEGER NOT NULL,
    ms      INTEGER NOT NULL,                  -- its length
    kept_at INTEGER NOT NULL,
    bytes   BLOB    NOT NULL
) STRICT;
CREATE INDEX clips_kept ON clips (kept_at);

-- The clip of a job: where it comes from, and its hash once it has been made ready ('' until then).
CREATE TABLE job_clips (
    job_id TEXT PRIMARY KEY REFERENCES jobs (id),
    clip   TEXT NOT NULL,                      -- JSON
    unit   TEXT NOT NULL CHECK (unit IN ('position', 'seconds')),
    sha256 TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
CREATE INDEX job_clips_sha256 ON job_clips (sha256) WHERE sha256 <> '';

-- Messages of ours that show a clip to the member who uses it: the API reads it from there when it cannot reach us.
CREATE TABLE clip_posts (
    sha256     TEXT    NOT NULL,
    member_id  INTEGER NOT NULL,
    channel_id INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    PRIMARY KEY (sha256, member_id)
) STRICT, WITHOUT ROWID;

-- Saved characters belong to a member, under a name that is theirs once; `folded` is how names are compared.
CREATE TABLE characters (
    id         INTEGER PRIMARY KEY,
    owner_id   INTEGER NOT NULL,
    name       TEXT    NOT NULL,
    folded     TEXT    NOT NULL,
    clip       TEXT    NOT NULL REFERENCES clips (sha256),
    still      BLOB    NOT NULL,               -- JPEG
    ms         INTEGER NOT NULL,
    private    INTEGER NOT NULL DEFAULT 0 CHECK (private IN (0, 1)), -- from a private film: never shared
    restricted INTEGER NOT NULL DEFAULT 0 CHECK (restricted IN (0, 1)), -- from an age-restricted place: stays in such
    created_at INTEGER NOT NULL,
    UNIQUE (owner_id, folded)
) STRICT;
CREATE INDEX characters_clip ON characters (clip);

CREATE TABLE character_shares (
    character_id INTEGER NOT NULL REFERENCES characters (id) ON DELETE CASCADE,
    guild_id     INTEGER NOT NULL,
    PRIMARY KEY (guild_id, character_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX character_shares_character ON character_shares (character_id);

-- Presets: a text and options under a name.
CREATE TABLE presets (
    id         INTEGER PRIMARY KEY,
    owner_id   INTEGER NOT NULL,
    name       TEXT    NOT NULL,
    folded     TEXT    NOT NULL,
    text       TEXT    NOT NULL DEFAULT '',
    options    TEXT    NOT NULL DEFAULT '{}',  -- JSON
    created_at INTEGER NOT NULL,
    UNIQUE (owner_id, folded)
) STRICT;

CREATE TABLE preset_shares (
    preset_id INTEGER NOT NULL REFERENCES presets (id) ON DELETE CASCADE,
    guild_id  INTEGER NOT NULL,
    PRIMARY KEY (guild_id, preset_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX preset_shares_preset ON preset_shares (preset_id);

-- The options that a member typed last in a server: the next command's defaults.
CREATE TABLE choices (
    guild_id  INTEGER NOT NULL,
    member_id INTEGER NOT NULL,
    options   TEXT    NOT NULL,                -- JSON
    PRIMARY KEY (guild_id, member_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX choices_member ON choices (member_id);

-- Members who asked for their words to be removed: what was not at its end then goes once it is.
CREATE TABLE erasures (
    member_id INTEGER PRIMARY KEY,
    asked_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX jobs_member ON jobs (author_id);
