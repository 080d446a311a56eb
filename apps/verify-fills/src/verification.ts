import { type AppliedFill, applyFillOfValue, FLAT, lots, microUsd, type Position } from '@hyperfleet/trading';
import { BadFile } from './bad-file.ts';
import { knownSizeDecimals } from './coin-decimals.ts';
import { inOrder, type Step } from './fill-order.ts';
import { PLACES, type RecordedFill } from './fills-file.ts';

/** How our accounting compares with the venue's over some files. */
export interface Tally {
  /** Rows read. */
  fills: number;
  /** Rows compared: all but closes without a known average and fills of spot. */
  judged: number;
  /** Same dir, same startPosition, closedPnl within a cent or 10^−4 of the notional. */
  matched: number;
  /** Of these, closedPnl within 10^−6 dollars. */
  exact: number;
  /** Rows not matched or not judged, counted by why. */
  exceptions: Record<string, number>;
}

export const emptyTally = (): Tally => ({ fills: 0, judged: 0, matched: 0, exact: 0, exceptions: {} });

/** Exceptions that no property of the record explains: our accounting and the venue's differ in these rows, or a row is missing before them. */
const DIFFERENCES: ReadonlySet<string> = new Set(['startPosition', 'dir', 'mismatch']);

/** Rows that differ from the venue's beyond their tolerance, with no reason in the record. */
export const differing = ({ exceptions }: Tally): number =>
  Object.entries(exceptions).reduce((sum, [kind, count]) => sum + (DIFFERENCES.has(kind) ? count : 0), 0);

const TEN = 10n;
/** Sizes finer than this are the noise of a float: 25.1000000001. */
const FINEST_SIZE_PLACES = 8;
const CENT = TEN ** BigInt(PLACES - 2);
const MICRO = TEN ** BigInt(PLACES - 6);
/** The fills of one order that cross zero lay at most 0.1 % apart in what was recorded: twice that excuses an estimate, no more. */
const MOST_SPREAD_OF_ONE_ORDER = 500n;

/**
 * Adds one account's fills to a tally. Nothing recorded as closedPnl enters the accounting: one wrong figure is one wrong row.
 * Throws `BadFile` where a size or a value is too large to be anyone's.
 */
export function verifyAccount(file: string, fills: readonly RecordedFill[], tally: Tally): void {
  const byCoin = new Map<string, RecordedFill[]>();
  for (const fill of fills) {
    const own = byCoin.get(fill.coin);
    if (own === undefined) byCoin.set(fill.coin, [fill]);
    else own.push(fill);
  }
  tally.fills += fills.length;
  const coins = [...byCoin].filter(([coin]) => !isSpot(coin)).map(([coin, own]) => ({ own, decimals: sizeDecimals(coin, own) }));
  // One averaged price tells that the whole record was taken aggregated: rows may be several fills of one order.
  const isAggregated = coins.some(({ own, decimals }) => own.some((fill) => isFinerThanTick(fill, decimals)));
  for (const [coin, own] of byCoin) if (isSpot(coin)) except(tally, 'spot', own.length);
  for (const { own, decimals } of coins) verifyCoin(own, { file, decimals, isAggregated }, tally);
}

/** Spot pairs have balances, not positions. */
const isSpot = (coin: string): boolean => coin.startsWith('@') || coin.includes('/');

function except(tally: Tally, kind: string, count = 1): void {
  tally.exceptions[kind] = (tally.exceptions[kind] ?? 0) + count;
}

/**
 * Decimals of the coin's sizes: known, or else the most any size here shows. That can only be too few, which makes a tick
 * finer than the venue's and an average at most one of its ticks too high.
 */
function sizeDecimals(coin: string, fills: readonly RecordedFill[]): number {
  let decimals = knownSizeDecimals(coin) ?? 0;
  for (const { sz } of fills) {
    const rounded = divideRounded(sz, TEN ** BigInt(PLACES - FINEST_SIZE_PLACES));
    while (decimals < FINEST_SIZE_PLACES && rounded % TEN ** BigInt(FINEST_SIZE_PLACES - decimals) !== 0n) decimals += 1;
  }
  return Math.min(decimals, 6);
}

const isFinerThanTick = (fill: RecordedFill, decimals: number): boolean => fill.px % TEN ** BigInt(PLACES - 6 + decimals) !== 0n;

function divideRounded(value: bigint, divisor: bigint): bigint {
  const half = divisor / 2n;
  return (value < 0n ? value - half : value + half) / divisor;
}

interface CoinContext {
  readonly file: string;
  readonly decimals: number;
  readonly isAggregated: boolean;
}

/** What is known of a coin's position between two fills. */
interface Holding {
  position: Position;
  /** False until the first flat or flip of a window that began with a position. */
  isAverageKnown: boolean;
  /** True while the position stems from a row that merged its opening with the close before it: its price is an estimate. */
  isMerged: boolean;
}

function verifyCoin(fills: readonly RecordedFill[], context: CoinContext, tally: Tally): void {
  const lotPlaces = TEN ** BigInt(PLACES - context.decimals);
  const toLots = (value: bigint): number => Number(divideRounded(value, lotPlaces));
  const steps = fills.map((fill): Step => {
    const from = toLots(fill.startPosition);
    const size = toLots(fill.sz);
    if (size === 0 || !Number.isSafeInteger(from) || !Number.isSafeInteger(size)) {
      throw new BadFile(
        context.file,
        fill,
        `holds a size that is no size of ${fill.coin}: smaller than a lot, or beyond what an account can have`,
      );
    }
    return { fill, from, to: fill.side === 'buy' ? from + size : from - size };
  });
  let holding: Holding | null = null;
  for (const step of inOrder(steps, null)) {
    const isBroken: boolean = holding !== null && holding.position.szi !== step.from;
    if (holding === null || isBroken) holding = beginAt(step.from);
    try {
      holding = verifyStep(step, { ...context, holding, isBroken }, tally);
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      throw new BadFile(
        context.file,
        step.fill,
        `holds a size, price or position beyond what an account can have: ${cause.message}`,
        cause,
      );
    }
  }
}

const beginAt = (szi: number): Holding => ({ position: { ...FLAT, szi: lots(szi) }, isAverageKnown: szi === 0, isMerged: false });

function verifyStep(step: Step, context: CoinContext & { readonly holding: Holding; readonly isBroken: boolean }, tally: Tally): Holding {
  const { fill } = step;
  const { holding, decimals } = context;
  const size = Math.abs(step.to - step.from);
  const value = divideRounded(fill.px * BigInt(size), TEN ** BigInt(PLACES - 6 + decimals));
  const applied = applyFillOfValue(holding.position, { side: fill.side, sz: lots(size), value: microUsd(Number(value)) });
  const isFlip = applied.dir.includes('>');
  const isMergedRow = isFlip && context.isAggregated && (fill.dir.startsWith('Close') || isFinerThanTick(fill, decimals));
  const isClose = isFlip || applied.dir.startsWith('Close');
  const next: Holding = {
    position: applied.position,
    isAverageKnown: holding.isAverageKnown || isFlip || step.from === 0 || step.to === 0,
    isMerged: isFlip ? isMergedRow : holding.isMerged && step.to !== 0,
  };
  if (isClose && !holding.isAverageKnown && !context.isBroken) {
    except(tally, 'unknownEntry');
    return next;
  }
  tally.judged += 1;
  const difference = fill.closedPnl - BigInt(applied.closedPnl) * MICRO;
  const off = difference < 0n ? -difference : difference;
  const tolerance = (value * MICRO) / 10_000n > CENT ? (value * MICRO) / 10_000n : CENT;
  const isSameDir = wordsFor(fill, applied, context.isAggregated).includes(fill.dir);
  if (context.isBroken || !isSameDir || off > tolerance) {
    const isEstimate = (holding.isMerged || isMergedRow) && off <= (value * MICRO) / MOST_SPREAD_OF_ONE_ORDER;
    except(tally, kindOf(fill, { isBroken: context.isBroken, isSameDir, isEstimate }));
  } else {
    tally.matched += 1;
    if (off <= MICRO) tally.exact += 1;
  }
  return next;
}

const BACKSTOP = /["']method["']\s*:\s*["']backstop["']/;

/** The dir words the venue may use for what our accounting says happened. */
function wordsFor(fill: RecordedFill, applied: AppliedFill, isAggregated: boolean): readonly string[] {
  const [from, sign] = applied.dir.split(' ');
  // An aggregated row carries the word of its first fill: of an order that crosses zero in several fills, a close.
  if (sign === '>') return isAggregated ? [applied.dir, `Close ${from}`] : [applied.dir];
  // A position that goes to the backstop liquidator is so called at both ends; the record does not say cross or isolated.
  if (BACKSTOP.test(fill.liquidation)) return [applied.dir, `Liquidated Cross ${sign}`, `Liquidated Isolated ${sign}`];
  return [applied.dir];
}

/** Why a row does not match. */
function kindOf(
  fill: RecordedFill,
  why: { readonly isBroken: boolean; readonly isSameDir: boolean; readonly isEstimate: boolean },
): string {
  if (why.isBroken) return 'startPosition';
  if (fill.dir.startsWith('Liquidated')) return 'liquidation';
  if (fill.dir === 'Auto-Deleveraging') return 'adl';
  if (fill.dir === 'Settlement') return 'settlement';
  if (fill.dir === 'Net Child Vaults') return 'netChildVaults';
  if (!why.isSameDir) return 'dir';
  return why.isEstimate ? 'mergedFlip' : 'mismatch';
}
