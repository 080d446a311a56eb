import {
  type Breach,
  breachAt,
  isNode,
  isTest,
  matchingLines,
  nameOf,
  type Source,
  type SyntaxNode,
  type TextFile,
  walk,
} from './source.ts';

/** Lines a .ts file may have. Most have fewer than 300. */
const FILE_LINES_MAX = 400;
/** Lines a function may have outside tests. */
const FUNCTION_LINES_MAX = 70;

const BANNED_STEM_WORDS: ReadonlySet<string> = new Set(['util', 'utils', 'common', 'helper', 'helpers', 'manager', 'service', 'misc']);
const BANNED_IDENTIFIER_WORDS: ReadonlySet<string> = new Set(['util', 'utils', 'helper', 'helpers', 'manager', 'service']);

/** Files too long to be one thing, and functions too long to be read at once. */
export function sizeBreaches(sources: readonly Source[]): readonly Breach[] {
  return sources.flatMap((source) => {
    const lines = countLines(source.text);
    const long =
      lines > FILE_LINES_MAX
        ? [{ path: source.path, line: null, message: `${lines} lines, the limit is ${FILE_LINES_MAX}: split it` }]
        : [];
    return [...long, ...longFunctions(source)];
  });
}

const countLines = (text: string): number => text.split('\n').length - (text.endsWith('\n') ? 1 : 0);

const FUNCTIONS: ReadonlySet<string> = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);

/** Counts what a function does itself: functions standing inside it are judged on their own. */
function longFunctions(source: Source): readonly Breach[] {
  if (isTest(source.path)) return [];
  const found: Breach[] = [];
  /** Judges every function at or below `node`, and returns the lines taken by the outermost of them. */
  const judge = (node: SyntaxNode, parent: SyntaxNode | null): number => {
    const children = Object.values(node).flat().filter(isNode);
    const inner = children.reduce((sum, child) => sum + judge(child, node), 0);
    if (!FUNCTIONS.has(node.type)) return inner;
    const lines = countLines(source.text.slice(node.start, node.end));
    if (lines - inner > FUNCTION_LINES_MAX) {
      const name = nameOf(node.id) ?? nameOf(parent?.id) ?? nameOf(parent?.key) ?? 'a function';
      found.push(
        breachAt(source, node.start, `${name} has ${lines - inner} lines of its own, the limit is ${FUNCTION_LINES_MAX}: name its steps`),
      );
    }
    return lines;
  };
  judge(source.program, null);
  return found;
}

/** Names that say nothing: as a file, a folder, or an exported identifier. And files that are not kebab-case. */
export function nameBreaches(files: readonly TextFile[], sources: readonly Source[]): readonly Breach[] {
  const byPath = files.flatMap(({ path }) => {
    const message = judgePath(path);
    return message === null ? [] : [{ path, line: null, message }];
  });
  return [...byPath, ...sources.flatMap(exportedNameBreaches)];
}

function judgePath(path: string): string | null {
  for (const part of path.split('/')) {
    const stem = part.replace(/^\./, '').split('.')[0] ?? part;
    const word = stem.split(/[-_]/).find((piece) => BANNED_STEM_WORDS.has(piece.toLowerCase()));
    if (word !== undefined) return `'${part}' is named after nothing ('${word}'): name the thing it is`;
    if (part === 'types.ts') return `a file of types is named after what they describe`;
  }
  if (!path.endsWith('.ts')) return null;
  const file = path.slice(path.lastIndexOf('/') + 1);
  return /^[a-z0-9]+([-.][a-z0-9]+)*\.ts$/.test(file) ? null : `'${file}' is not kebab-case`;
}

function exportedNameBreaches(source: Source): readonly Breach[] {
  return exportedNames(source.program).flatMap(({ name, at }) => {
    const words = name.split(/_|(?<=[a-z0-9])(?=[A-Z])/).map((word) => word.toLowerCase());
    const banned = words.find((word) => BANNED_IDENTIFIER_WORDS.has(word));
    return banned === undefined ? [] : [breachAt(source, at, `exports '${name}': '${banned}' says nothing, name the thing it is`)];
  });
}

/** The names a file exports by its own declarations and export lists. */
function exportedNames(program: SyntaxNode): readonly { readonly name: string; readonly at: number }[] {
  const found: { name: string; at: number }[] = [];
  const add = (node: unknown): void => {
    const name = nameOf(node);
    if (name !== null && isNode(node)) found.push({ name, at: node.start });
  };
  walk(program, (node) => {
    if (node.type === 'ExportSpecifier') add(node.exported);
    if (node.type !== 'ExportNamedDeclaration' || !isNode(node.declaration)) return;
    const declaration = node.declaration;
    add(declaration.id);
    if (Array.isArray(declaration.declarations)) for (const each of declaration.declarations) add(isNode(each) ? each.id : null);
  });
  return found;
}

const TEST_ROOTS: ReadonlySet<string> = new Set(['it', 'test', 'describe', 'suite', 'bench']);
const TEST_DODGES: ReadonlySet<string> = new Set(['only', 'skip', 'todo', 'fails']);
// Written so that this file does not break its own laws.
const LATER = /\b(?:TO(?:DO)|FIX(?:ME)|X(?:XX)|HA(?:CK))\b/;
const SILENCED = /@ts-(?:ignore|nocheck)\b|biome-ignore-(?:all)\b/;
const SILENCED_OUTSIDE_TESTS = new RegExp(`${SILENCED.source}|@ts-(?:expect-error)\\b`);

/** `any`, silenced checkers, tests that are focused or left out. */
export function honestyBreaches(sources: readonly Source[]): readonly Breach[] {
  return sources.flatMap((source) => {
    const found: Breach[] = [];
    walk(source.program, (node) => {
      if (node.type === 'TSAnyKeyword') found.push(breachAt(source, node.start, `'any' turns the checker off: use unknown and narrow it`));
      const dodge = dodgeOf(node);
      if (dodge !== null) found.push(breachAt(source, node.start, `${dodge}: run the test or remove it (skipIf with a reason is allowed)`));
    });
    const silenced = isTest(source.path) ? SILENCED : SILENCED_OUTSIDE_TESTS;
    return [...found, ...matchingLines(source, silenced, (hit) => `${hit}: mend the type instead of silencing the checker`)];
  });
}

function dodgeOf(node: SyntaxNode): string | null {
  if (node.type !== 'MemberExpression') return null;
  const dodge = nameOf(node.property);
  let root: unknown = node.object;
  while (isNode(root) && root.type === 'MemberExpression') root = root.object;
  const name = nameOf(root);
  return dodge !== null && name !== null && TEST_ROOTS.has(name) && TEST_DODGES.has(dodge) ? `${name}.${dodge}` : null;
}

/** Notes for later: what is to be done is done, or it is no part of the tree. */
export const laterBreaches = (files: readonly TextFile[]): readonly Breach[] =>
  files.flatMap((file) => matchingLines(file, LATER, (hit) => `'${hit}': do it now or leave it out`));
