-- What moved an account besides fills and funding: what it held when first seen, what was paid in or out, and what an
-- operator took as it was. Cash in micro-dollars, sizes in signed lots.
CREATE TABLE bookings (
  seq     INTEGER PRIMARY KEY,
  account TEXT NOT NULL,
  bot     TEXT NOT NULL,
  key     TEXT NOT NULL,
  time_ms INTEGER NOT NULL,
  kind    TEXT NOT NULL CHECK (kind IN ('opening', 'transfer', 'acknowledged')),
  usd     INTEGER NOT NULL,
  coin    TEXT,
  szi     INTEGER NOT NULL,
  words   TEXT NOT NULL,
  CHECK (coin IS NOT NULL OR szi = 0),
  UNIQUE (account, key)
) STRICT;

-- A ledger from before: the bot began with its equity and without a position, and every fill counts.
INSERT INTO bookings (account, bot, key, time_ms, kind, usd, coin, szi, words)
SELECT f.account, b.bot, 'opening', 0, 'opening', b.equity_start, NULL, 0, 'equity at the first start'
FROM bots b JOIN (SELECT DISTINCT account, bot FROM fills) f ON f.bot = b.bot
WHERE b.equity_start IS NOT NULL;

-- Differences to the venue that stand: coin '' is cash.
CREATE TABLE differences (
  bot      TEXT NOT NULL,
  coin     TEXT NOT NULL,
  amount   INTEGER NOT NULL CHECK (amount <> 0),
  since_ms INTEGER NOT NULL,
  PRIMARY KEY (bot, coin)
) STRICT, WITHOUT ROWID;

CREATE VIEW bookings_readable AS
SELECT k.seq, k.bot, strftime('%Y-%m-%dT%H:%M:%fZ', k.time_ms / 1000.0, 'unixepoch') AS time,
       k.kind, k.usd / 1e6 AS usd, k.coin, k.szi * 1.0 / c.lots_per_coin AS sz, k.words
FROM bookings k LEFT JOIN coins c ON c.coin = k.coin
ORDER BY k.time_ms, k.seq;
