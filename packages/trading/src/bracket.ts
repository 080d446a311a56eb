import type { Level } from './book.ts';
import { type Instrument, roundPrice } from './instrument.ts';
import type { Direction, Side } from './order.ts';
import { divideSum, type Lots, lots, type MicroUsd, mulDiv, type Ticks, ticks } from './units.ts';

const PPM = 1_000_000;

/** One take-profit order of a ladder. */
export interface Leg {
  /** Number as placed, after merging: the nearest to the entry is 1. */
  readonly index: 1 | 2 | 3 | 4 | 5;
  readonly px: Ticks;
  readonly sz: Lots;
}

const INDEXES = [1, 2, 3, 4, 5] as const;

/**
 * Splits what filled over the targets (sorted outward, at most five): equal parts, the last takes the remainder. A leg
 * under the minimum notional is merged into the neighbour nearer the entry, so that profit is rather taken early; the
 * first has none and goes into the next. The sum is always `filled`; where even the whole is under the minimum it is one
 * leg at the first target, since the venue lets small reduce-only orders close (PROTOCOL §5). No targets, no legs.
 */
export function splitLadder(args: {
  readonly direction: Direction;
  readonly filled: Lots;
  readonly targets: readonly Ticks[];
  readonly minNotional: MicroUsd;
}): readonly Leg[] {
  const { filled, targets, minNotional } = args;
  if (targets.length > INDEXES.length) throw new RangeError(`a ladder has at most ${INDEXES.length} targets, not ${targets.length}`);
  if (targets.length === 0 || filled <= 0) return [];
  const part = Math.floor(filled / targets.length);
  const kept: { px: Ticks; sz: number }[] = [];
  let carried = filled - part * targets.length;
  for (const [index, px] of [...targets.entries()].reverse()) {
    carried += part;
    const isLarge = carried > 0 && px * carried >= minNotional;
    const outer = kept[0];
    if (isLarge || (index === 0 && outer === undefined)) {
      kept.unshift({ px, sz: carried });
      carried = 0;
    } else if (index === 0 && outer !== undefined) {
      outer.sz += carried;
    }
  }
  return kept.flatMap(({ px, sz }, at) => INDEXES.slice(at, at + 1).map((index) => ({ index, px, sz: lots(sz) })));
}

/**
 * Where a stop must stand for the rest of a position to end without loss: average entry × (1 ± (entry fee + taker rate))
 * plus the signed funding per open unit, rounded to a valid price away from loss, and never under one tick. Rates are
 * parts per million, `fundingPaid` is above zero where we paid. `plainEntry` is the average entry rounded the same way.
 * Slippage beyond the trigger is not covered. Throws a RangeError when a size is not above zero.
 */
export function breakevenPrice(args: {
  readonly direction: Direction;
  /** Σ px·sz of the entry fills. */
  readonly entryCost: MicroUsd;
  readonly entrySz: Lots;
  readonly entryFeePpm: number;
  readonly takerPpm: number;
  readonly fundingPaid: MicroUsd;
  readonly openSz: Lots;
  readonly instrument: Instrument;
}): { readonly price: Ticks; readonly plainEntry: Ticks } {
  const { direction, entryCost, entrySz, fundingPaid, openSz, instrument } = args;
  if (entrySz <= 0 || openSz <= 0) throw new RangeError(`breakeven needs an entry and an open size, not ${entrySz} and ${openSz} lots`);
  const sign = direction === 'long' ? 1 : -1;
  const rounding = direction === 'long' ? 'ceil' : 'floor';
  const fees = PPM + sign * (args.entryFeePpm + args.takerPpm);
  const exact = divideSum(
    [
      [entryCost, fees, openSz],
      [sign * fundingPaid, entrySz, PPM],
    ],
    [entrySz, openSz, PPM],
    { rounding },
  );
  const awayFromLoss = direction === 'long' ? 'up' : 'down';
  const valid = (px: number): Ticks => roundPrice(ticks(Math.max(1, px)), awayFromLoss, instrument);
  return { price: valid(exact), plainEntry: valid(mulDiv(entryCost, 1, entrySz, rounding)) };
}

/**
 * The worst price a fired stop accepts: its trigger less (a sale) or plus (a purchase) the slippage, in parts per million,
 * rounded outward to a valid price above zero. The venue's own tolerance is 10 % (PROTOCOL §6).
 */
export function stopLimitFor(trigger: Ticks, side: Side, slippagePpm: number, instrument: Instrument): Ticks {
  return slipped(trigger, side, slippagePpm, instrument);
}

/** The bound of a market order, an IOC: the best level it meets and slippage in parts per million, rounded outward to a valid price. */
export function marketLimitFor(side: Side, met: Level, slippagePpm: number, instrument: Instrument): Ticks {
  return slipped(met.px, side, slippagePpm, instrument);
}

function slipped(px: Ticks, side: Side, slippagePpm: number, instrument: Instrument): Ticks {
  if (side === 'buy') return roundPrice(ticks(mulDiv(px, PPM + slippagePpm, PPM, 'ceil')), 'up', instrument);
  return roundPrice(ticks(Math.max(1, mulDiv(px, PPM - slippagePpm, PPM, 'floor'))), 'down', instrument);
}
