import type { Side } from './order.ts';
import { type Lots, lots, type MicroUsd, microUsd, mulDiv, notional, type Ticks, ticks, ZERO_LOTS, ZERO_USD } from './units.ts';

/**
 * A position as the venue keeps it. What it carries is the cost; the average entry it shows, and realises closes against,
 * is that cost by size, truncated to whole ticks (PROTOCOL §7). Carrying the truncated average instead would lose up to a
 * tick at every increase: over 24,503 recorded closes that agrees with the venue's closedPnl in 59 %, the cost in 99.1 %.
 */
export interface Position {
  /** Signed: above zero is long. */
  readonly szi: Lots;
  /** ⌊entryCost ÷ |szi|⌋; 0 when flat. */
  readonly avgEntry: Ticks;
  /** What the size still held cost, never below zero; a decrease leaves the part that stays, floored to the micro-dollar. */
  readonly entryCost: MicroUsd;
}

export const FLAT: Position = { szi: ZERO_LOTS, avgEntry: ticks(0), entryCost: ZERO_USD };

export interface AppliedFill {
  readonly position: Position;
  /** Without the fee (PROTOCOL §7). */
  readonly closedPnl: MicroUsd;
  /** The venue's words: `Open Long`, `Close Short`, `Long > Short`, … */
  readonly dir: string;
  /** Signed size before the fill. */
  readonly startPosition: Lots;
}

/**
 * A fill applied as the venue does it: an increase adds to the cost, a decrease realises (px − average) × size, a flip
 * closes all and opens the rest at the fill's price. Throws a RangeError when the size is not above zero or a result is no
 * safe integer.
 */
export function applyFill(position: Position, fill: { readonly side: Side; readonly px: Ticks; readonly sz: Lots }): AppliedFill {
  return applyFillOfValue(position, { side: fill.side, sz: fill.sz, value: notional(fill.px, fill.sz) });
}

/**
 * `applyFill` for a fill known by its notional: several fills of one order that a record has merged into one row have an
 * average price finer than a tick, and yet a notional in whole micro-dollars.
 */
export function applyFillOfValue(
  position: Position,
  fill: { readonly side: Side; readonly sz: Lots; readonly value: MicroUsd },
): AppliedFill {
  if (fill.sz <= 0) throw new RangeError(`a fill must have a size above zero, not ${fill.sz} lots`);
  const { szi: start, avgEntry, entryCost } = position;
  const signed = fill.side === 'buy' ? fill.sz : -fill.sz;
  const szi = lots(start + signed);
  const isLong = start > 0 || (start === 0 && signed > 0);
  if (start === 0 || start > 0 === signed > 0) {
    return {
      position: holding(szi, entryCost + fill.value),
      closedPnl: ZERO_USD,
      dir: isLong ? 'Open Long' : 'Open Short',
      startPosition: start,
    };
  }
  const held = Math.abs(start);
  const closed = Math.min(held, fill.sz);
  const closedValue = closed === fill.sz ? fill.value : mulDiv(fill.value, closed, fill.sz, 'floor');
  const gain = closedValue - notional(avgEntry, lots(closed));
  const closedPnl = microUsd((start > 0 ? gain : -gain) + 0);
  const flipped = fill.sz > held;
  const cost = flipped ? fill.value - closedValue : mulDiv(entryCost, held - closed, held, 'floor');
  const dir = flipped ? (isLong ? 'Long > Short' : 'Short > Long') : isLong ? 'Close Long' : 'Close Short';
  return { position: holding(szi, cost), closedPnl, dir, startPosition: start };
}

function holding(szi: Lots, cost: number): Position {
  if (szi === 0) return FLAT;
  return { szi, avgEntry: ticks(mulDiv(cost, 1, Math.abs(szi), 'floor')), entryCost: microUsd(cost) };
}

/** A fee of `ppm` parts per million, truncated to the micro-dollar; below zero is a rebate (PROTOCOL §7). */
export const feeFor = (value: MicroUsd, ppm: number): MicroUsd => microUsd(mulDiv(value, ppm, 1_000_000, 'truncate'));

/** What a fill moves in cash: a sale's notional in, a purchase's out, and the fee out; exact. */
export function cashFlow(fill: { readonly side: Side; readonly px: Ticks; readonly sz: Lots; readonly fee: MicroUsd }): MicroUsd {
  const value = notional(fill.px, fill.sz);
  return microUsd((fill.side === 'sell' ? value : -value) - fill.fee);
}
