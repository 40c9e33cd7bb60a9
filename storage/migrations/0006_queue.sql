-- How long jobs wait, by a clock that runs only while films can be sent: no row of the queue is rewritten as it goes on.
-- Row 0 is that clock in milliseconds; the row of a server is how much of it passed while that server was paused.
CREATE TABLE queue_clock (
    guild_id INTEGER PRIMARY KEY,
    ms       INTEGER NOT NULL
) STRICT;
INSERT INTO queue_clock VALUES (0, 0);

-- What the server's clock showed when the job began to wait.
ALTER TABLE jobs RENAME COLUMN waited_ms TO waits_from;
UPDATE jobs SET waits_from = -waits_from WHERE waits_from <> 0;

-- What the queue is asked whenever something happens: which jobs are held back, and which still want their pictures.
CREATE INDEX jobs_held       ON jobs (not_before) WHERE state = 'queued' AND not_before > 0;
CREATE INDEX jobs_unprepared ON jobs (created_at) WHERE prepared_at = 0 AND state IN ('queued', 'awaiting');
