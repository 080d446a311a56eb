import type { CoinFiles } from './coin-files.ts';
import { readCsv } from './csv-rows.ts';
import { CSV_LEVELS, plainOf } from './feed-messages.ts';
import type { SeenCoin } from './instruments.ts';

/** Rows of each file looked at for a coin the table knows, only to see whether the table still holds. */
const SAMPLE_ROWS = 5_000;
/** Fewer values than this share do not decide: one row of garbage must not change what all other numbers mean. */
const RARE = 0.001;

interface Columns {
  readonly path: string;
  readonly px: readonly string[];
  readonly sz: readonly string[];
}

/** How many decimals the sizes and prices of a coin have: in all its rows, or in a sample of them. */
export async function decimalsSeen(files: CoinFiles, sampleOnly: boolean): Promise<SeenCoin> {
  const sizes: number[] = [];
  const prices: number[] = [];
  for (const { path, px, sz } of columnsOf(files)) {
    let left = sampleOnly ? SAMPLE_ROWS : Number.POSITIVE_INFINITY;
    for await (const row of readCsv(path, [px[0] ?? '', sz[0] ?? ''])) {
      for (const name of px) count(prices, row.at(name));
      for (const name of sz) count(sizes, row.at(name));
      left -= 1;
      if (left <= 0) break;
    }
  }
  return { coin: files.coin, sizeDecimals: most(sizes), priceDecimals: most(prices) };
}

function columnsOf({ orderbooks, prices, trades }: CoinFiles): Columns[] {
  const columns: Columns[] = [];
  const levels = Array.from({ length: CSV_LEVELS }, (_, i) => i);
  const both = (what: string): string[] => levels.flatMap((i) => [`bid_${what}_${i}`, `ask_${what}_${i}`]);
  if (orderbooks !== undefined) columns.push({ path: orderbooks, px: both('price'), sz: both('size') });
  for (const path of [prices, trades]) if (path !== undefined) columns.push({ path, px: ['price'], sz: ['size'] });
  return columns;
}

/** Counts a value under its number of decimals; what is no number counts nowhere. */
function count(counts: number[], text: string | undefined): void {
  if (text === undefined || text === '' || !Number.isFinite(Number(text))) return;
  const decimals = (plainOf(text).split('.')[1] ?? '').replace(/0+$/, '').length;
  counts[decimals] = (counts[decimals] ?? 0) + 1;
}

/** The most decimals that more than a few values have. */
function most(counts: readonly number[]): number {
  const total = counts.reduce((sum, value) => sum + (value ?? 0), 0);
  let above = 0;
  for (let decimals = counts.length - 1; decimals > 0; decimals -= 1) {
    above += counts[decimals] ?? 0;
    if (above > total * RARE) return decimals;
  }
  return 0;
}
