-- Usage: what a server or a member spent in a range of days is read from an index alone, and the ledger by time.

-- Entered once, when a job has ended: admitting one costs nothing more.
CREATE INDEX jobs_spent ON jobs (guild_id, created_at, author_id, label, state, refunded, price)
    WHERE state IN ('ready', 'failed', 'expired', 'cancelled');
CREATE INDEX ledger_at  ON ledger (guild_id, at);
-- What a member or a server has under way, however much came before it.
CREATE INDEX jobs_active ON jobs (guild_id, author_id, created_at)
    WHERE state IN ('awaiting', 'queued', 'submitting', 'rendering');
