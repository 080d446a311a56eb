import type { Bench, Measure } from './measure.ts';

const UNITS: readonly (readonly [ns: number, name: string])[] = [
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'µs'],
  [1, 'ns'],
];

/** A time in its natural unit, three figures. */
function time(ns: number): string {
  const [size, name] = UNITS.find(([each]) => ns >= each) ?? [1, 'ns'];
  return `${Number((ns / size).toPrecision(3))} ${name}`;
}

/** How often it goes into a second, rounded to three figures. */
const perSecond = (ns: number): string => Number((1e9 / ns).toPrecision(3)).toLocaleString('en');

const HEAD = ['measured', 'takes', 'a second', 'bare limit', 'takes', 'a second', 'ratio'] as const;

function cells({ what, nsPerOp, bare }: Measure): readonly string[] {
  const ours = [what, time(nsPerOp), perSecond(nsPerOp)];
  if (bare === null) return [...ours, '', '', '', ''];
  return [...ours, bare.what, time(bare.nsPerOp), perSecond(bare.nsPerOp), `× ${(nsPerOp / bare.nsPerOp).toPrecision(3)}`];
}

const LEFT: ReadonlySet<number> = new Set([0, 3]);

/** The measures of one bench as lines of text; `ratio` is our time over the bare one's. */
export function table({ name, title }: Bench, measures: readonly Measure[], seconds: number): string {
  const rows = [HEAD, ...measures.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => (LEFT.has(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ');
  const notes = measures.filter(({ note }) => note !== '').map(({ what, note }) => `  ${what}: ${note}`);
  return [`${name}: ${title} (${seconds.toFixed(1)} s)`, ...rows.map((row) => `  ${line(row).trimEnd()}`), ...notes, ''].join('\n');
}
