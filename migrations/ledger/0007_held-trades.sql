-- Until when a trade may have held something, kept with its fills: whoever looks for the holder of a moment passes over all trades
-- that were flat for good before it. A trigger writes it in the transaction of the fill, also of one that is told late.

-- Lots a trade's entry bought less all that others of its fills took off, and the time of its newest fill: after that time a
-- trade holds something only while lots are left.
ALTER TABLE trades ADD COLUMN open_sz INTEGER NOT NULL DEFAULT 0;
ALTER TABLE trades ADD COLUMN last_fill_ms INTEGER;
ALTER TABLE trades ADD COLUMN held_until_ms INTEGER
  GENERATED ALWAYS AS (CASE WHEN open_sz > 0 THEN 9223372036854775807 ELSE last_fill_ms END) VIRTUAL;

UPDATE trades SET open_sz = s.open_sz, last_fill_ms = s.last_fill_ms
FROM (SELECT trade_id, sum(CASE WHEN role = 'entry' THEN sz ELSE -coalesce(trade_sz, sz) END) AS open_sz, max(time_ms) AS last_fill_ms
      FROM fills WHERE trade_id IS NOT NULL GROUP BY trade_id) s
WHERE s.trade_id = trades.trade_id;
CREATE INDEX trades_held ON trades (bot, coin, held_until_ms);

CREATE TRIGGER fill_of_a_trade AFTER INSERT ON fills WHEN NEW.trade_id IS NOT NULL BEGIN
  UPDATE trades
  SET open_sz = open_sz + CASE WHEN NEW.role = 'entry' THEN NEW.sz ELSE -coalesce(NEW.trade_sz, NEW.sz) END,
      last_fill_ms = max(coalesce(last_fill_ms, NEW.time_ms), NEW.time_ms)
  WHERE trade_id = NEW.trade_id;
END;

CREATE TRIGGER fill_given_to_a_trade AFTER UPDATE OF trade_id ON fills WHEN OLD.trade_id IS NULL AND NEW.trade_id IS NOT NULL BEGIN
  UPDATE trades
  SET open_sz = open_sz + CASE WHEN NEW.role = 'entry' THEN NEW.sz ELSE -coalesce(NEW.trade_sz, NEW.sz) END,
      last_fill_ms = max(coalesce(last_fill_ms, NEW.time_ms), NEW.time_ms)
  WHERE trade_id = NEW.trade_id;
END;
