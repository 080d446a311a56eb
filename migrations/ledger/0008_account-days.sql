-- What fills and funding moved on an account in each UTC day: cash in micro-dollars, sizes in signed lots. The books of an account
-- add up days and not its fills of years. Triggers keep the sums in the transaction of the fill, also of one that is told late.
CREATE TABLE account_days (
  account TEXT NOT NULL,
  day     INTEGER NOT NULL,
  coin    TEXT NOT NULL,
  usd     INTEGER NOT NULL,
  szi     INTEGER NOT NULL,
  PRIMARY KEY (account, coin, day)
) STRICT, WITHOUT ROWID;
-- Of the days a span begins and ends in, the fills and payments themselves are read.
CREATE INDEX fills_time ON fills (account, time_ms);
CREATE INDEX funding_time ON funding (account, time_ms);

INSERT INTO account_days (account, day, coin, usd, szi)
SELECT account, day, coin, sum(usd), sum(szi) FROM (
  SELECT account, time_ms / 86400000 AS day, coin,
         CASE side WHEN 'sell' THEN px * sz ELSE -px * sz END - fee AS usd, CASE side WHEN 'buy' THEN sz ELSE -sz END AS szi
  FROM fills
  UNION ALL
  SELECT account, time_ms / 86400000, coin, usd, 0 FROM funding
) GROUP BY account, day, coin;

CREATE TRIGGER fill_in_its_day AFTER INSERT ON fills BEGIN
  INSERT INTO account_days (account, day, coin, usd, szi)
  VALUES (NEW.account, NEW.time_ms / 86400000, NEW.coin,
          CASE NEW.side WHEN 'sell' THEN NEW.px * NEW.sz ELSE -NEW.px * NEW.sz END - NEW.fee,
          CASE NEW.side WHEN 'buy' THEN NEW.sz ELSE -NEW.sz END)
  ON CONFLICT (account, day, coin) DO UPDATE SET usd = usd + excluded.usd, szi = szi + excluded.szi;
END;

CREATE TRIGGER funding_in_its_day AFTER INSERT ON funding BEGIN
  INSERT INTO account_days (account, day, coin, usd, szi) VALUES (NEW.account, NEW.time_ms / 86400000, NEW.coin, NEW.usd, 0)
  ON CONFLICT (account, day, coin) DO UPDATE SET usd = usd + excluded.usd;
END;
