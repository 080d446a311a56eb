import { describe, expect, it } from 'vitest';
import { honestyBreaches, laterBreaches, nameBreaches, sizeBreaches } from './shape.ts';
import { parseSource, type TextFile } from './source.ts';

const CODE = 'packages/bot/src/a.ts';
const TEST = 'packages/bot/src/a.test.ts';
const statements = (count: number): string => 'work();\n'.repeat(count);

describe('sizes', () => {
  const judge = (path: string, text: string): readonly string[] =>
    sizeBreaches([parseSource({ path, text })]).map(({ message }) => message);

  it('lets 400 lines pass and stops 401', () => {
    expect(judge(CODE, statements(400))).toEqual([]);
    expect(judge(CODE, statements(401))).toEqual([expect.stringMatching(/^401 lines/)]);
  });

  it('stops a function of more than 70 lines by its name', () => {
    expect(judge(CODE, `function small() {\n${statements(68)}}\n`)).toEqual([]);
    expect(judge(CODE, `function large() {\n${statements(69)}}\n`)).toEqual([expect.stringMatching(/^large has 71 lines/)]);
    expect(judge(CODE, `const arrow = () => {\n${statements(69)}};\n`)).toEqual([expect.stringMatching(/^arrow has 71 lines/)]);
    expect(judge(CODE, `class A {\n  method() {\n${statements(69)}}\n}\n`)).toEqual([expect.stringMatching(/^method has 71 lines/)]);
  });

  it('judges a function inside a function on its own', () => {
    const inner = (name: string): string => `  function ${name}() {\n${statements(50)}  }\n`;
    expect(judge(CODE, `function outer() {\n${inner('a')}${inner('b')}}\n`)).toEqual([]);
  });

  it('leaves the length of test functions alone', () => {
    expect(judge(TEST, `function large() {\n${statements(100)}}\n`)).toEqual([]);
  });
});

describe('names', () => {
  const judge = (path: string, text = ''): readonly string[] =>
    nameBreaches([{ path, text }], [parseSource({ path, text })]).map(({ message }) => message);

  it.each(['packages/bot/src/utils.ts', 'packages/common/src/a.ts', 'packages/bot/src/order-helpers.ts', 'packages/bot/src/types.ts'])(
    'refuses %s',
    (path) => {
      expect(judge(path)).toHaveLength(1);
    },
  );

  it.each(['packages/bot/src/trade-manager.ts', 'packages/bot/src/OrderBook.ts', 'test/helpers/a.ts', 'packages/bot/src/order_book.ts'])(
    'refuses %s too',
    (path) => {
      expect(judge(path)).toHaveLength(1);
    },
  );

  it.each(['packages/bot/src/signal-loop.ts', 'apps/fleet/src/workers/signal.worker.ts', 'packages/bot/src/tp1.test.ts', 'README.md'])(
    'accepts %s',
    (path) => {
      expect(judge(path)).toEqual([]);
    },
  );

  it.each([
    'export class OrderManager {}',
    'export const priceUtils = 1;',
    'const a = 1; export { a as helpers };',
    'export type SignalService = 1;',
  ])('refuses %s', (text) => {
    expect(judge(CODE, text)).toHaveLength(1);
  });

  it('leaves names alone that are not exported', () => {
    expect(judge(CODE, 'const manager = 1;')).toEqual([]);
  });
});

describe('honesty', () => {
  const judge = (path: string, text: string): number => honestyBreaches([parseSource({ path, text })]).length;

  it.each([
    'const a: any = 1;',
    'const a = 1 as any;',
    'function f(a: any[]) {}',
    `const a = 1; // @ts-${'ignore'}`,
    `// @ts-${'nocheck'}`,
  ])('refuses %s', (text) => {
    expect(judge(CODE, text)).toBe(1);
    expect(judge(TEST, text)).toBe(1);
  });

  it.each(['it.only', 'it.skip', 'describe.only', 'test.todo', 'it.only.each', 'describe.skip'])('refuses %s', (call) => {
    expect(judge(TEST, `${call}('name', () => {});`)).toBe(1);
  });

  it.each(['it.skipIf(true)', 'it.each([1])', 'describe.runIf(true)', 'context.skip'])('accepts %s', (call) => {
    expect(judge(TEST, `${call}('name', () => {});`)).toBe(0);
  });

  it('lets only a test expect a type error: that is how a type is proved', () => {
    const text = `// @ts-${'expect-error'} an unchecked order does not compile`;
    expect(judge(TEST, text)).toBe(0);
    expect(judge(CODE, text)).toBe(1);
  });
});

describe('notes for later', () => {
  it('are refused in code, SQL and prose, with their line', () => {
    const file = (path: string): TextFile => ({ path, text: `first\n-- ${'TO'}${'DO'} more\n` });
    expect(laterBreaches([file('a.ts'), file('b.sql'), file('c.md')]).map(({ path, line }) => `${path}:${line}`)).toEqual([
      'a.ts:2',
      'b.sql:2',
      'c.md:2',
    ]);
  });

  it('are not mistaken in other words', () => {
    expect(laterBreaches([{ path: 'a.ts', text: 'methodOf(TODOS); // the XXXL size\n' }])).toEqual([]);
  });
});
