import { describe, expect, it } from 'vitest';
import { heldByBreaches } from './held-by.ts';

const TESTS = { path: 'test/a.test.ts', text: "it('holds', () => {});\nit.each([1])('holds %i', () => {});" };
const row = (number: number, by = '[a](../test/a.test.ts) “holds”'): string => `| F${number} | what | remedy | ${by} |\n`;
const section = (number: number): string => `## ${number}. Promise\n\n[a](../test/a.test.ts) “holds %i”\n\n`;
const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1);

const judge = (rows: readonly string[], promises = numbers(7).map(section)): readonly string[] =>
  heldByBreaches([
    TESTS,
    { path: 'docs/FAILURES.md', text: `# Failures\n\n${rows.join('')}` },
    { path: 'docs/PROMISES.md', text: promises.join('') },
  ]).map(({ message }) => message);
/** What is said of one entry held by “holds”, where its file is this. */
const judgeTests = (text: string): readonly string[] =>
  heldByBreaches([
    { path: 'test/a.test.ts', text },
    {
      path: 'docs/FAILURES.md',
      text: `${row(1)}${numbers(31)
        .slice(1)
        .map((number) => row(number, '[b](../test/b.test.ts) “holds”'))
        .join('')}`,
    },
    {
      path: 'docs/PROMISES.md',
      text: numbers(7)
        .map((number) => `## ${number}. Promise\n\n[b](../test/b.test.ts) “holds”\n`)
        .join(''),
    },
    { path: 'test/b.test.ts', text: "it('holds', () => {});" },
  ]).map(({ message }) => message);
const withRow = (at: number, text: string): readonly string[] => numbers(31).map((number) => (number === at ? text : row(number)));

describe('pages whose entries are held by tests', () => {
  it('pass when every entry names a test that is there', () => {
    expect(judge(numbers(31).map((number) => row(number)))).toEqual([]);
  });

  it('fail when a title is no test’s, in part or at all', () => {
    expect(judge(withRow(3, row(3, '[a](../test/a.test.ts) “hold”')))).toEqual(['test/a.test.ts has no test “hold”']);
  });

  it.each([
    ["it.skip('holds', () => {});"],
    ["it.todo('holds');"],
    ["it.fails('holds', () => {});"],
    ["it.skipIf(process.platform === 'win32')('holds', () => {});"],
    ["test.skip.each([1])('holds', () => {});"],
    ["it('holds', { skip: true }, () => {});"],
    ["describe.skip('a suite', () => {\n  describe('inside', () => {\n    it('holds', () => {});\n  });\n});"],
  ])('fail when the test is passed by: %s', (text) => {
    expect(judgeTests(text)).toEqual(['test/a.test.ts passes “holds” by']);
  });

  it.each([
    ["// it('holds', () => {});"],
    ["/* it('holds', () => {}); */"],
    ["it('another', () => expect('holds').toBe('holds'));"],
    ["f('holds');"],
  ])('fail when the title is no test’s: %s', (text) => {
    expect(judgeTests(text)).toEqual(['test/a.test.ts has no test “holds”']);
  });

  it.each([
    ["describe.skip('a suite', () => {});\nit('holds', () => {});"],
    ['it("holds", { timeout: 1 }, () => {});'],
    ['test.each<readonly [number]>([[1]])(`holds`, () => {});'],
    ['test.each`a\n1`("holds", () => {});'],
  ])('pass when it runs: %s', (text) => {
    expect(judgeTests(text)).toEqual([]);
  });

  it('fail when the file is gone, or no title is named', () => {
    expect(judge(withRow(3, row(3, '[b](../test/b.test.ts) “holds”')))).toEqual(['names a test of test/b.test.ts, which is not there']);
    expect(judge(withRow(3, row(3, '[a](../test/a.test.ts)')))).toEqual([expect.stringContaining('without a test')]);
  });

  it('fail when an entry names none, is left out, or there are too few', () => {
    expect(judge(withRow(31, row(31, 'nothing')))).toEqual(['entry 31 names no test that holds it']);
    expect(judge(withRow(5, ''))).toContain('is numbered 6 where 5 is due');
    expect(judge(numbers(30).map((number) => row(number)))).toEqual(['has 30 entries where 31 are due']);
    expect(
      judge(
        numbers(31).map((number) => row(number)),
        numbers(6).map(section),
      ),
    ).toEqual(['has 6 entries where 7 are due']);
  });

  it('fail when the page is missing', () => {
    expect(heldByBreaches([TESTS]).map(({ message }) => message)).toEqual(['is missing', 'is missing']);
  });
});
