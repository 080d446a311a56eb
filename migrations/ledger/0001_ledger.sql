-- The ledger: the fleet's own memory, and the truth. Money is whole micro-dollars, prices whole ticks, sizes whole lots;
-- the *_readable views at the end show them as decimals. Times are ms since the epoch in market time.

CREATE TABLE ledger (
  one        INTEGER PRIMARY KEY CHECK (one = 1),
  ledger_id  TEXT NOT NULL
) STRICT;

-- What it takes to read ticks and lots: 10^sz_decimals lots a coin, 10^(6 - sz_decimals) ticks a dollar.
CREATE TABLE coins (
  coin             TEXT PRIMARY KEY,
  sz_decimals      INTEGER NOT NULL CHECK (sz_decimals BETWEEN 0 AND 6),
  lots_per_coin    INTEGER NOT NULL,
  ticks_per_dollar INTEGER NOT NULL
) STRICT;

CREATE TABLE trades (
  seq               INTEGER PRIMARY KEY,
  trade_id          TEXT NOT NULL UNIQUE,
  bot               TEXT NOT NULL,
  coin              TEXT NOT NULL,
  kind              TEXT NOT NULL CHECK (kind IN ('entry', 'exit')),
  direction         TEXT CHECK (direction IN ('long', 'short')),
  phase             TEXT NOT NULL CHECK (phase IN ('claimed', 'entering', 'open', 'settled', 'refused')),
  version           INTEGER NOT NULL CHECK (version >= 0),
  -- Which row of the signals database it came from. The row id alone is no identity: other tools reset the counter.
  database_id       TEXT NOT NULL,
  row_id            INTEGER NOT NULL,
  row_created_at    TEXT NOT NULL,
  row_digest        TEXT NOT NULL,
  claimed_at_ms     INTEGER NOT NULL,
  plan              TEXT CHECK (plan IS NULL OR json_valid(plan)),
  exit_claimed_by   TEXT,
  remainder_reason  TEXT,
  breakeven         TEXT NOT NULL CHECK (breakeven IN ('none', 'due', 'done', 'closing', 'skipped')),
  breakeven_at_ms   INTEGER,
  ladder            TEXT CHECK (ladder IS NULL OR json_valid(ladder)),
  status            TEXT NOT NULL
    CHECK (status IN ('pending', 'processing', 'sent', 'filled', 'closed', 'executed', 'no_op', 'expired', 'failed')),
  reason            TEXT,
  notes             TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(notes)),
  settled_at_ms     INTEGER,
  -- The claimed row as it was, JSON. It is never read from the signals database again.
  signal_row        TEXT NOT NULL CHECK (json_valid(signal_row)),
  -- The version the row in the signals database shows; -1 when it shows none.
  projected_version INTEGER NOT NULL DEFAULT -1,
  UNIQUE (bot, database_id, row_id, row_created_at, row_digest)
) STRICT;
CREATE INDEX trades_active ON trades (bot, claimed_at_ms, seq) WHERE phase NOT IN ('settled', 'refused');
CREATE INDEX trades_unprojected ON trades (bot, claimed_at_ms, seq) WHERE projected_version < version;
CREATE INDEX trades_coin ON trades (bot, coin, seq);

CREATE TABLE orders (
  seq              INTEGER PRIMARY KEY,
  cloid            TEXT NOT NULL UNIQUE,
  trade_id         TEXT NOT NULL REFERENCES trades (trade_id),
  bot              TEXT NOT NULL,
  coin             TEXT NOT NULL,
  role             TEXT NOT NULL
    CHECK (role IN ('entry', 'stop', 'own-stop', 'tp1', 'tp2', 'tp3', 'tp4', 'tp5', 'breakeven', 'close')),
  attempt          INTEGER NOT NULL,
  side             TEXT NOT NULL CHECK (side IN ('buy', 'sell')),
  px               INTEGER NOT NULL,
  sz               INTEGER NOT NULL CHECK (sz > 0),
  reduce_only      INTEGER NOT NULL CHECK (reduce_only IN (0, 1)),
  order_type       TEXT NOT NULL CHECK (order_type IN ('limit', 'stop-market')),
  tif              TEXT CHECK (tif IN ('gtc', 'ioc', 'alo')),
  trigger_px       INTEGER,
  grouping         TEXT NOT NULL CHECK (grouping IN ('na', 'normalTpsl')),
  state            TEXT NOT NULL
    CHECK (state IN ('intent', 'waiting', 'resting', 'triggered', 'filled', 'canceled', 'rejected', 'unknown', 'dead')),
  oid              INTEGER,
  filled_sz        INTEGER NOT NULL CHECK (filled_sz >= 0),
  nonce            INTEGER NOT NULL,
  expires_after_ms INTEGER NOT NULL,
  recorded_at_ms   INTEGER NOT NULL,
  reason           TEXT,
  cancel_asked     INTEGER NOT NULL CHECK (cancel_asked IN (0, 1)),
  CHECK ((order_type = 'limit') = (tif IS NOT NULL)),
  CHECK ((order_type = 'stop-market') = (trigger_px IS NOT NULL)),
  UNIQUE (trade_id, role, attempt)
) STRICT;
CREATE INDEX orders_live ON orders (bot, seq) WHERE state IN ('intent', 'waiting', 'resting', 'triggered', 'unknown');
CREATE INDEX orders_oid ON orders (bot, oid) WHERE oid IS NOT NULL;
CREATE INDEX orders_nonce ON orders (bot, nonce);

CREATE TABLE fills (
  seq            INTEGER PRIMARY KEY,
  account        TEXT NOT NULL,
  bot            TEXT NOT NULL,
  coin           TEXT NOT NULL,
  time_ms        INTEGER NOT NULL,
  tid            INTEGER NOT NULL,
  oid            INTEGER NOT NULL,
  cloid          TEXT,
  side           TEXT NOT NULL CHECK (side IN ('buy', 'sell')),
  px             INTEGER NOT NULL,
  sz             INTEGER NOT NULL CHECK (sz > 0),
  fee            INTEGER NOT NULL,
  closed_pnl     INTEGER NOT NULL,
  start_position INTEGER NOT NULL,
  dir            TEXT NOT NULL,
  crossed        INTEGER NOT NULL CHECK (crossed IN (0, 1)),
  liquidation    INTEGER NOT NULL CHECK (liquidation IN (0, 1)),
  -- Null while no order of ours explains the fill.
  trade_id       TEXT REFERENCES trades (trade_id),
  role           TEXT,
  -- tid alone is a hash that may repeat (PROTOCOL §7).
  UNIQUE (account, coin, time_ms, tid)
) STRICT;
CREATE INDEX fills_trade ON fills (trade_id, seq) WHERE trade_id IS NOT NULL;
CREATE INDEX fills_unexplained ON fills (bot, oid) WHERE trade_id IS NULL;
CREATE INDEX fills_bot ON fills (bot, coin, time_ms);

CREATE TABLE funding (
  seq      INTEGER PRIMARY KEY,
  account  TEXT NOT NULL,
  bot      TEXT NOT NULL,
  coin     TEXT NOT NULL,
  time_ms  INTEGER NOT NULL,
  usd      INTEGER NOT NULL,
  szi      INTEGER NOT NULL,
  trade_id TEXT REFERENCES trades (trade_id),
  UNIQUE (account, coin, time_ms)
) STRICT;
CREATE INDEX funding_trade ON funding (trade_id) WHERE trade_id IS NOT NULL;
CREATE INDEX funding_unexplained ON funding (bot, coin, time_ms) WHERE trade_id IS NULL;

CREATE TABLE watermarks (
  account  TEXT PRIMARY KEY,
  fills_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE bots (
  bot           TEXT PRIMARY KEY,
  paused        INTEGER NOT NULL CHECK (paused IN (0, 1)),
  trading_state TEXT NOT NULL CHECK (trading_state IN ('active', 'reducing', 'halted')),
  reason        TEXT,
  equity_start  INTEGER
) STRICT;

CREATE TABLE control_outcomes (
  control_key TEXT NOT NULL,
  bot         TEXT NOT NULL,
  outcome     TEXT NOT NULL,
  at_ms       INTEGER NOT NULL,
  PRIMARY KEY (control_key, bot)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  bot      TEXT NOT NULL,
  trade_id TEXT,
  at_ms    INTEGER NOT NULL,
  event    TEXT NOT NULL,
  detail   TEXT NOT NULL CHECK (json_valid(detail))
) STRICT;
CREATE INDEX events_trade ON events (trade_id, id) WHERE trade_id IS NOT NULL;

-- How wall time and market time ran beside each other, one row a run.
CREATE TABLE clock_sessions (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  wall_start_ms   INTEGER NOT NULL,
  market_start_ms INTEGER NOT NULL,
  speed           REAL NOT NULL CHECK (speed > 0),
  wall_last_ms    INTEGER NOT NULL,
  market_last_ms  INTEGER NOT NULL
) STRICT;

CREATE VIEW fills_readable AS
SELECT f.seq, f.bot, f.coin,
       strftime('%Y-%m-%dT%H:%M:%fZ', f.time_ms / 1000.0, 'unixepoch') AS time,
       f.role, f.side, f.dir,
       f.px * 1.0 / c.ticks_per_dollar AS px,
       f.sz * 1.0 / c.lots_per_coin AS sz,
       f.fee / 1e6 AS fee_usd,
       f.closed_pnl / 1e6 AS closed_pnl_usd,
       f.crossed, f.liquidation, f.oid, f.tid, f.cloid,
       f.trade_id, t.row_id AS signal_id
FROM fills f
LEFT JOIN coins c ON c.coin = f.coin
LEFT JOIN trades t ON t.trade_id = f.trade_id
ORDER BY f.time_ms, f.seq;

CREATE VIEW orders_readable AS
SELECT o.seq, o.bot, o.coin, o.role, o.attempt, o.side, o.order_type, o.tif,
       o.px * 1.0 / c.ticks_per_dollar AS px,
       o.trigger_px * 1.0 / c.ticks_per_dollar AS trigger_px,
       o.sz * 1.0 / c.lots_per_coin AS sz,
       o.filled_sz * 1.0 / c.lots_per_coin AS filled_sz,
       o.reduce_only, o.state, o.reason, o.oid, o.cloid,
       strftime('%Y-%m-%dT%H:%M:%fZ', o.recorded_at_ms / 1000.0, 'unixepoch') AS recorded_at,
       o.trade_id, t.row_id AS signal_id
FROM orders o
JOIN trades t ON t.trade_id = o.trade_id
LEFT JOIN coins c ON c.coin = o.coin
ORDER BY o.seq;

-- net_pnl_usd is cash: what was sold less what was bought, less fees, plus funding. Of an open trade it leaves out
-- the worth of what is still held.
CREATE VIEW trades_readable AS
WITH sums AS (
  SELECT trade_id,
         sum(CASE WHEN role = 'entry' THEN sz ELSE 0 END) AS entry_sz,
         sum(CASE WHEN role = 'entry' THEN px * sz ELSE 0 END) AS entry_cost,
         sum(CASE WHEN role = 'entry' THEN 0 ELSE sz END) AS exit_sz,
         sum(CASE WHEN role = 'entry' THEN 0 ELSE px * sz END) AS exit_cost,
         sum(fee) AS fees,
         sum(closed_pnl) AS closed_pnl,
         sum(CASE side WHEN 'sell' THEN px * sz ELSE -px * sz END) AS cash
  FROM fills WHERE trade_id IS NOT NULL GROUP BY trade_id
), carried AS (
  SELECT trade_id, sum(usd) AS funding FROM funding WHERE trade_id IS NOT NULL GROUP BY trade_id
)
SELECT t.row_id AS signal_id, t.bot, t.coin, t.kind, t.direction, t.phase, t.status, t.reason,
       s.entry_cost * 1.0 / s.entry_sz / c.ticks_per_dollar AS entry_px,
       s.entry_sz * 1.0 / c.lots_per_coin AS entry_sz,
       s.exit_cost * 1.0 / s.exit_sz / c.ticks_per_dollar AS exit_px,
       s.exit_sz * 1.0 / c.lots_per_coin AS exit_sz,
       s.closed_pnl / 1e6 AS closed_pnl_usd,
       s.fees / 1e6 AS fees_usd,
       coalesce(k.funding, 0) / 1e6 AS funding_usd,
       (s.cash - s.fees + coalesce(k.funding, 0)) / 1e6 AS net_pnl_usd,
       t.breakeven,
       strftime('%Y-%m-%dT%H:%M:%fZ', t.claimed_at_ms / 1000.0, 'unixepoch') AS claimed_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', t.settled_at_ms / 1000.0, 'unixepoch') AS settled_at,
       t.trade_id
FROM trades t
LEFT JOIN coins c ON c.coin = t.coin
LEFT JOIN sums s ON s.trade_id = t.trade_id
LEFT JOIN carried k ON k.trade_id = t.trade_id
ORDER BY t.seq;
