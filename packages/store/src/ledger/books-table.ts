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

interface MovedSqlRow {
  /** Null of cash that came with no coin. */
  readonly coin: string | null;
  readonly usd: number;
  readonly szi: number;
}

/** Of an account, from after one time up to and with another, ms. */
type Span = [account: string, afterMs: number, throughMs: number];

const DAY_MS = 86_400_000;

const INSERT = `
  INSERT INTO bookings (account, bot, key, time_ms, kind, usd, coin, szi, words)
  VALUES (@account, @bot, @key, @timeMs, @kind, @usd, @coin, @szi, @words)
  ON CONFLICT (account, key) DO NOTHING`;

const BOOKED = 'SELECT coin, sum(usd) AS usd, sum(szi) AS szi FROM bookings WHERE account = ? AND time_ms <= ? GROUP BY coin';

const BY_FILLS = `
  SELECT coin, sum(CASE side WHEN 'sell' THEN px * sz ELSE -px * sz END - fee) AS usd, sum(CASE side WHEN 'buy' THEN sz ELSE -sz END) AS szi
  FROM fills WHERE account = ? AND time_ms > ? AND time_ms <= ? GROUP BY coin`;

const BY_FUNDING = `
  SELECT coin, sum(usd) AS usd, 0 AS szi FROM funding WHERE account = ? AND time_ms > ? AND time_ms <= ? GROUP BY coin`;

const BY_DAYS = `
  SELECT coin, sum(usd) AS usd, sum(szi) AS szi FROM account_days WHERE account = ? AND day >= ? AND day < ? GROUP BY coin`;

/** The tables `bookings` and `differences`, and the sums of an account. Nothing here opens a transaction; callers do. */
export function createBooksTable(db: Connection) {
  const insert = db.prepare(INSERT);
  const opened = db.prepare<[string], { time_ms: number }>("SELECT time_ms FROM bookings WHERE account = ? AND key = 'opening'");
  const openedHolding = db.prepare<[string], { n: number }>(
    "SELECT count(*) AS n FROM bookings WHERE account = ? AND kind = 'opening' AND coin IS NOT NULL",
  );
  const booked = db.prepare<[account: string, throughMs: number], MovedSqlRow>(BOOKED);
  const byFills = db.prepare<Span, MovedSqlRow>(BY_FILLS);
  const byFunding = db.prepare<Span, MovedSqlRow>(BY_FUNDING);
  const byDays = db.prepare<[account: string, fromDay: number, toDay: number], MovedSqlRow>(BY_DAYS);
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

  /** What moved an account after its opening: whole days by their sums, the first and the last day by what was in them. */
  function moved(at: string, opened: { readonly ms: number; readonly wasFlat: boolean }, throughMs: number): readonly MovedSqlRow[] {
    const fromDay = Math.floor(opened.ms / DAY_MS) + 1;
    const toDay = Math.max(fromDay, Math.floor(throughMs / DAY_MS));
    const firstEndMs = Math.min(throughMs, fromDay * DAY_MS - 1);
    const lastBeginMs = toDay * DAY_MS - 1;
    return [
      ...booked.all(at, throughMs),
      // Fills of the opening's own millisecond are in it, unless nothing was held then: they came after the look.
      ...byFills.all(at, opened.wasFlat ? opened.ms - 1 : opened.ms, firstEndMs),
      ...byFunding.all(at, opened.ms, firstEndMs),
      ...byDays.all(at, fromDay, toDay),
      ...byFills.all(at, lastBeginMs, throughMs),
      ...byFunding.all(at, lastBeginMs, throughMs),
    ];
  }

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
      let cash = 0;
      const sizes = new Map<string, number>();
      for (const { coin, usd, szi } of moved(at, { ms: opening.time_ms, wasFlat }, throughMs)) {
        cash += microUsd(usd);
        if (coin !== null) sizes.set(coin, (sizes.get(coin) ?? 0) + lots(szi));
      }
      const held = [...sizes].filter(([, szi]) => szi !== 0).sort(([a], [b]) => (a < b ? -1 : 1));
      return { openedMs: opening.time_ms, cash: microUsd(cash), held: new Map(held.map(([coin, szi]) => [coin, lots(szi)])) };
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
