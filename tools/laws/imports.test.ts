import { describe, expect, it } from 'vitest';
import { DOORS, importBreaches, type Manifest } from './imports.ts';
import { parseSource } from './source.ts';

const manifest = (folder: string, name: string, ...declared: readonly string[]): Manifest => ({
  folder,
  name,
  declared: Object.fromEntries(declared.map((each) => [each, '1.0.0'])),
});

const MANIFESTS = [
  manifest('', 'hyperfleet', 'vitest', 'fast-check', 'typescript'),
  manifest('packages/trading', '@hyperfleet/trading', '@hyperfleet/store', 'pino'),
  manifest('packages/store', '@hyperfleet/store', '@hyperfleet/trading', '@hyperfleet/bot', 'better-sqlite3', 'pino', 'left-pad'),
  manifest('packages/bot', '@hyperfleet/bot', '@hyperfleet/trading'),
  manifest('packages/supervisor', '@hyperfleet/supervisor', '@hyperfleet/trading', 'pino'),
  manifest('packages/hyperliquid', '@hyperfleet/hyperliquid', '@hyperfleet/trading', 'secp256k1', '@nktkas/hyperliquid'),
  manifest('packages/paper-exchange', '@hyperfleet/paper-exchange', '@hyperfleet/trading', 'secp256k1'),
  manifest(
    'apps/fleet',
    '@hyperfleet/app-fleet',
    '@hyperfleet/store',
    '@hyperfleet/bot',
    '@hyperfleet/app-admin-controls',
    'better-sqlite3',
  ),
  manifest('apps/admin-controls', '@hyperfleet/app-admin-controls', '@hyperfleet/store'),
];

/** The messages the law has for one file. */
const judge = (path: string, text: string): readonly string[] =>
  importBreaches([parseSource({ path, text })], MANIFESTS).map(({ message }) => message);

const allowed: readonly (readonly [what: string, path: string, text: string])[] = [
  ['a middle package imports trading', 'packages/store/src/a.ts', `import { ticks } from '@hyperfleet/trading';`],
  ['a middle package imports node', 'packages/store/src/a.ts', `import { readFileSync } from 'node:fs';`],
  ['a bench measures a bare npm package', 'bench/ledger.ts', `import Database from 'better-sqlite3';`],
  ['an npm package comes through its door', 'packages/store/src/a.ts', `import Database from 'better-sqlite3';`],
  ['a deep npm path belongs to its package', 'packages/hyperliquid/src/a.ts', `import { order } from '@nktkas/hyperliquid/api/exchange';`],
  ['the signature library has two doors', 'packages/paper-exchange/src/a.ts', `import secp from 'secp256k1';`],
  ['files of one package import each other', 'packages/store/src/sql/a.ts', `import { b } from '../b.ts';`],
  ['an app imports any package', 'apps/fleet/src/a.ts', `import '@hyperfleet/store'; import '@hyperfleet/bot';`],
  ['an app names the configuration page', 'apps/fleet/src/main.ts', `new URL('../../../fleet.config.ts', import.meta.url);`],
  ['an app starts its own worker', 'apps/fleet/src/main.ts', `new Worker(new URL('./signal.worker.ts', import.meta.url));`],
  ['a path to data is no import', 'packages/store/src/a.ts', `new URL('../../../migrations/', import.meta.url);`],
  ['tests use vitest and fast-check', 'packages/trading/src/a.test.ts', `import { it } from 'vitest'; import fc from 'fast-check';`],
  [
    'whole-house tests import anything',
    'test/e2e/a.test.ts',
    `import '@hyperfleet/bot'; import 'better-sqlite3'; import '../../packages/bot/src/decide.ts';`,
  ],
  ['tools import each other and vitest', 'tools/check.ts', `import './laws/imports.ts'; import 'vitest/node';`],
];

const refused: readonly (readonly [what: string, path: string, text: string, says: RegExp])[] = [
  ['a middle package looks sideways', 'packages/store/src/a.ts', `import '@hyperfleet/bot';`, /never looks sideways/],
  ['a type taken sideways', 'packages/store/src/a.ts', `import type { Bot } from '@hyperfleet/bot';`, /never looks sideways/],
  ['an inline import type taken sideways', 'packages/store/src/a.ts', `let b: import('@hyperfleet/bot').Bot;`, /never looks sideways/],
  ['a re-export taken sideways', 'packages/store/src/a.ts', `export * from '@hyperfleet/bot';`, /never looks sideways/],
  ['a dynamic import taken sideways', 'packages/store/src/a.ts', `await import('@hyperfleet/bot');`, /never looks sideways/],
  ['a test beside the code looks sideways', 'packages/store/src/a.test.ts', `import '@hyperfleet/bot';`, /never looks sideways/],
  ['trading imports a neighbour', 'packages/trading/src/a.ts', `import '@hyperfleet/store';`, /trading imports nothing/],
  ['trading imports node', 'packages/trading/src/a.ts', `import 'node:fs';`, /trading imports nothing/],
  ['trading imports npm', 'packages/trading/src/a.ts', `import 'pino';`, /trading imports nothing/],
  ['supervisor imports trading', 'packages/supervisor/src/a.ts', `import '@hyperfleet/trading';`, /node:\* only/],
  ['supervisor imports npm', 'packages/supervisor/src/a.ts', `import 'pino';`, /node:\* only/],
  ['an app imports an app', 'apps/fleet/src/a.ts', `import '@hyperfleet/app-admin-controls';`, /nothing imports an app/],
  ['a package imports an app', 'packages/store/src/a.ts', `import '@hyperfleet/app-fleet';`, /nothing imports an app/],
  ['an app goes round the door', 'apps/fleet/src/a.ts', `import 'better-sqlite3';`, /has its door in store/],
  ['a package uses the wrong door', 'packages/store/src/a.ts', `import 'pino';`, /has its door in telemetry/],
  ['an npm package without a door', 'packages/store/src/a.ts', `import 'left-pad';`, /has no door/],
  ['a deep path into a package', 'apps/fleet/src/a.ts', `import '@hyperfleet/store/src/open.ts';`, /passes by the index/],
  ['a relative path into a package', 'apps/fleet/src/a.ts', `import '../../../packages/store/src/open.ts';`, /relative path/],
  ['a relative path into an app', 'apps/fleet/src/a.ts', `import '../../admin-controls/src/main.ts';`, /relative path/],
  [
    'a worker of another package by URL',
    'apps/fleet/src/a.ts',
    `new URL('../../../packages/bot/src/x.worker.ts', import.meta.url);`,
    /relative path/,
  ],
  ['a package takes from the whole-house tests', 'packages/bot/src/a.test.ts', `import '../../../test/support/x.ts';`, /relative path/],
  ['a package takes the fleet configuration', 'packages/bot/src/a.ts', `import '../../../fleet.config.ts';`, /relative path/],
  ['the package imports itself by name', 'packages/store/src/a.ts', `import '@hyperfleet/store';`, /use a relative path/],
  ['vitest outside a test', 'packages/bot/src/a.ts', `import 'vitest';`, /belongs to tests/],
  ['code uses what is for tests', 'packages/bot/src/a.ts', `import './testing/a.ts';`, /for tests only/],
  ['a neighbour not declared', 'apps/admin-controls/src/a.ts', `import '@hyperfleet/bot';`, /not declared in apps\/admin-controls/],
  ['a door not declared', 'packages/paper-exchange/src/a.ts', `import 'ws';`, /not declared in packages\/paper-exchange/],
  ['a tool imports what nobody declared', 'tools/a.ts', `import 'left-pad';`, /declare it/],
  ['node without its prefix', 'packages/store/src/a.ts', `import 'fs';`, /write 'node:fs'/],
  ['an absolute path', 'packages/store/src/a.ts', `import '/opt/x.ts';`, /absolute path/],
];

describe('the import laws', () => {
  it.each(allowed)('allow that %s', (_, path, text) => {
    expect(judge(path, text)).toEqual([]);
  });

  it.each(refused)('refuse %s', (_, path, text, says) => {
    expect(judge(path, text)).toEqual([expect.stringMatching(says)]);
  });

  it('name the line of the import', () => {
    const source = parseSource({ path: 'packages/store/src/a.ts', text: `const a = 1;\n\nimport '@hyperfleet/bot';\n` });
    expect(importBreaches([source], MANIFESTS).map(({ line }) => line)).toEqual([3]);
  });

  it('read code, not comments or strings', () => {
    expect(judge('packages/store/src/a.ts', `// import '@hyperfleet/bot';\nconst text = "import '@hyperfleet/bot'";`)).toEqual([]);
  });

  it('give every package that needs hashing or signatures on both sides two doors, and every other one', () => {
    const two = [...DOORS].filter(([, doors]) => doors.length > 1).map(([name]) => name);
    expect(two).toEqual(['secp256k1', '@noble/hashes']);
  });
});
