import type { Side } from './order.ts';
import { type Lots, lots, type MicroUsd, microUsd, mulDiv, notional, type Ticks, ticks, ZERO_LOTS } from './units.ts';

/** A position as the venue keeps it. */
export interface Position {
  /** Signed: above zero is long. */
  readonly szi: Lots;
  /** Truncated to whole ticks after every increase (PROTOCOL §7); 0 when flat. */
  readonly avgEntry: Ticks;
}

export const FLAT: Position = { szi: ZERO_LOTS, avgEntry: ticks(0) };

/**
 * The arithmetic a position is kept in. The rule of opening, adding, closing and flipping is one; what differs between
 * whole ticks and decimals finer than a tick is how numbers multiply and how an average is rounded.
 */
export interface PositionArithmetic<N> {
  readonly zero: N;
  add(a: N, b: N): N;
  negate(a: N): N;
  sign(a: N): number;
  /** Price difference × size, as money. */
  multiply(priceDifference: N, size: N): N;
  /** The average price once `added` at `px` joins `held` at `average`; both sizes above zero. Rounds as its venue does. */
  average(average: N, held: N, px: N, added: N): N;
}

export interface AppliedFill<N, Money> {
  readonly position: { readonly szi: N; readonly avgEntry: N };
  /** Without the fee (PROTOCOL §7). */
  readonly closedPnl: Money;
  /** The venue's words: `Open Long`, `Close Short`, `Long > Short`, … */
  readonly dir: string;
  /** Signed size before the fill. */
  readonly startPosition: N;
}

/** The rule of `applyFill` over any arithmetic. Throws a RangeError when the size is not above zero. */
export function applyFillOver<N>(
  arithmetic: PositionArithmetic<N>,
  position: { readonly szi: N; readonly avgEntry: N },
  fill: { readonly side: Side; readonly px: N; readonly sz: N },
): AppliedFill<N, N> {
  const { zero, add, negate, sign, multiply, average } = arithmetic;
  if (sign(fill.sz) <= 0) throw new RangeError('a fill must have a size above zero');
  const startPosition = position.szi;
  const signed = fill.side === 'buy' ? fill.sz : negate(fill.sz);
  const szi = add(startPosition, signed);
  const was = sign(startPosition);
  if (was === 0 || was === sign(signed)) {
    const held = was < 0 ? negate(startPosition) : startPosition;
    const avgEntry = was === 0 ? fill.px : average(position.avgEntry, held, fill.px, fill.sz);
    return { position: { szi, avgEntry }, closedPnl: zero, dir: sign(signed) > 0 ? 'Open Long' : 'Open Short', startPosition };
  }
  const is = sign(szi);
  const flipped = is !== 0 && is !== was;
  // What leaves the position, signed as it was held: a short's sign turns its gain at lower prices into a plus.
  const closed = flipped ? startPosition : negate(signed);
  const closedPnl = multiply(add(fill.px, negate(position.avgEntry)), closed);
  const avgEntry = is === 0 ? zero : flipped ? fill.px : position.avgEntry;
  const dir = flipped ? (was > 0 ? 'Long > Short' : 'Short > Long') : was > 0 ? 'Close Long' : 'Close Short';
  return { position: { szi, avgEntry }, closedPnl, dir, startPosition };
}

const WHOLE_TICKS: PositionArithmetic<number> = {
  zero: 0,
  add: (a, b) => a + b,
  negate: (a) => 0 - a,
  sign: Math.sign,
  multiply: (difference, size) => difference * size + 0,
  // ⌊(held·avg + added·px) ÷ (held + added)⌋, written so that no product passes 2^53 unseen.
  average: (avg, held, px, added) => avg + mulDiv(px - avg, added, held + added, 'floor'),
};

/**
 * A fill applied as the venue does it: an increase moves the average, truncated to the tick; a decrease leaves it and
 * realises (px − average) × size; a flip closes all and opens the rest at the fill's price (PROTOCOL §7).
 * Throws a RangeError when the size is not above zero or a result is no safe integer.
 */
export function applyFill(
  position: Position,
  fill: { readonly side: Side; readonly px: Ticks; readonly sz: Lots },
): { readonly position: Position; readonly closedPnl: MicroUsd; readonly dir: string; readonly startPosition: Lots } {
  const applied = applyFillOver<number>(WHOLE_TICKS, position, fill);
  return {
    position: { szi: lots(applied.position.szi), avgEntry: ticks(applied.position.avgEntry) },
    closedPnl: microUsd(applied.closedPnl),
    dir: applied.dir,
    startPosition: position.szi,
  };
}

/** A fee of `ppm` parts per million, truncated to the micro-dollar; below zero is a rebate (PROTOCOL §7). */
export const feeFor = (value: MicroUsd, ppm: number): MicroUsd => microUsd(mulDiv(value, ppm, 1_000_000, 'truncate'));

/** What a fill moves in cash: a sale's notional in, a purchase's out, and the fee out; exact. */
export function cashFlow(fill: { readonly side: Side; readonly px: Ticks; readonly sz: Lots; readonly fee: MicroUsd }): MicroUsd {
  const value = notional(fill.px, fill.sz);
  return microUsd((fill.side === 'sell' ? value : -value) - fill.fee);
}
