-- The mark of the signals database as of which a row shows its trade; the largest integer where none does, as of all trades of before:
-- they are shown once more. A start compares it with the mark the file stands at, and shows again only what the file has lost.
ALTER TABLE trades ADD COLUMN shown_mark INTEGER NOT NULL DEFAULT 9223372036854775807;
CREATE INDEX trades_shown ON trades (bot, database_id, shown_mark);

-- A start looks for the newest exits of a bot, and must not wade through all its trades for them.
CREATE INDEX trades_exits ON trades (bot, claimed_at_ms, seq) WHERE kind = 'exit';
