-- Films may be made after their time was over: their tasks are looked at for a while, 0 where that has ended.
UPDATE jobs SET next_look_at = 0 WHERE state = 'expired';
DROP INDEX jobs_due;
CREATE INDEX jobs_due ON jobs (next_look_at)
    WHERE state IN ('submitting', 'rendering') OR (state = 'expired' AND next_look_at > 0);
