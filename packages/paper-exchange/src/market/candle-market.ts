/**
 * A market made of candles: prints and books as there could have been, the same for the same seed. What is known stays exact:
 * each candle's first print is its open, its last its close, the highest and the lowest are its high and its low, and its
 * prints add up to its volume. Everything between is made up by the rule below, and the source says so.
 */
import { type Instrument, type Level, lots, roundPrice, type Ticks, ticks } from '@hyperfleet/trading';
import type { RecordedMarket } from '../market-source.ts';
import { type Chance, createChance } from '../seeded.ts';
import { type Candle, decimalsOf, readCandleFile, toCandles } from './candle-rows.ts';
import type { MarketEvent, Print } from './event.ts';
import { instrumentsOf } from './instruments.ts';

/** The market moves once a second, as often as a fleet wants to see a book. */
const STEP_MS = 1_000;
const LEVELS = 20;
/** A level of the book is worth at least this much, in micro-dollars, however little the candle traded. */
const LEVEL_USD_MIN = 2_000_000_000;

/**
 * The way through a candle: open, then the extreme behind it, then the other, then close (a rising candle sees its low first),
 * with the two extremes at seeded moments and straight lines, bent a little, between.
 */
function pathOf(
  candle: Candle,
  steps: number,
  { chance, instrument }: { readonly chance: Chance; readonly instrument: Instrument },
): Ticks[] {
  const { open, high, low, close } = candle;
  const rises = close > open || (close === open && chance(2) === 0);
  const [first, second] = rises ? [low, high] : [high, low];
  const last = steps - 1;
  const a = 1 + chance(Math.max(1, Math.floor((last - 1) / 2)));
  const b = a + 1 + chance(last - a - 1);
  const corners = [
    { at: 0, px: open },
    { at: a, px: first },
    { at: b, px: second },
    { at: last, px: close },
  ];
  const path: Ticks[] = [];
  for (let leg = 0; leg + 1 < corners.length; leg += 1) {
    const from = corners[leg];
    const to = corners[leg + 1];
    if (from === undefined || to === undefined) break;
    for (let step = from.at; step < to.at; step += 1) {
      const straight = from.px + Math.trunc(((to.px - from.px) * (step - from.at)) / (to.at - from.at));
      const bend = step === from.at ? 0 : chance(Math.max(1, Math.floor((high - low) / 8))) - Math.floor((high - low) / 16);
      const bent = roundPrice(ticks(Math.min(high, Math.max(low, straight + bend))), 'down', instrument);
      path.push(step === from.at ? from.px : ticks(Math.max(low, bent)));
    }
  }
  path.push(close);
  return path;
}

/** The candle's volume over its steps: at least a lot where a corner is printed, the rest by seeded weights, nothing left over. */
function sizesOf(candle: Candle, path: readonly Ticks[], chance: Chance): number[] {
  const sizes = path.map(() => 0);
  const corners = new Set([0, path.indexOf(candle.high), path.indexOf(candle.low), path.length - 1].filter((step) => step >= 0));
  if (candle.volume === 0) return sizes;
  for (const step of corners) sizes[step] = 1;
  let left = candle.volume - corners.size;
  const weights = path.map(() => chance(1_000) ** 2);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const rest = Math.max(0, left);
  weights.forEach((weight, step) => {
    const share = total === 0 ? 0 : Math.floor((rest / total) * weight);
    sizes[step] = (sizes[step] ?? 0) + share;
    left -= share;
  });
  const heaviest = weights.indexOf(Math.max(...weights));
  if (left > 0) sizes[heaviest] = (sizes[heaviest] ?? 0) + left;
  return sizes;
}

/** Levels from the best outward, one valid price apart, deeper ones larger. */
function sideOf(
  best: Ticks,
  direction: 'down' | 'up',
  made: { readonly instrument: Instrument; readonly chance: Chance; readonly typical: number },
): Level[] {
  const { instrument, chance, typical } = made;
  const levels: Level[] = [];
  let px = best;
  for (let i = 0; i < LEVELS && px > 0; i += 1) {
    const least = Math.ceil(LEVEL_USD_MIN / px);
    levels.push({ px, sz: lots(Math.max(1, Math.floor((Math.max(typical, least) * (i + 2) * (500 + chance(1_000))) / 2_000))) });
    px = neighbour(px, direction, instrument);
  }
  return levels;
}

const neighbour = (px: Ticks, direction: 'down' | 'up', instrument: Instrument): Ticks =>
  direction === 'up' ? roundPrice(ticks(px + 1), 'up', instrument) : roundPrice(ticks(px - 1), 'down', instrument);

function* candleEvents(
  candle: Candle,
  made: { readonly instrument: Instrument; readonly chance: Chance; tid: number },
): Generator<MarketEvent> {
  const { instrument, chance } = made;
  const { coin } = instrument;
  const steps = Math.max(1, Math.round((candle.closeMs - candle.openMs) / STEP_MS));
  const path = pathOf(candle, steps, { chance, instrument });
  const sizes = sizesOf(candle, path, chance);
  const typical = Math.floor(candle.volume / steps);
  let before = candle.open;
  for (const [step, px] of path.entries()) {
    const atMs = candle.openMs + step * STEP_MS;
    const buys = px > before || (px === before && chance(2) === 0);
    const other = neighbour(px, buys ? 'down' : 'up', instrument);
    const sides = { instrument, chance, typical };
    const bids = sideOf(buys ? other : px, 'down', sides);
    const asks = sideOf(buys ? px : other, 'up', sides);
    yield { kind: 'book', coin, atMs, exchangeTimeMs: atMs, bids, asks };
    const sz = sizes[step] ?? 0;
    if (sz > 0) {
      made.tid += 1;
      const print: Print = { side: buys ? 'buy' : 'sell', px, sz: lots(sz), tid: made.tid, exchangeTimeMs: atMs };
      yield { kind: 'prints', coin, atMs, prints: [print] };
    }
    before = px;
  }
}

function* coinEvents(candles: readonly Candle[], instrument: Instrument, seed: number): Generator<MarketEvent> {
  const made = { instrument, chance: createChance(seed), tid: instrument.assetId * 1_000_000_000 };
  let endMs: number | null = null;
  for (const candle of candles) {
    if (endMs !== null && candle.openMs > endMs) {
      yield { kind: 'gap', coin: instrument.coin, atMs: endMs, untilMs: candle.openMs };
    }
    yield* candleEvents(candle, made);
    endMs = candle.closeMs;
  }
}

/** Several coins in one order of time; of one instant in the order given. */
function* merged(streams: readonly Iterator<MarketEvent>[]): Generator<MarketEvent> {
  const heads = streams.map((stream) => ({ stream, next: stream.next() }));
  for (;;) {
    let earliest: (typeof heads)[number] | null = null;
    for (const head of heads) {
      if (head.next.done === true) continue;
      if (earliest === null || earliest.next.done === true || head.next.value.atMs < earliest.next.value.atMs) earliest = head;
    }
    if (earliest === null || earliest.next.done === true) return;
    yield earliest.next.value;
    earliest.next = earliest.stream.next();
  }
}

/**
 * Opens candle files, one a coin, as a market to trade on (`marketOf`). A minute that is missing between two candles is told
 * as a gap: nothing is made up for it. Throws an Error naming file, row, field and remedy.
 */
export async function openCandles(paths: readonly string[], seed = 1): Promise<RecordedMarket> {
  if (paths.length === 0) throw new Error('no candle file: name at least one, e.g. candles:BTC_1m.csv');
  const files = await Promise.all(paths.map(readCandleFile));
  const twice = files.find((file, i) => files.some((other, j) => j < i && other.coin === file.coin));
  if (twice !== undefined) throw new Error(`coin ${twice.coin} has two candle files: give one a coin`);
  const instruments = instrumentsOf(files.map(decimalsOf));
  const coins = files.flatMap((file, i) => {
    const instrument = instruments[i];
    return instrument === undefined ? [] : [{ instrument, candles: toCandles(file, instrument) }];
  });
  const all = coins.flatMap(({ candles }) => candles);
  return {
    header: {
      source: `made from candles of ${files.map(({ coin, intervalMs }) => `${coin} ${intervalMs / 60_000} min`).join(', ')}, seed ${seed}`,
      marketStartMs: all.reduce((least, { openMs }) => Math.min(least, openMs), Number.MAX_SAFE_INTEGER),
      endMs: all.reduce((most, { closeMs }) => Math.max(most, closeMs), 0),
      instruments,
    },
    events: () => merged(coins.map(({ instrument, candles }) => coinEvents(candles, instrument, seed + instrument.assetId))),
  };
}
