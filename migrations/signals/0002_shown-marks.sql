-- Ours. How often each ledger has written here to show trades of a bot. Commits survive as a prefix: a file that has lost its newest
-- ones, or was set back to a backup, stands at a lower mark than the ledger knows, and what was shown above it is shown again.
CREATE TABLE IF NOT EXISTS hyperfleet_shown (
  ledger_id TEXT NOT NULL,
  bot       TEXT NOT NULL,
  mark      INTEGER NOT NULL,
  PRIMARY KEY (ledger_id, bot)
);
