-- The generation that a character was taken from ('' for a clip): where a moderator takes that away, nobody uses it.
ALTER TABLE characters ADD COLUMN film TEXT NOT NULL DEFAULT '';
