-- What a card says while its job waits, so that it is changed when that is no longer true, and only then.
-- '' (it was begun at once), 'waits:N' (N are in front of it), 'held' (the service takes no orders), 'made' (it is
-- being made now). Cards of jobs that wait during this migration count as '', and are set right by the first look.
ALTER TABLE jobs ADD COLUMN card_says     TEXT    NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN card_ready_at INTEGER NOT NULL DEFAULT 0; -- when it says that the film comes
ALTER TABLE jobs ADD COLUMN card_at       INTEGER NOT NULL DEFAULT 0; -- when it was last changed

-- The queue by who waits in it: places are counted from this alone.
CREATE INDEX jobs_turns ON jobs (provider, guild_id, author_id, created_at) WHERE state = 'queued';
-- Jobs that were sent, and whose cards still say that they wait.
CREATE INDEX jobs_unsaid ON jobs (sent_at) WHERE state IN ('submitting', 'rendering') AND card_says NOT IN ('', 'made');
-- Jobs whose answer to the command was never shown, or is not known to be.
CREATE INDEX jobs_cardless ON jobs (created_at) WHERE card_message_id = 0 AND private = 0
                                                  AND state IN ('awaiting', 'queued', 'submitting', 'rendering');
-- The last task that the API is known to have: a list of recent tasks is believed only where it shows that one.
CREATE INDEX jobs_sent ON jobs (provider, sent_at) WHERE task_id <> '';
