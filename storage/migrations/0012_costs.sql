-- What the API says that films cost, read beside what they were charged for: from an index that holds only these.
CREATE INDEX jobs_cost ON jobs (guild_id, created_at, label, currency, state, refunded, price, cost)
    WHERE cost IS NOT NULL AND state = 'ready' AND refunded = 0;
