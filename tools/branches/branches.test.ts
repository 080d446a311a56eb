import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { branchesOf } from './branches.ts';
import { readCounts } from './counts.ts';

/** Branches that were not taken, when `count` says how often each place was reached. */
const missed = (text: string, count: (offset: number) => number): readonly string[] =>
  branchesOf({ path: 'a.ts', text }, count)
    .filter(({ taken }) => !taken)
    .map(({ line, what }) => `${line} ${what}`);

/** A place is reached unless it stands after one of these marks and before the next space. */
const except =
  (text: string, ...marks: readonly string[]) =>
  (offset: number): number =>
    marks.some((mark) => text.indexOf(mark) === offset) ? 0 : 2;

it('a condition has both ways, also where the second is not written', () => {
  const text = 'function f(a: number) {\n  if (a > 1) return a;\n  return a < 0 ? b(a) : c(a);\n}';
  expect(missed(text, () => 1)).toEqual(['2 if not']);
  expect(missed(text, except(text, 'return a;', 'c(a)'))).toEqual(['2 if', '3 :']);
});

it('right sides, loops, cases, catches and functions are branches', () => {
  const text = `const f = (a: number | null) => a ?? d();
for (const x of y) g(x);
switch (z) { case 1: h(); break; }
try { i(); } catch { j(); }
p && q();`;
  const marks = ['d()', 'g(x)', 'h()', '{ j()', 'q()', 'a ??'];
  expect(missed(text, except(text, ...marks))).toEqual(['1 function', '1 ??', '2 loop', '3 case', '4 catch', '5 &&']);
});

it('what only proves that a union is whole is no branch', () => {
  const text = `switch (a) { case 1: b(); break; default: assertNever(a); }
switch (a) { case 1: b(); break; default: { const never: never = a; throw never; } }
function assertNever(value: never): never { throw value; }`;
  expect(missed(text, (offset) => (text.slice(offset, offset + 3) === 'b()' ? 1 : 0))).toEqual([]);
});

it('counts are those of the innermost range, summed over processes, and zero for what nobody loaded', () => {
  const dir = mkdtempSync(join(tmpdir(), 'hyperfleet-counts-'));
  const url = pathToFileURL(join(dir, 'a.ts')).href;
  const whole = { ranges: [{ startOffset: 0, endOffset: 100, count: 1 }] };
  const inner = {
    ranges: [
      { startOffset: 10, endOffset: 60, count: 5 },
      { startOffset: 20, endOffset: 30, count: 0 },
    ],
  };
  writeFileSync(join(dir, '1.json'), JSON.stringify({ result: [{ url: `${url}?v=1`, functions: [whole, inner] }] }));
  writeFileSync(
    join(dir, '2.json'),
    JSON.stringify({
      result: [
        { url, functions: [whole] },
        { url: 'node:fs', functions: [] },
      ],
    }),
  );
  const counts = readCounts(dir);
  expect([5, 15, 25, 60, 200].map(counts(join(dir, 'a.ts')))).toEqual([2, 6, 1, 2, 0]);
  expect(counts(join(dir, 'b.ts'))(5)).toBe(0);
  rmSync(dir, { recursive: true, force: true });
});
