import { type Breach, breachAt, importsOf, isTest, nameOf, type Source, type SyntaxNode, walk } from './source.ts';

/** Where nothing but arguments may decide what happens: replay, simulation and live are then one code path. */
const PURE = ['packages/trading/', 'packages/paper-exchange/src/matching/'];
/** Where time comes through the Clock port alone, so that a replay at any speed tells one story. Node and timers stay allowed. */
const ONE_CLOCK = ['packages/bot/'];

const CLOCK_GLOBALS: ReadonlySet<string> = new Set(['performance', 'Temporal']);
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

/** Breaches of "trading knows no clock, no chance, no timer, no world" and "time comes through the Clock port". */
export function purityBreaches(sources: readonly Source[]): readonly Breach[] {
  return sources.flatMap((source) => {
    const pure = PURE.some((folder) => source.path.startsWith(folder));
    const oneClock = pure || ONE_CLOCK.some((folder) => source.path.startsWith(folder));
    return oneClock ? [...impurities(source, pure), ...(pure ? reachesOut(source) : [])] : [];
  });
}

/** Pure code reads no file and no socket: it imports neither node nor npm. Its tests may read what was recorded. */
function reachesOut(source: Source): readonly Breach[] {
  if (isTest(source.path)) return [];
  return importsOf(source)
    .filter(({ specifier }) => !specifier.startsWith('.') && !specifier.startsWith('@hyperfleet/'))
    .map(({ specifier, at }) => breachAt(source, at, `'${specifier}' is not pure: hand in what it gives`));
}

function impurities(source: Source, pure: boolean): readonly Breach[] {
  const bound = boundNames(source.program);
  const found: Breach[] = [];
  walk(source.program, (node, parent, field) => {
    const what = clockRead(node, bound) ?? (pure ? randomRead(node, bound) : null) ?? globalRead(node, parent, field, bound, pure);
    if (what === null) return;
    const remedy = pure ? 'is not pure: take it as an argument' : 'reads the wall clock: use the Clock port';
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

function globalRead(node: SyntaxNode, parent: SyntaxNode | null, field: string, bound: ReadonlySet<string>, pure: boolean): string | null {
  const name = nameOf(node);
  if (name === null || bound.has(name)) return null;
  if (!CLOCK_GLOBALS.has(name) && !(pure && WORLD_GLOBALS.has(name))) return null;
  return isMereName(parent, field) ? null : name;
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
