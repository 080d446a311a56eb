-- Of a fill that no order of ours explains, what is a trade's: lots, and its parts of fee and profit. All 0 where it is nobody's of ours,
-- null while that has not been judged. Null too where an order explains the fill: then all of it is the trade's.
ALTER TABLE fills ADD COLUMN trade_sz INTEGER;
ALTER TABLE fills ADD COLUMN trade_fee INTEGER;
ALTER TABLE fills ADD COLUMN trade_pnl INTEGER;
UPDATE fills SET trade_sz = 0, trade_fee = 0, trade_pnl = 0 WHERE trade_id IS NULL;
CREATE INDEX fills_unjudged ON fills (bot, time_ms, seq) WHERE trade_id IS NULL AND trade_sz IS NULL;
