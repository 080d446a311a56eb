import { formatPrice, type Instrument, isValidPrice, parsePrice, parseSize, priceDecimals, type Ticks, ticks } from '@hyperfleet/trading';
import { isRecord } from '../wire/fields.ts';
import type { MarketEvent } from './event.ts';
import { createScriptedMarket, type WrittenLevel } from './scripted-market.ts';

/**
 * One step of a market that is told step by step, as a control request and the journal write it: what the coin does now. Prices
 * and sizes are decimal strings.
 */
export type MarketStep =
  /** The coin stands at `px`: a book of five levels of `sz` a side around it, and mark and oracle there. */
  | { readonly coin: string; readonly px: string; readonly sz?: string }
  /** A whole book, best level first; either side may be empty. */
  | { readonly coin: string; readonly bids: readonly WrittenLevel[]; readonly asks: readonly WrittenLevel[] }
  /** A public trade; `side` is the aggressor's. */
  | { readonly coin: string; readonly print: { readonly side: 'buy' | 'sell'; readonly px: string; readonly sz: string } }
  /** The best level of each side alone, null where a side is empty. */
  | { readonly coin: string; readonly bid: WrittenLevel | null; readonly ask: WrittenLevel | null }
  /**
   * Mark and oracle alone (the mark is both where no oracle is given), with `fundingRateE10` the hourly rate in 10^−10, and with
   * `openInterest` what everybody there holds, in coins.
   */
  | {
      readonly coin: string;
      readonly mark: string;
      readonly oracle?: string;
      readonly fundingRateE10?: number;
      readonly openInterest?: string;
    };

/** A step that cannot be told. The message names the field, the value and the remedy. */
export class StepRefusal extends RangeError {
  override readonly name = 'StepRefusal';
}

const FORMS =
  '{"coin","px","sz"?}, {"coin","bids":[[px,sz],…],"asks":[…]}, {"coin","bid":[px,sz]|null,"ask":[px,sz]|null}, {"coin","print":{"side","px","sz"}} or {"coin","mark","oracle"?,"fundingRateE10"?,"openInterest"?}';
const LEVELS_MAX = 1_000;
/** The venue's cap on funding, 4 % an hour (PROTOCOL §7). */
const RATE_E10_MAX = 400_000_000;
const LEVELS = 5;
/** Worth of a level of a book that was told as a price alone, in dollars: what a small account cannot use up. */
const LEVEL_USD = 100_000;

type From = Readonly<Record<string, unknown>>;

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'undefined').slice(0, 80);

function refuse(key: string, value: unknown, remedy: string): never {
  throw new StepRefusal(value === undefined ? `${key} is missing: ${remedy}` : `${key} ${shown(value)}: ${remedy}`);
}

function decimalText(from: From, key: string): string {
  const value = from[key];
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || !/^\d{1,15}(\.\d{1,15})?$/.test(text)) refuse(key, value, 'give a decimal above zero, e.g. "65000.5"');
  return text;
}

function levels(from: From, key: string): readonly WrittenLevel[] {
  const value = from[key];
  if (!Array.isArray(value) || value.length > LEVELS_MAX) refuse(key, value, `give at most ${LEVELS_MAX} levels [px, sz], best first`);
  return value.map((level: unknown) => levelAt(level, key));
}

function levelAt(level: unknown, key: string): WrittenLevel {
  if (!Array.isArray(level) || level.length !== 2) refuse(key, level, 'give a level as [px, sz]');
  return [decimalText({ [key]: level[0] }, key), decimalText({ [key]: level[1] }, key)];
}

/** Reads a step, its numbers still text. Throws `StepRefusal`. */
export function readStep(value: unknown): MarketStep {
  if (!isRecord(value)) refuse('step', value, `give ${FORMS}`);
  const { coin } = value;
  if (typeof coin !== 'string') refuse('coin', coin, 'give a coin, e.g. "BTC"');
  const only = (...keys: readonly string[]): void => {
    const odd = Object.keys(value).find((key) => key !== 'coin' && !keys.includes(key));
    if (odd !== undefined) refuse(odd, value[odd], `not a field of this step: give ${FORMS}`);
  };
  if (value.px !== undefined) {
    only('px', 'sz');
    return { coin, px: decimalText(value, 'px'), ...(value.sz === undefined ? {} : { sz: decimalText(value, 'sz') }) };
  }
  if (value.bids !== undefined || value.asks !== undefined) {
    only('bids', 'asks');
    return { coin, bids: levels(value, 'bids'), asks: levels(value, 'asks') };
  }
  if (value.bid !== undefined || value.ask !== undefined) {
    only('bid', 'ask');
    const best = (key: 'bid' | 'ask') => (value[key] === null || value[key] === undefined ? null : levelAt(value[key], key));
    return { coin, bid: best('bid'), ask: best('ask') };
  }
  if (value.print !== undefined) {
    only('print');
    if (!isRecord(value.print)) refuse('print', value.print, 'give {"side","px","sz"}');
    const { side } = value.print;
    if (side !== 'buy' && side !== 'sell') refuse('side', side, 'give buy or sell, the aggressor');
    return { coin, print: { side, px: decimalText(value.print, 'px'), sz: decimalText(value.print, 'sz') } };
  }
  if (value.mark === undefined) refuse('step', value, `give ${FORMS}`);
  only('mark', 'oracle', 'fundingRateE10', 'openInterest');
  const rate = value.fundingRateE10;
  if (rate !== undefined && (typeof rate !== 'number' || !Number.isSafeInteger(rate) || Math.abs(rate) > RATE_E10_MAX))
    refuse('fundingRateE10', rate, `give the hourly rate in 10^−10 as a whole number of at most ${RATE_E10_MAX} either way, e.g. 125000`);
  const oracle = value.oracle === undefined ? {} : { oracle: decimalText(value, 'oracle') };
  const interest = value.openInterest === undefined ? {} : { openInterest: decimalText(value, 'openInterest') };
  return { coin, mark: decimalText(value, 'mark'), ...oracle, ...(typeof rate === 'number' ? { fundingRateE10: rate } : {}), ...interest };
}

export interface StepMoment {
  readonly instrument: Instrument;
  /** Market time of the step. */
  readonly atMs: number;
  /** The venue's stamp on it: later than on any message of the coin before. */
  readonly stampMs: number;
  /** Trade id of a print, unused so far. */
  readonly tid: number;
}

const written = (value: number, decimals: number): string => value.toFixed(decimals);

/** Size of a level worth about `LEVEL_USD`, at least one lot. */
function levelSize(px: string, { szDecimals }: Instrument): string {
  return written(Math.max(LEVEL_USD / Number(px), 10 ** -szDecimals), szDecimals);
}

/** The five prices an order may have that lie next to `px` on one side, nearest first (PROTOCOL §5). */
function pricesBeside(px: string, sign: 1 | -1, instrument: Instrument): readonly Ticks[] {
  const middle = parsePrice(px, instrument);
  if (middle === null || middle <= 0 || !isValidPrice(middle, instrument))
    throw new RangeError(`price "${px}" of ${instrument.coin} is none an order can have: at most 5 significant figures unless it is whole`);
  const prices: Ticks[] = [];
  for (let at: number = middle; prices.length < LEVELS; ) {
    let step = 1;
    while (at + sign * step > 0 && !isValidPrice(ticks(at + sign * step), instrument)) step *= 10;
    at += sign * step;
    if (at <= 0) break;
    prices.push(ticks(at));
  }
  return prices;
}

/** The market events a step is. The same step at the same moment gives the same events. Throws `StepRefusal` for a price or size no message of the venue has. */
export function eventsOf(step: MarketStep, { instrument, atMs, stampMs, tid }: StepMoment): readonly MarketEvent[] {
  const script = createScriptedMarket([instrument], stampMs);
  try {
    return tell(step, script, instrument, tid).map((event) => ({ ...event, atMs }));
  } catch (error) {
    if (error instanceof RangeError && !(error instanceof StepRefusal))
      throw new StepRefusal(
        `${error.message}: prices of ${instrument.coin} have at most ${priceDecimals(instrument)} decimals, sizes ${instrument.szDecimals}`,
      );
    throw error;
  }
}

interface TwoSides {
  readonly bids: readonly WrittenLevel[];
  readonly asks: readonly WrittenLevel[];
}

/** Each side best first, each price once, and the best bid below the best ask, as every book of the venue is. */
function mustBeBook({ bids, asks }: TwoSides, [bidKey, askKey]: readonly [string, string], instrument: Instrument): void {
  const pxOf = (level: WrittenLevel | undefined): number | null => (level === undefined ? null : parsePrice(level[0], instrument));
  for (const [key, side, sign] of [[bidKey, bids, -1] as const, [askKey, asks, 1] as const]) {
    for (const [at, level] of side.entries()) {
      const [px, before] = [pxOf(level), pxOf(side[at - 1])];
      if (px !== null && before !== null && px * sign <= before * sign) refuse(key, level, 'give levels best first, each price once');
    }
  }
  const [bid, ask] = [pxOf(bids[0]), pxOf(asks[0])];
  if (bid !== null && ask !== null && bid >= ask)
    refuse(bidKey, bids[0], `at or above the best ask ${asks[0]?.[0]}; give an uncrossed book`);
}

const sideOf = (best: WrittenLevel | null): readonly WrittenLevel[] => (best === null ? [] : [best]);

function tell(
  step: MarketStep,
  script: ReturnType<typeof createScriptedMarket>,
  instrument: Instrument,
  tid: number,
): readonly MarketEvent[] {
  const { coin } = step;
  if ('px' in step) {
    const sz = step.sz ?? levelSize(step.px, instrument);
    const side = (sign: 1 | -1) => pricesBeside(step.px, sign, instrument).map((px): WrittenLevel => [formatPrice(px, instrument), sz]);
    return [script.book(coin, side(-1), side(1)), script.mark(coin, step.px)];
  }
  if ('bids' in step) {
    mustBeBook(step, ['bids', 'asks'], instrument);
    return [script.book(coin, step.bids, step.asks)];
  }
  if ('bid' in step) {
    mustBeBook({ bids: sideOf(step.bid), asks: sideOf(step.ask) }, ['bid', 'ask'], instrument);
    return [script.bbo(coin, step.bid, step.ask)];
  }
  if ('print' in step) return [script.print(coin, step.print.side, step.print.px, { sz: step.print.sz, tid })];
  const marked = script.mark(coin, step.mark, step.fundingRateE10);
  const oracle = step.oracle === undefined ? null : script.mark(coin, step.oracle);
  if (marked.kind !== 'mark') return [marked];
  const openInterest = step.openInterest === undefined ? null : parseSize(step.openInterest, instrument);
  if (step.openInterest !== undefined && openInterest === null)
    refuse('openInterest', step.openInterest, `give coins with at most ${instrument.szDecimals} decimals`);
  return [
    {
      ...marked,
      ...(oracle?.kind === 'mark' ? { oracle: oracle.oracle } : {}),
      ...(openInterest === null ? {} : { openInterest }),
    },
  ];
}
