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

const HOUR_MS = 3_600_000;
const HOURS_A_DAY = 24;
const DAY_MS = HOURS_A_DAY * HOUR_MS;

const INSERT = `
  INSERT INTO bookings (account, bot, key, time_ms, kind, usd, coin, szi, words)
  VALUES (@account, @bot, @key, @timeMs, @kind, @usd, @coin, @szi, @words)
  ON CONFLICT (account, key) DO NOTHING`;

/** A span of fills and payments of an account, by the names of its ends: from after one time up to and with another, ms. */
const inFull = (afterFill: string, after: string, through: string): string => `
  UNION ALL
  SELECT coin, CASE side WHEN 'sell' THEN px * sz ELSE -px * sz END - fee, CASE side WHEN 'buy' THEN sz ELSE -sz END
  FROM fills WHERE account = @account AND time_ms > @${afterFill} AND time_ms <= @${through}
  UNION ALL
  SELECT coin, usd, 0 FROM funding WHERE account = @account AND time_ms > @${after} AND time_ms <= @${through}`;

/** What moved an account: one statement, since it is asked for all the time. Whole days and hours by their sums, the rest one by one. */
const MOVED = `
  SELECT coin, sum(usd) AS usd, sum(szi) AS szi FROM (
    SELECT nullif(coin, '') AS coin, usd, szi FROM booking_days WHERE account = @account AND day < @bookedDay
    UNION ALL
    SELECT coin, usd, szi FROM bookings WHERE account = @account AND time_ms >= @bookedMs AND time_ms <= @throughMs
    UNION ALL
    SELECT coin, usd, szi FROM account_days WHERE account = @account AND day >= @firstDay AND day < @lastDay
    UNION ALL
    SELECT coin, usd, szi FROM account_hours WHERE account = @account AND hour >= @firstHour AND hour < @firstDayHour
    UNION ALL
    SELECT coin, usd, szi FROM account_hours WHERE account = @account AND hour >= @lastDayHour AND hour < @lastHour
    ${inFull('fillsAfterMs', 'openedMs', 'firstEndMs')}
    ${inFull('lastBeginMs', 'lastBeginMs', 'throughMs')}
  ) GROUP BY coin`;

/** How the span after an opening, up to and with a time, is made of days, hours and what is left at both ends. */
function partsOf(openedMs: number, throughMs: number) {
  const firstHour = Math.floor(openedMs / HOUR_MS) + 1;
  const lastHour = Math.max(firstHour, Math.floor(throughMs / HOUR_MS));
  const firstDay = Math.ceil(firstHour / HOURS_A_DAY);
  const lastDay = Math.max(firstDay, Math.floor(lastHour / HOURS_A_DAY));
  const firstDayHour = Math.min(lastHour, firstDay * HOURS_A_DAY);
  return {
    firstHour,
    firstDayHour,
    firstDay,
    lastDay,
    lastDayHour: Math.max(firstDayHour, lastDay * HOURS_A_DAY),
    lastHour,
    firstEndMs: Math.min(throughMs, firstHour * HOUR_MS - 1),
    lastBeginMs: lastHour * HOUR_MS - 1,
  };
}

/** The tables `bookings` and `differences`, and the sums of an account. Nothing here opens a transaction; callers do. */
export function createBooksTable(db: Connection) {
  const insert = db.prepare(INSERT);
  const opened = db.prepare<[string], { time_ms: number }>("SELECT time_ms FROM bookings WHERE account = ? AND key = 'opening'");
  const openedHolding = db.prepare<[string], { n: number }>(
    "SELECT count(*) AS n FROM bookings WHERE account = ? AND kind = 'opening' AND coin IS NOT NULL",
  );
  const moved = db.prepare<[Readonly<Record<string, number | string>>], MovedSqlRow>(MOVED);
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

  /** What moved an account after its opening, and all that was booked. */
  function movedOn(account: string, { openedMs, wasFlat }: { readonly openedMs: number; readonly wasFlat: boolean }, throughMs: number) {
    const bookedDay = Math.floor(throughMs / DAY_MS);
    return moved.all({
      account,
      openedMs,
      // Fills of the opening's own millisecond are in it, unless nothing was held then: they came after the look.
      fillsAfterMs: wasFlat ? openedMs - 1 : openedMs,
      throughMs,
      bookedDay,
      bookedMs: bookedDay * DAY_MS,
      ...partsOf(openedMs, throughMs),
    });
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
      for (const { coin, usd, szi } of movedOn(at, { openedMs: opening.time_ms, wasFlat }, throughMs)) {
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
