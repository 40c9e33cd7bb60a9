-- The language of the server in which a job was asked for: its public card and its film are in it, whoever asked.
-- '' in rows that are older than this column, which are told in English as they were begun.
ALTER TABLE jobs ADD COLUMN server_locale TEXT NOT NULL DEFAULT '';

-- What Discord says that a server speaks, as it was heard with the last command there.
ALTER TABLE servers ADD COLUMN guild_locale TEXT NOT NULL DEFAULT '';
