/** What V8 counted: for each file of a run, how often each place was reached. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

/** One function as one process counted it; the first range is the whole of it, later ones lie within. */
interface Counted {
  readonly ranges: readonly Range[];
}

interface Report {
  readonly result: readonly { readonly url: string; readonly functions: readonly Counted[] }[];
}

/** How often a place (an offset in the file's text) was reached in all processes together. */
export type CountAt = (offset: number) => number;

const innermost = <T>(of: readonly T[], rangeOf: (one: T) => Range | undefined, offset: number): T | null => {
  let found: T | null = null;
  let size = Number.POSITIVE_INFINITY;
  for (const one of of) {
    const range = rangeOf(one);
    if (range === undefined || offset < range.startOffset || offset >= range.endOffset) continue;
    // Of two that are as large the later one is the inner.
    if (range.endOffset - range.startOffset > size) continue;
    size = range.endOffset - range.startOffset;
    found = one;
  }
  return found;
};

function countIn(functions: readonly Counted[], offset: number): number {
  const own = innermost(functions, ({ ranges }) => ranges[0], offset);
  return own === null ? 0 : (innermost(own.ranges, (range) => range, offset)?.count ?? 0);
}

/** Reads what processes left in `dir` and tells of a file's places, by its absolute path. A file nobody loaded was never reached. */
export function readCounts(dir: string): (path: string) => CountAt {
  const byPath = new Map<string, (readonly Counted[])[]>();
  for (const name of readdirSync(dir).filter((file) => file.endsWith('.json'))) {
    const report: Report = JSON.parse(readFileSync(join(dir, name), 'utf8'));
    for (const { url, functions } of report.result) {
      if (!url.startsWith('file:')) continue;
      const path = fileURLToPath(url.split('?')[0] ?? url);
      byPath.set(path, [...(byPath.get(path) ?? []), functions]);
    }
  }
  return (path) => {
    const runs = byPath.get(path) ?? [];
    return (offset) => runs.reduce((sum, functions) => sum + countIn(functions, offset), 0);
  };
}
