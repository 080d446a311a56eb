-- The newest account that showed a difference at its amount: what is acknowledged holds as of then.
ALTER TABLE differences ADD COLUMN seen_ms INTEGER NOT NULL DEFAULT 0;
UPDATE differences SET seen_ms = since_ms;
