import type { Instrument } from '../instrument.ts';
import type { Direction } from '../order.ts';
import { divideSum, type Lots, lots, type MicroUsd, microUsd, notional, type Ticks, ticks } from '../units.ts';
import type { AccountForSizing, EntryLimits } from './limits.ts';
import { mostLots, venueMaximum } from './venue-maximum.ts';
import { atPrice, dollars, ofSize, percent } from './wording.ts';

const PPM = 1_000_000;

/** Which limit the size came from. */
export type Bound = 'risk' | 'leverage' | 'total leverage' | 'margin' | 'liquidation' | 'venue maximum';

export interface SizeQuestion {
  readonly direction: Direction;
  /** For an IOC its bound, the worst price paid. */
  readonly entryPx: Ticks;
  readonly tif: 'gtc' | 'ioc';
  readonly stopTrigger: Ticks;
  /** The worst price the fired stop accepts. */
  readonly stopLimit: Ticks;
  readonly ask: Ticks;
  readonly instrument: Instrument;
  readonly account: AccountForSizing;
  readonly limits: EntryLimits;
}

export type Sized =
  | { readonly ok: true; readonly sz: Lots; readonly boundBy: Bound; readonly note: string }
  | { readonly ok: false; readonly reason: string };

interface Cap {
  readonly bound: Bound;
  readonly sz: number;
  readonly what: string;
}

/**
 * The size of an entry: equity × risk ÷ |entry − stop|, then the smallest of the caps, floored to lots. Refused under the
 * minimum notional, and where a resting order would pass the venue's maximum, which no sane account reaches. The stop is a market
 * order, for which that maximum is a tenth (PROTOCOL §5): its refusal would be the entry's too. One that moves up to the entry later
 * is to stand as well, so the dearer of both prices counts.
 */
export function planSize(question: SizeQuestion): Sized {
  const { entryPx, tif, stopLimit, instrument, account, limits } = question;
  if (account.equity <= 0) return { ok: false, reason: `the account's equity is ${dollars(account.equity)}: there is nothing to risk` };
  const caps = capsOf(question);
  const [risk] = caps;
  const tightest = caps.reduce((least, cap) => (cap.sz < least.sz ? cap : least), risk);
  if (tif === 'gtc' && tightest.sz > mostLots(instrument, 'gtc', entryPx)) {
    const size = ofSize(lots(tightest.sz), instrument);
    const maximum = dollars(venueMaximum(instrument, 'gtc'));
    return { ok: false, reason: `a size of ${size} is absurd: over the venue's maximum of ${maximum} for one order` };
  }
  const most = mostLots(instrument, 'ioc', ticks(Math.max(entryPx, stopLimit)));
  const what = `${dollars(venueMaximum(instrument, 'ioc'))} at most in one market order, which the stop is`;
  const chosen: Cap = tightest.sz > most ? { bound: 'venue maximum', sz: most, what } : tightest;
  const sz = lots(Math.max(0, chosen.sz));
  // An IOC counts at the price it first crosses, which for a purchase is under its bound (PROTOCOL §5).
  const value = notional(tif === 'ioc' && question.ask < entryPx ? question.ask : entryPx, sz);
  if (sz === 0 || value < limits.minNotional) return { ok: false, reason: whyTooSmall(question, chosen, value) };
  return {
    ok: true,
    sz,
    boundBy: chosen.bound,
    note: `size ${ofSize(sz, instrument)} (${dollars(value)}) set by ${chosen.bound}: ${chosen.what}`,
  };
}

function whyTooSmall(question: SizeQuestion, cap: Cap, value: MicroUsd): string {
  const { instrument, limits, entryPx } = question;
  const allowed =
    cap.sz <= 0 ? `less than one lot of ${instrument.coin} at ${atPrice(entryPx, instrument)}, ${dollars(microUsd(0))}` : dollars(value);
  return `${cap.bound} (${cap.what}) allows ${allowed}, and the venue's minimum order is ${dollars(limits.minNotional)}`;
}

/** A leverage from the configuration, which may have decimals, in parts per million: to the nearest, as its text was meant. */
const leveragePpm = (leverage: number): number => Math.round(leverage * PPM);

function capsOf(question: SizeQuestion): readonly [Cap, ...Cap[]] {
  const { entryPx, stopTrigger, instrument, account, limits } = question;
  const { equity } = account;
  const floor = { rounding: 'floor', atMost: Number.MAX_SAFE_INTEGER } as const;
  const distance = Math.abs(entryPx - stopTrigger);
  const leverage = Math.min(limits.maxLeverage, instrument.maxLeverage);
  const caps: [Cap, ...Cap[]] = [
    {
      bound: 'risk',
      sz: divideSum([[equity, limits.riskPerTradePpm]], [distance, PPM], floor),
      what: `${percent(limits.riskPerTradePpm)} of ${dollars(equity)} lost at the stop`,
    },
    {
      bound: 'leverage',
      sz: divideSum([[equity, leveragePpm(leverage)]], [entryPx, PPM], floor),
      what: `${leverage} times ${dollars(equity)}`,
    },
  ];
  if (limits.maxTotalLeverage !== null) {
    const room = divideSum(
      [
        [equity, leveragePpm(limits.maxTotalLeverage)],
        [-account.exposure, PPM],
      ],
      [entryPx, PPM],
      floor,
    );
    const what = `${dollars(account.exposure)} of ${limits.maxTotalLeverage} times ${dollars(equity)} is in use`;
    caps.push({ bound: 'total leverage', sz: room, what });
  }
  caps.push({
    bound: 'margin',
    sz: marginCap(question),
    what: `95 % of ${dollars(account.freeMargin)} free margin, fees both ways included`,
  });
  caps.push({
    bound: 'liquidation',
    sz: liquidationCap(question, distance),
    what: 'the stop must stand before the liquidation price with 20 % to spare',
  });
  return caps;
}

/**
 * Initial margin at the coin's maximum leverage L plus a taker fee f (ppm) in and out must fit in 95 % of the free margin F:
 * s·p/L + 2·s·p·f/10⁶ ≤ 0.95·F, so s ≤ 95·F·L·10⁶ ÷ (100·p·(10⁶ + 2·f·L)).
 */
function marginCap({ entryPx, instrument, account, limits }: SizeQuestion): number {
  const leverage = instrument.maxLeverage;
  return divideSum([[95, account.freeMargin, leverage, PPM]], [100, entryPx, PPM + 2 * limits.takerPpm * leverage], {
    rounding: 'floor',
    atMost: Number.MAX_SAFE_INTEGER,
  });
}

/**
 * The largest size whose stop still stands before the liquidation price with 20 % to spare, that is within 80 % of the way.
 *
 * PROTOCOL §7: liquidation = p − side·A ÷ (s·(1 − l·side)), with l = 1/(2L), L the coin's maximum leverage, and for a cross
 * position A = account value − maintenance margin = E − M − s·p·l, where M is what the other positions need. These are all
 * held at their coins' maximum leverage, where maintenance is half the initial margin, so M is at most half of the margin
 * in use (resting entries counted as if filled): E − M = (equity + free margin) / 2.
 * With d = |entry − stop|, d ≤ 0.8·A ÷ (s·(1 − l·side)) gives s·(5d·(2L − side) + 4p) ≤ 8L·(E − M).
 */
function liquidationCap({ direction, entryPx, instrument, account }: SizeQuestion, distance: number): number {
  const leverage = instrument.maxLeverage;
  const side = direction === 'long' ? 1 : -1;
  return divideSum(
    [[4, leverage, account.equity + Math.min(account.freeMargin, account.equity)]],
    [5 * distance * (2 * leverage - side) + 4 * entryPx],
    {
      rounding: 'floor',
      atMost: Number.MAX_SAFE_INTEGER,
    },
  );
}
