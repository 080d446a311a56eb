import { type Instrument, priceDecimals, roundPrice } from '../instrument.ts';
import { type Direction, entrySide } from '../order.ts';
import { FINE_PER_TICK, type FineTicks, formatDecimal, mulDiv, parseDecimal, type Rounding, type Ticks, ticks } from '../units.ts';
import { atPrice, distancePpm, percent } from './wording.ts';

const PPM = 1_000_000;
/** A price this many times over or under the mid is a slip of the pen or another coin's price. */
const ABSURD_FACTOR = 10;

/** What the prices of an entry are judged against. */
export interface PriceContext {
  readonly direction: Direction;
  readonly instrument: Instrument;
  /** Mid price in half ticks. */
  readonly mid2: number;
  readonly mark: FineTicks | null;
  /** Grows by a sentence for everything changed or dropped. */
  readonly notes: string[];
}

type Priced = { readonly ok: true; readonly px: Ticks } | { readonly ok: false; readonly reason: string };

/** A price rounded so that the order rather waits than pays more: a purchase down, a sale up. 0 when nothing valid is below. */
export const roundPassively = (px: Ticks, direction: Direction, instrument: Instrument): Ticks =>
  roundPrice(px, entrySide(direction) === 'buy' ? 'down' : 'up', instrument);

/**
 * A signal's decimal as whole ticks, refused when it is more than ten times over or under the mid. Digits finer than a
 * tick are rounded: down for a long, up for a short, unless `rounding` says otherwise.
 */
export function priceOf(column: string, text: string, context: PriceContext, rounding?: Rounding): Priced {
  const { instrument, mid2 } = context;
  const value = parseDecimal(text, priceDecimals(instrument), rounding ?? (context.direction === 'long' ? 'floor' : 'ceil'));
  const isAbsurd = value === null || 2 * value > ABSURD_FACTOR * mid2 || ABSURD_FACTOR * 2 * value < mid2;
  if (value !== null && !isAbsurd) return { ok: true, px: ticks(value) };
  const mid = formatDecimal(mid2 * 5, priceDecimals(instrument) + 1);
  return { ok: false, reason: `${column} $${text} is absurd: more than ${ABSURD_FACTOR} times off the mid of ${instrument.coin}, $${mid}` };
}

/** Rounds a stop's trigger toward the entry, so that rounding never adds risk. */
const towardEntry = (px: Ticks, { direction, instrument }: PriceContext): Ticks =>
  roundPrice(px, direction === 'long' ? 'up' : 'down', instrument);

/**
 * The stop's trigger: the signal's, or the default distance from the entry; never farther than the maximum distance, and
 * refused on the wrong side of the entry or when the market has already passed it.
 */
export function planTrigger(
  stopPx: string | null,
  entryPx: Ticks,
  limits: { readonly defaultStopDistancePpm: number; readonly maxStopDistancePpm: number },
  context: PriceContext,
): Priced {
  const { direction, instrument } = context;
  const rounding: Rounding = direction === 'long' ? 'ceil' : 'floor';
  const away = (distance: number): Ticks =>
    towardEntry(ticks(mulDiv(entryPx, direction === 'long' ? PPM - distance : PPM + distance, PPM, rounding)), context);

  let px: Ticks;
  if (stopPx === null) {
    px = away(limits.defaultStopDistancePpm);
    context.notes.push(`no stop given: ${percent(limits.defaultStopDistancePpm)} from the entry, ${atPrice(px, instrument)}`);
  } else {
    const stated = priceOf('stop_loss', stopPx, context, rounding);
    if (!stated.ok) return stated;
    px = towardEntry(stated.px, context);
  }
  if (direction === 'long' ? px >= entryPx : px <= entryPx) {
    const where = px === entryPx ? 'equals' : `is ${direction === 'long' ? 'above' : 'below'}`;
    const shown = stopPx === null ? '' : ` (stop_loss ${stopPx})`;
    return {
      ok: false,
      reason: `the stop ${atPrice(px, instrument)}${shown} ${where} the entry ${atPrice(entryPx, instrument)} of a ${direction}`,
    };
  }
  const widest = away(limits.maxStopDistancePpm);
  if (direction === 'long' ? px < widest : px > widest) {
    const was = `stop ${atPrice(px, instrument)} is ${percent(distancePpm(entryPx, px))} from the entry`;
    context.notes.push(`${was}; tightened to the widest allowed, ${percent(limits.maxStopDistancePpm)}: ${atPrice(widest, instrument)}`);
    px = widest;
  }
  return hasPassed(px, context)
    ? { ok: false, reason: `the market has already passed the stop ${atPrice(px, instrument)}` }
    : { ok: true, px };
}

/** Whether mid or mark stands at or beyond a price on the losing side. */
function hasPassed(stop: Ticks, { direction, mid2, mark }: PriceContext): boolean {
  if (direction === 'long') return mid2 <= 2 * stop || (mark !== null && mark <= stop * FINE_PER_TICK);
  return mid2 >= 2 * stop || (mark !== null && mark >= stop * FINE_PER_TICK);
}

type Targeted = { readonly ok: true; readonly targets: readonly Ticks[] } | { readonly ok: false; readonly reason: string };

/**
 * The take-profits, rounded passively and sorted outward. One on the wrong side of the entry, passed by the mid, or stated
 * twice is dropped and noted; refused when some were given and none is left, or when the mark has reached the first.
 */
export function planTargets(stated: readonly string[], entryPx: Ticks, context: PriceContext): Targeted {
  const { direction, instrument, mid2, mark, notes } = context;
  const isLong = direction === 'long';
  const kept: Ticks[] = [];
  for (const text of stated) {
    // A target is sold where a long is bought: passively is the other way.
    const read = priceOf('target', text, context, isLong ? 'ceil' : 'floor');
    if (!read.ok) return read;
    const px = roundPrice(read.px, isLong ? 'up' : 'down', instrument);
    const shown = atPrice(px, instrument);
    if (isLong ? px <= entryPx : px >= entryPx)
      notes.push(`target ${shown} dropped: not on the winning side of the entry ${atPrice(entryPx, instrument)}`);
    else if (isLong ? mid2 >= 2 * px : mid2 <= 2 * px) notes.push(`target ${shown} dropped: the market has already passed it`);
    else if (kept.includes(px)) notes.push(`target ${shown} dropped: stated twice`);
    else kept.push(px);
  }
  const dropped = notes.filter((note) => note.startsWith('target '));
  if (stated.length > 0 && kept.length === 0) return { ok: false, reason: `no target is left: ${dropped.join('; ')}` };
  kept.sort((a, b) => (isLong ? a - b : b - a));
  const [first] = kept;
  if (first !== undefined && mark !== null && (isLong ? mark >= first * FINE_PER_TICK : mark <= first * FINE_PER_TICK)) {
    return { ok: false, reason: `the mark price has already reached the first target ${atPrice(first, instrument)}` };
  }
  return { ok: true, targets: kept };
}
