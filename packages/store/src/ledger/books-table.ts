import { type Booking, type Books, type Difference, type Lots, lots, type MicroUsd, microUsd } from '@hyperfleet/trading';
import type { Connection } from '../database.ts';

interface BookingSqlRow {
  readonly key: string;
  readonly time_ms: number;
  readonly kind: Booking['kind'];
  readonly usd: MicroUsd;
  readonly coin: string | null;
  readonly szi: Lots;
  readonly words: string;
}

interface DifferenceSqlRow {
  readonly coin: string;
  readonly amount: number;
  readonly since_ms: number;
  readonly seen_ms: number;
}

interface Span {
  readonly account: string;
  readonly fromMs: number;
  /** Fills of the opening's own millisecond are in it, unless nothing was held then: they came after the look. */
  readonly fillsFromMs: number;
  readonly throughMs: number;
}

const INSERT = `
  INSERT INTO bookings (account, bot, key, time_ms, kind, usd, coin, szi, words)
  VALUES (@account, @bot, @key, @timeMs, @kind, @usd, @coin, @szi, @words)
  ON CONFLICT (account, key) DO NOTHING`;

const CASH = `
  SELECT (SELECT coalesce(sum(usd), 0) FROM bookings WHERE account = @account AND time_ms <= @throughMs)
       + (SELECT coalesce(sum(CASE side WHEN 'sell' THEN px * sz ELSE -px * sz END - fee), 0)
          FROM fills WHERE account = @account AND time_ms > @fillsFromMs AND time_ms <= @throughMs)
       + (SELECT coalesce(sum(usd), 0) FROM funding WHERE account = @account AND time_ms > @fromMs AND time_ms <= @throughMs) AS cash`;

const HELD = `
  SELECT coin, sum(szi) AS szi FROM (
    SELECT coin, CASE side WHEN 'buy' THEN sz ELSE -sz END AS szi
    FROM fills WHERE account = @account AND time_ms > @fillsFromMs AND time_ms <= @throughMs
    UNION ALL
    SELECT coin, szi FROM bookings WHERE account = @account AND coin IS NOT NULL AND time_ms <= @throughMs
  ) GROUP BY coin HAVING sum(szi) <> 0 ORDER BY coin`;

/** The tables `bookings` and `differences`, and the sums of an account. Nothing here opens a transaction; callers do. */
export function createBooksTable(db: Connection) {
  const insert = db.prepare(INSERT);
  const opened = db.prepare<[string], { time_ms: number }>("SELECT time_ms FROM bookings WHERE account = ? AND key = 'opening'");
  const openedHolding = db.prepare<[string], { n: number }>(
    "SELECT count(*) AS n FROM bookings WHERE account = ? AND kind = 'opening' AND coin IS NOT NULL",
  );
  const cash = db.prepare<[Span], { cash: number }>(CASH);
  const held = db.prepare<[Span], { coin: string; szi: number }>(HELD);
  const ofBot = db.prepare<[string], BookingSqlRow>('SELECT * FROM bookings WHERE bot = ? ORDER BY time_ms, seq');
  const standing = db.prepare<[string], DifferenceSqlRow>(
    'SELECT coin, amount, since_ms, seen_ms FROM differences WHERE bot = ? ORDER BY coin',
  );
  const acknowledged = db.prepare<[string], { coin: string | null; at: number }>(
    "SELECT coin, max(time_ms) AS at FROM bookings WHERE account = ? AND kind = 'acknowledged' GROUP BY coin",
  );
  const forget = db.prepare<[string]>('DELETE FROM differences WHERE bot = ?');
  const stand = db.prepare<[string, string, number, number, number]>(
    'INSERT INTO differences (bot, coin, amount, since_ms, seen_ms) VALUES (?, ?, ?, ?, ?)',
  );

  return {
    /** False when a booking of this key is known. */
    insert: (bot: string, account: string, booking: Booking): boolean =>
      insert.run({ ...booking, bot, account: account.toLowerCase() }).changes === 1,
    ofBot: (bot: string): readonly Booking[] =>
      ofBot.all(bot).map(({ key, time_ms, kind, usd, coin, szi, words }) => ({ key, timeMs: time_ms, kind, usd, coin, szi, words })),
    books(account: string, throughMs: number): Books | null {
      const at = account.toLowerCase();
      const opening = opened.get(at);
      if (opening === undefined) return null;
      const wasFlat = openedHolding.get(at)?.n === 0;
      const span = { account: at, fromMs: opening.time_ms, fillsFromMs: opening.time_ms - (wasFlat ? 1 : 0), throughMs };
      return {
        openedMs: opening.time_ms,
        cash: microUsd(cash.get(span)?.cash ?? 0),
        held: new Map(held.all(span).map(({ coin, szi }) => [coin, lots(szi)])),
      };
    },
    acknowledged: (account: string): ReadonlyMap<string | null, number> =>
      new Map(acknowledged.all(account.toLowerCase()).map(({ coin, at }) => [coin, at])),
    differences: (bot: string): readonly Difference[] =>
      standing
        .all(bot)
        .map(({ coin, amount, since_ms, seen_ms }) => ({ coin: coin === '' ? null : coin, amount, sinceMs: since_ms, seenMs: seen_ms })),
    setDifferences(bot: string, differences: readonly Difference[]): void {
      forget.run(bot);
      for (const { coin, amount, sinceMs, seenMs } of differences) stand.run(bot, coin ?? '', amount, sinceMs, seenMs);
    },
  };
}
