import { describe, expect, it } from 'vitest';
import { purityBreaches } from './purity.ts';
import { parseSource } from './source.ts';

const judge = (path: string, text: string): number => purityBreaches([parseSource({ path, text })]).length;

const IMPURE = [
  'Date.now()',
  'new Date()',
  'Date()',
  'performance.now()',
  'Math.random()',
  'setTimeout(done, 1)',
  'setInterval(done, 1)',
  'setImmediate(done)',
  'process.env',
  'crypto.randomUUID()',
  'globalThis.Date',
  "fetch('http://127.0.0.1')",
  "console.log('x')",
];

const PURE = [
  'new Date(ms).toISOString()',
  'Date.UTC(2026, 0, 1)',
  'Math.floor(1.5)',
  'plan.process',
  '({ performance: 1 })',
  '((process) => process)(1)',
  "'Date.now()'",
];

describe('purity', () => {
  it.each(IMPURE)('refuses %s in trading', (code) => {
    expect(judge('packages/trading/src/a.ts', `const a = ${code};`)).toBeGreaterThan(0);
  });

  it.each(IMPURE)('refuses %s in the matching core', (code) => {
    expect(judge('packages/paper-exchange/src/matching/a.ts', `const a = ${code};`)).toBeGreaterThan(0);
  });

  it.each(PURE)('allows %s in trading', (code) => {
    expect(judge('packages/trading/src/a.ts', `const a = ${code};`)).toBe(0);
  });

  it('lets the matching core import neither node nor npm, but its tests read recordings', () => {
    expect(judge('packages/paper-exchange/src/matching/a.ts', `import 'node:fs';`)).toBe(1);
    expect(judge('packages/paper-exchange/src/matching/a.ts', `import 'ws';`)).toBe(1);
    expect(judge('packages/paper-exchange/src/matching/a.ts', `import './b.ts'; import '@hyperfleet/trading';`)).toBe(0);
    expect(judge('packages/paper-exchange/src/matching/a.test.ts', `import 'node:fs';`)).toBe(0);
  });

  it('holds for the tests of trading too', () => {
    expect(judge('packages/trading/src/a.test.ts', 'const a = Date.now();')).toBe(1);
  });

  it.each(['packages/bot/src/a.ts', 'packages/store/src/signals/a.ts', 'test/simulation/a.ts'])(
    'gives %s its clock, chance and timers',
    (path) => {
      for (const code of [
        'Date.now()',
        'performance.now()',
        'Math.random()',
        'setTimeout(a, 1)',
        'setImmediate(a)',
        'crypto.randomUUID()',
      ]) {
        expect(judge(path, `const b = ${code};`), code).toBe(1);
      }
      expect(judge(path, `import { randomBytes } from 'node:crypto';`)).toBe(1);
      expect(judge(path, `import 'node:timers/promises';`)).toBe(1);
      expect(judge(path, `import { createHash } from 'node:crypto'; clock.after(5, run);`)).toBe(0);
    },
  );

  it('leaves the simulated path its doors, and tests of the store their processes', () => {
    for (const path of ['packages/store/src/database.ts', 'test/simulation/executor.ts', 'packages/store/src/a.test.ts']) {
      expect(judge(path, 'const a = setImmediate(run);')).toBe(0);
    }
    expect(judge('packages/bot/src/a.test.ts', 'const a = Date.now();')).toBe(1);
  });

  it('keeps the bot on one clock but leaves it its node', () => {
    expect(judge('packages/bot/src/a.ts', 'const a = Date.now();')).toBe(1);
    expect(judge('packages/bot/src/a.ts', 'queueMicrotask(run);')).toBe(0);
  });

  it('says nothing about rooms where wall time is the point', () => {
    expect(judge('packages/supervisor/src/a.ts', 'const a = Date.now();')).toBe(0);
  });
});
