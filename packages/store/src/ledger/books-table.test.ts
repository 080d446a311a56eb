/** The books of an account: held to a plain sum over all that was recorded, whatever came late and through which connection. */
import { join } from 'node:path';
import { type Booking, type Books, type Fill, type FundingPayment, lots, microUsd, ticks } from '@hyperfleet/trading';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { tempDir } from '../testing/temp-dir.ts';
import { ACCOUNT, BOT, sampleFill } from '../testing/trade-samples.ts';
import { type LedgerHandle, openLedger } from './open-ledger.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Times on and beside the ends of five days and of some of their hours, and within them. */
const timeOf = fc
  .tuple(fc.integer({ min: 0, max: 4 }), fc.constantFrom(-1, 0, 1, 3_599_999, 3_600_000, 40_000_000, 82_799_999, 82_800_000))
  .map(([day, ms]) => Math.max(0, day * DAY_MS + ms));
const coinOf = fc.constantFrom('BTC', 'ETH', 'kPEPE');

const fillOf: fc.Arbitrary<Fill> = fc
  .record({ coin: coinOf, timeMs: timeOf, tid: fc.integer({ min: 1, max: 3 }), sz: fc.integer({ min: 1, max: 9 }), isBuy: fc.boolean() })
  .map(({ coin, timeMs, tid, sz, isBuy }) =>
    sampleFill({ coin, timeMs, tid, sz: lots(sz), side: isBuy ? 'buy' : 'sell', px: ticks(1_000 + tid), fee: microUsd(sz - 4) }),
  );
const paymentOf: fc.Arbitrary<FundingPayment> = fc
  .record({ coin: coinOf, timeMs: timeOf, usd: fc.integer({ min: -99, max: 99 }) })
  .map(({ coin, timeMs, usd }) => ({ coin, timeMs, usd: microUsd(usd), szi: lots(1) }));
const transferOf: fc.Arbitrary<Booking> = fc
  .record({ key: fc.constantFrom('a', 'b', 'c'), timeMs: timeOf, usd: fc.integer({ min: -999, max: 999 }) })
  .map(({ key, timeMs, usd }) => ({ key, timeMs, kind: 'transfer', usd: microUsd(usd), coin: null, szi: lots(0), words: 'paid in' }));

/** All that was taken as new, in the order it was told. */
interface Told {
  readonly fills: Fill[];
  readonly payments: FundingPayment[];
  readonly bookings: Booking[];
}

type Step = (ledger: LedgerHandle, told: Told) => void;

const stepOf: fc.Arbitrary<Step> = fc.oneof(
  fc.array(fillOf, { minLength: 1, maxLength: 4 }).map(
    (fills): Step =>
      (ledger, told) => {
        told.fills.push(...ledger.recordFills(BOT, ACCOUNT, fills, null));
      },
  ),
  fc.array(paymentOf, { minLength: 1, maxLength: 3 }).map(
    (payments): Step =>
      (ledger, told) => {
        told.payments.push(...ledger.recordFunding(BOT, ACCOUNT, payments));
      },
  ),
  transferOf.map(
    (booking): Step =>
      (ledger, told) => {
        told.bookings.push(...ledger.recordBookings(BOT, ACCOUNT, [booking]));
      },
  ),
);

/** The sum over everything told after an opening. */
function plainBooks({ fills, payments, bookings }: Told, openedMs: number, throughMs: number): Books {
  const wasFlat = !bookings.some(({ kind, coin }) => kind === 'opening' && coin !== null);
  const sizes = new Map<string, number>();
  let cash = 0;
  const move = (usd: number, coin: string | null, szi: number): void => {
    cash += usd;
    if (coin !== null) sizes.set(coin, (sizes.get(coin) ?? 0) + szi);
  };
  for (const { usd, coin, szi, timeMs } of bookings) if (timeMs <= throughMs) move(usd, coin, szi);
  for (const { usd, timeMs } of payments) if (timeMs > openedMs && timeMs <= throughMs) move(usd, null, 0);
  for (const { coin, timeMs, side, px, sz, fee } of fills) {
    if (timeMs > throughMs || timeMs < openedMs || (timeMs === openedMs && !wasFlat)) continue;
    const direction = side === 'buy' ? 1 : -1;
    move(-direction * px * sz - fee, coin, direction * sz);
  }
  return {
    openedMs,
    cash: microUsd(cash),
    held: new Map([...sizes].filter(([, szi]) => szi !== 0).map(([coin, szi]) => [coin, lots(szi)])),
  };
}

it('are the sum over all fills, payments and bookings since the opening, at every moment and for each connection', () => {
  const dir = tempDir();
  let run = 0;
  const history = fc.array(fc.tuple(stepOf, fc.boolean()), { minLength: 1, maxLength: 15 });
  fc.assert(
    fc.property(history, timeOf, fc.boolean(), (steps, openedMs, holds) => {
      run += 1;
      const handles = [0, 1].map(() => openLedger(join(dir, `${run}.db`), { synchronous: 'OFF' })) as [LedgerHandle, LedgerHandle];
      const told: Told = { fills: [], payments: [], bookings: [] };
      const opening = {
        key: 'opening',
        timeMs: openedMs,
        kind: 'opening',
        usd: microUsd(1_000),
        coin: null,
        szi: lots(0),
        words: 'first seen',
      } as const;
      const holding = { ...opening, key: 'opening BTC', usd: microUsd(0), coin: 'BTC', szi: lots(5) };
      told.bookings.push(...handles[0].recordBookings(BOT, ACCOUNT, holds ? [opening, holding] : [opening]));
      for (const [step, isSecond] of steps) step(handles[isSecond ? 1 : 0], told);
      const moments = [0, 1, 2, 3, 4, 5].flatMap((day) => [day * DAY_MS - 1, day * DAY_MS, day * DAY_MS + 1]);
      const hours = [1, 12, 95, 96].flatMap((hour) => [hour * HOUR_MS - 1, hour * HOUR_MS]);
      for (const throughMs of [...moments, ...hours, openedMs, Number.MAX_SAFE_INTEGER]) {
        for (const ledger of handles) expect(ledger.books(ACCOUNT, throughMs)).toEqual(plainBooks(told, openedMs, throughMs));
      }
      for (const ledger of handles) ledger.close();
    }),
    { numRuns: 40 },
  );
});
