-- What is asked often must not take longer with every trade, fill and booking of the past.

-- The mark of the signals database as of which a row shows its trade; the largest integer where none does, as of all trades of before:
-- they are shown once more. A start compares it with the mark the file stands at, and shows again only what the file has lost.
ALTER TABLE trades ADD COLUMN shown_mark INTEGER NOT NULL DEFAULT 9223372036854775807;
CREATE INDEX trades_shown ON trades (bot, database_id, shown_mark);

-- A start looks for the newest exits of a bot, and must not wade through all its trades for them.
CREATE INDEX trades_exits ON trades (bot, claimed_at_ms, seq) WHERE kind = 'exit';

-- As account_days, by the hour: of the days a span begins and ends in, the books add up hours and not every fill.
CREATE TABLE account_hours (
  account TEXT NOT NULL,
  hour    INTEGER NOT NULL,
  coin    TEXT NOT NULL,
  usd     INTEGER NOT NULL,
  szi     INTEGER NOT NULL,
  PRIMARY KEY (account, hour, coin)
) STRICT, WITHOUT ROWID;

INSERT INTO account_hours (account, hour, coin, usd, szi)
SELECT account, hour, coin, sum(usd), sum(szi) FROM (
  SELECT account, time_ms / 3600000 AS hour, coin,
         CASE side WHEN 'sell' THEN px * sz ELSE -px * sz END - fee AS usd, CASE side WHEN 'buy' THEN sz ELSE -sz END AS szi
  FROM fills
  UNION ALL
  SELECT account, time_ms / 3600000, coin, usd, 0 FROM funding
) GROUP BY account, hour, coin;

CREATE TRIGGER fill_in_its_hour AFTER INSERT ON fills BEGIN
  INSERT INTO account_hours (account, hour, coin, usd, szi)
  VALUES (NEW.account, NEW.time_ms / 3600000, NEW.coin,
          CASE NEW.side WHEN 'sell' THEN NEW.px * NEW.sz ELSE -NEW.px * NEW.sz END - NEW.fee,
          CASE NEW.side WHEN 'buy' THEN NEW.sz ELSE -NEW.sz END)
  ON CONFLICT (account, hour, coin) DO UPDATE SET usd = usd + excluded.usd, szi = szi + excluded.szi;
END;

CREATE TRIGGER funding_in_its_hour AFTER INSERT ON funding BEGIN
  INSERT INTO account_hours (account, hour, coin, usd, szi) VALUES (NEW.account, NEW.time_ms / 3600000, NEW.coin, NEW.usd, 0)
  ON CONFLICT (account, hour, coin) DO UPDATE SET usd = usd + excluded.usd;
END;

-- What was booked on an account in each UTC day; coin '' is cash.
CREATE TABLE booking_days (
  account TEXT NOT NULL,
  day     INTEGER NOT NULL,
  coin    TEXT NOT NULL,
  usd     INTEGER NOT NULL,
  szi     INTEGER NOT NULL,
  PRIMARY KEY (account, coin, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX bookings_time ON bookings (account, time_ms);
CREATE INDEX bookings_opening ON bookings (account) WHERE kind = 'opening';
CREATE INDEX bookings_acknowledged ON bookings (account, coin, time_ms) WHERE kind = 'acknowledged';

INSERT INTO booking_days (account, day, coin, usd, szi)
SELECT account, time_ms / 86400000, coalesce(coin, ''), sum(usd), sum(szi) FROM bookings GROUP BY 1, 2, 3;

CREATE TRIGGER booking_in_its_day AFTER INSERT ON bookings BEGIN
  INSERT INTO booking_days (account, day, coin, usd, szi) VALUES (NEW.account, NEW.time_ms / 86400000, coalesce(NEW.coin, ''), NEW.usd, NEW.szi)
  ON CONFLICT (account, coin, day) DO UPDATE SET usd = usd + excluded.usd, szi = szi + excluded.szi;
END;
