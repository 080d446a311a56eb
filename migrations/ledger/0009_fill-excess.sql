-- Of a fill of its own order a trade may have less than all: what its orders closed beyond what it held was others'. `trade_sz` and its
-- neighbours say how much is the trade's, as they do of fills that no order explains.
CREATE TRIGGER fill_left_in_part AFTER UPDATE OF trade_sz ON fills WHEN OLD.trade_id IS NOT NULL AND NEW.trade_id = OLD.trade_id BEGIN
  UPDATE trades
  SET open_sz = open_sz + CASE WHEN NEW.role = 'entry' THEN 0 ELSE coalesce(OLD.trade_sz, OLD.sz) - coalesce(NEW.trade_sz, NEW.sz) END
  WHERE trade_id = NEW.trade_id;
END;

-- The sums of a trade are of its parts of fills.
DROP VIEW trades_readable;
-- net_pnl_usd is cash: what was sold less what was bought, less fees, plus funding. Of an open trade it leaves out
-- the worth of what is still held.
CREATE VIEW trades_readable AS
WITH parts AS (
  SELECT trade_id, role, side, px, coalesce(trade_sz, sz) AS sz, coalesce(trade_fee, fee) AS fee, coalesce(trade_pnl, closed_pnl) AS closed_pnl
  FROM fills WHERE trade_id IS NOT NULL
), sums AS (
  SELECT trade_id,
         sum(CASE WHEN role = 'entry' THEN sz ELSE 0 END) AS entry_sz,
         sum(CASE WHEN role = 'entry' THEN px * sz ELSE 0 END) AS entry_cost,
         sum(CASE WHEN role = 'entry' THEN 0 ELSE sz END) AS exit_sz,
         sum(CASE WHEN role = 'entry' THEN 0 ELSE px * sz END) AS exit_cost,
         sum(fee) AS fees,
         sum(closed_pnl) AS closed_pnl,
         sum(CASE side WHEN 'sell' THEN px * sz ELSE -px * sz END) AS cash
  FROM parts GROUP BY trade_id
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
