-- The signal queue as this fleet expects it. Other programs own this file too: nothing here drops, renames or rewrites.
-- A file that has these tables already is adopted: columns it lacks are added with the types and defaults written here.

CREATE TABLE IF NOT EXISTS signals (
  id                   INTEGER PRIMARY KEY AUTOINCREMENT,
  symbol               TEXT NOT NULL,
  direction            TEXT DEFAULT 'long',
  signal_type          TEXT DEFAULT 'setup',
  bot_name             TEXT,
  status               TEXT DEFAULT 'pending',
  created_at           TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  entry_1              REAL,
  entry_2              REAL,
  entry_3              REAL,
  target_1             REAL,
  target_2             REAL,
  target_3             REAL,
  target_4             REAL,
  target_5             REAL,
  stop_loss            REAL,
  leverage             INTEGER DEFAULT 1,
  confidence_score     REAL,
  notes                TEXT,
  raw_message          TEXT,
  provider             TEXT,
  source               TEXT,
  market_type          TEXT DEFAULT 'perp',
  pnl_percent          REAL,
  order_id_entry       INTEGER,
  order_id_sl          INTEGER,
  order_id_tp1         INTEGER,
  order_id_tp2         INTEGER,
  order_id_tp3         INTEGER,
  order_id_tp4         INTEGER,
  order_id_tp5         INTEGER,
  be_sl_order_id       INTEGER,
  entry_filled_at      TEXT,
  tp1_filled_at        TEXT,
  tp2_filled_at        TEXT,
  tp3_filled_at        TEXT,
  tp4_filled_at        TEXT,
  tp5_filled_at        TEXT,
  sl_moved_to_be       BOOLEAN DEFAULT 0,
  position_size_actual REAL,
  pnl_percent_actual   REAL
);

CREATE TABLE IF NOT EXISTS bot_controls (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  bot_id     TEXT,
  command    TEXT,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  executed   INTEGER DEFAULT 0
);

-- Ours. `database_id` is drawn when the file is first adopted; `schema_version` is the number of the newest migration.
CREATE TABLE IF NOT EXISTS hyperfleet_meta (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

-- Ours. The newest claim of each row: what identity the row had then, and what has been written back since.
CREATE TABLE IF NOT EXISTS hyperfleet_claims (
  row_id        INTEGER PRIMARY KEY,
  created_at    TEXT NOT NULL,
  row_digest    TEXT NOT NULL,
  shown_version INTEGER NOT NULL DEFAULT -1,
  noted         TEXT NOT NULL DEFAULT '[]'
);

CREATE INDEX IF NOT EXISTS idx_status_botname ON signals (status, bot_name);
CREATE INDEX IF NOT EXISTS idx_created_at ON signals (created_at);
CREATE INDEX IF NOT EXISTS idx_order_ids ON signals (order_id_tp1, order_id_tp2, order_id_tp3, order_id_tp4, order_id_tp5);
-- What a claim asks for: the oldest pending rows of one bot and one kind. Rows of other kinds stay pending for ever and
-- must not be waded through.
CREATE INDEX IF NOT EXISTS hyperfleet_pending
  ON signals (bot_name, lower(trim(signal_type, ' ' || char(9, 10, 13))), id) WHERE status = 'pending';
CREATE INDEX IF NOT EXISTS hyperfleet_controls ON bot_controls (id) WHERE executed IS NULL OR executed = 0;
