import { type Breach, breachAt, importsOf, isTest, nameOf, type Source, type SyntaxNode, walk } from './source.ts';

/** Where nothing but arguments may decide what happens: replay, simulation and live are then one code path. */
const PURE = ['packages/trading/', 'packages/paper-exchange/src/matching/'];
/** Where time comes through the Clock port alone, so that a replay at any speed tells one story. Node stays allowed. */
const ONE_CLOCK = ['packages/bot/', 'packages/store/', 'test/simulation/'];
/**
 * The doors of that path to the world. The database waits for locks and names new files by chance unless it is told how; the lock
 * of a data directory says when it was taken; the executor is what stands in for time; the command holds a stopwatch.
 */
const WORLD_DOORS: ReadonlySet<string> = new Set([
  'packages/store/src/database.ts',
  'packages/store/src/lock.ts',
  'test/simulation/executor.ts',
  'test/simulation/main.ts',
]);

const CLOCK_GLOBALS: ReadonlySet<string> = new Set(['performance', 'Temporal']);
const TIMER_GLOBALS: ReadonlySet<string> = new Set(['setTimeout', 'setInterval', 'setImmediate']);
/** Modules, and names of modules, that bring clock, chance or timers in by another way. */
const WORLD_MODULES: ReadonlySet<string> = new Set(['node:timers', 'node:timers/promises', 'node:perf_hooks']);
const CHANCE_NAMES: ReadonlySet<string> = new Set([
  'randomBytes',
  'randomUUID',
  'randomInt',
  'randomFillSync',
  'getRandomValues',
  'webcrypto',
]);
const WORLD_GLOBALS: ReadonlySet<string> = new Set([
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'process',
  'crypto',
  'fetch',
  'WebSocket',
  'globalThis',
  'console',
  'Atomics',
]);

/** Breaches of "trading knows no clock, no chance, no timer, no world" and "what is simulated is given its clock, chance and timers". */
export function purityBreaches(sources: readonly Source[]): readonly Breach[] {
  return sources.flatMap((source) => {
    const pure = PURE.some((folder) => source.path.startsWith(folder));
    if (pure) return [...impurities(source, 'pure'), ...reachesOut(source)];
    if (!ONE_CLOCK.some((folder) => source.path.startsWith(folder)) || WORLD_DOORS.has(source.path)) return [];
    // Tests of the store wait for real processes; what is simulated is the code beside them.
    const isTrial = isTest(source.path) || source.path.includes('/testing/');
    if (isTrial && !source.path.startsWith('packages/bot/')) return [];
    return isTrial ? impurities(source, 'clock') : [...impurities(source, 'seeded'), ...chanceImports(source)];
  });
}

/** Pure code reads no file and no socket: it imports neither node nor npm. Its tests may read what was recorded. */
function reachesOut(source: Source): readonly Breach[] {
  if (isTest(source.path)) return [];
  return importsOf(source)
    .filter(({ specifier }) => !specifier.startsWith('.') && !specifier.startsWith('@hyperfleet/'))
    .map(({ specifier, at }) => breachAt(source, at, `'${specifier}' is not pure: hand in what it gives`));
}

/** Chance, clock and timers by import. */
function chanceImports(source: Source): readonly Breach[] {
  const found: Breach[] = importsOf(source)
    .filter(({ specifier }) => WORLD_MODULES.has(specifier))
    .map(({ specifier, at }) => breachAt(source, at, `'${specifier}' is no part of what is simulated: use the Clock port`));
  walk(source.program, (node) => {
    const name = node.type === 'ImportSpecifier' ? nameOf(node.imported) : null;
    if (name !== null && CHANCE_NAMES.has(name))
      found.push(breachAt(source, node.start, `${name} draws by chance: take it as an argument`));
  });
  return found;
}

/** `pure` knows no world at all; `seeded` neither clock, chance nor timer of its own; `clock` only no clock. */
type Strictness = 'pure' | 'seeded' | 'clock';

function impurities(source: Source, strictness: Strictness): readonly Breach[] {
  const bound = boundNames(source.program);
  const found: Breach[] = [];
  walk(source.program, (node, parent, field) => {
    const random = strictness === 'clock' ? null : randomRead(node, bound);
    const what = clockRead(node, bound) ?? random ?? globalRead(node, parent, field, { bound, strictness });
    if (what === null) return;
    const remedy =
      strictness === 'pure' ? 'is not pure: take it as an argument' : 'is not simulated: use the Clock port, or take it as an argument';
    found.push(breachAt(source, node.start, `${what} ${remedy}`));
  });
  return found;
}

/** `Date.now`, `Date()`, `new Date()`; a Date made of given milliseconds is a mere value and stays allowed. */
function clockRead(node: SyntaxNode, bound: ReadonlySet<string>): string | null {
  if (bound.has('Date')) return null;
  if (node.type === 'MemberExpression' && nameOf(node.object) === 'Date' && nameOf(node.property) === 'now') return 'Date.now';
  const called = (node.type === 'CallExpression' || node.type === 'NewExpression') && nameOf(node.callee) === 'Date';
  if (!called) return null;
  if (node.type === 'CallExpression') return 'Date()';
  return Array.isArray(node.arguments) && node.arguments.length > 0 ? null : 'new Date()';
}

function randomRead(node: SyntaxNode, bound: ReadonlySet<string>): string | null {
  const random = node.type === 'MemberExpression' && nameOf(node.object) === 'Math' && nameOf(node.property) === 'random';
  return random && !bound.has('Math') ? 'Math.random' : null;
}

function globalRead(
  node: SyntaxNode,
  parent: SyntaxNode | null,
  field: string,
  of: { readonly bound: ReadonlySet<string>; readonly strictness: Strictness },
): string | null {
  const name = nameOf(node);
  if (name === null || of.bound.has(name)) return null;
  const banned =
    CLOCK_GLOBALS.has(name) ||
    (of.strictness === 'pure' && WORLD_GLOBALS.has(name)) ||
    (of.strictness === 'seeded' && (TIMER_GLOBALS.has(name) || name === 'crypto'));
  return banned && !isMereName(parent, field) ? name : null;
}

/** True where an identifier is a label and reads nothing: `x.process`, `{ process: 1 }`, a member's own name, a type's name. */
function isMereName(parent: SyntaxNode | null, field: string): boolean {
  if (parent === null) return false;
  if (parent.type === 'MemberExpression' && field === 'property') return parent.computed !== true;
  if (parent.type.startsWith('TS')) return true;
  return field === 'key' && parent.computed !== true && parent.shorthand !== true;
}

/** Every name the file itself declares: those are not globals. */
function boundNames(program: SyntaxNode): ReadonlySet<string> {
  const names = new Set<string>();
  const bind = (pattern: unknown): void => {
    const name = nameOf(pattern);
    if (name !== null) names.add(name);
  };
  walk(program, (node) => {
    if (node.type === 'VariableDeclarator' || node.type === 'FunctionDeclaration' || node.type === 'ClassDeclaration') bind(node.id);
    if (node.type.startsWith('Import') && node.type.endsWith('Specifier')) bind(node.local);
    if (Array.isArray(node.params)) for (const param of node.params) bind(param);
  });
  return names;
}
