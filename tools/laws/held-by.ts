import { posix } from 'node:path';
import { type Breach, isNode, lineAt, nameOf, parseSource, type SyntaxNode, type TextFile, textOf, walk } from './source.ts';

/** Pages on which every entry names the tests that hold it: what begins an entry, and how many there must be at least. */
const PAGES: readonly { readonly path: string; readonly entry: RegExp; readonly least: number }[] = [
  { path: 'docs/FAILURES.md', entry: /^\| F(\d+) \|/gm, least: 31 },
  { path: 'docs/PROMISES.md', entry: /^## (\d+)\. /gm, least: 7 },
];

/** [file](path) “title” */
const TEST = /\]\(([^)\s]+\.test\.ts)\)(?: “([^”]+)”)?/g;

/** What makes vitest pass a test by, always or on some machines, or want it to fail. */
const IDLE: ReadonlySet<string> = new Set(['skip', 'skipIf', 'runIf', 'todo', 'fails']);

/** Pages that promise something: entries numbered from 1 without a gap, each with a test that runs under the very title. */
export function heldByBreaches(files: readonly TextFile[]): readonly Breach[] {
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  return PAGES.flatMap((page) => {
    const text = texts.get(page.path);
    if (text === undefined) return [{ path: page.path, line: null, message: 'is missing' }];
    return [...entryBreaches(page, text), ...testBreaches(page.path, text, texts)];
  });
}

function entryBreaches({ path, entry, least }: (typeof PAGES)[number], text: string): readonly Breach[] {
  const starts = [...text.matchAll(entry)];
  const found: Breach[] = [];
  for (const [index, start] of starts.entries()) {
    const line = lineAt(text, start.index);
    if (Number(start[1]) !== index + 1) found.push({ path, line, message: `is numbered ${start[1]} where ${index + 1} is due` });
    const body = text.slice(start.index, starts[index + 1]?.index ?? text.length);
    if ([...body.matchAll(TEST)].length === 0) found.push({ path, line, message: `entry ${start[1]} names no test that holds it` });
  }
  if (starts.length < least) found.push({ path, line: null, message: `has ${starts.length} entries where ${least} are due` });
  return found;
}

function testBreaches(path: string, text: string, texts: ReadonlyMap<string, string>): readonly Breach[] {
  const parsed = new Map<string, Titles>();
  return [...text.matchAll(TEST)].flatMap(({ index, 1: link = '', 2: title }) => {
    const line = lineAt(text, index);
    const file = posix.join(posix.dirname(path), link);
    if (title === undefined) return [{ path, line, message: `names the file ${file} without a test's title: ](${link}) “title”` }];
    const tests = texts.get(file);
    if (tests === undefined) return [{ path, line, message: `names a test of ${file}, which is not there` }];
    const { running, idle } = parsed.get(file) ?? titlesOf({ path: file, text: tests });
    parsed.set(file, { running, idle });
    if (running.has(title)) return [];
    return [{ path, line, message: idle.has(title) ? `${file} passes “${title}” by` : `${file} has no test “${title}”` }];
  });
}

/** The titles of a file's tests: of those that run, and of those that may be passed by. */
interface Titles {
  readonly running: ReadonlySet<string>;
  readonly idle: ReadonlySet<string>;
}

function titlesOf(file: TextFile): Titles {
  const [running, idle] = [new Set<string>(), new Set<string>()];
  let idleUntil = 0;
  walk(parseSource(file).program, (node) => {
    if (node.type !== 'CallExpression' || !Array.isArray(node.arguments)) return;
    const [kind = '', ...modifiers] = wordsOf(node.callee);
    const isIdle = node.start < idleUntil || [...modifiers, ...optionsOf(node.arguments[1])].some((word) => IDLE.has(word));
    if (kind === 'describe' && isIdle) idleUntil = Math.max(idleUntil, node.end);
    const title = textOf(node.arguments[0]);
    if ((kind === 'it' || kind === 'test') && title !== null) (isIdle ? idle : running).add(title);
  });
  return { running, idle };
}

/** The names a call goes by: of `it.skip.each([1])('holds %i', …)` it, skip, each. */
function wordsOf(callee: unknown): readonly string[] {
  if (!isNode(callee)) return [];
  if (callee.type === 'MemberExpression') return [...wordsOf(callee.object), nameOf(callee.property) ?? ''];
  if (callee.type === 'CallExpression') return wordsOf(callee.callee);
  if (callee.type === 'TaggedTemplateExpression') return wordsOf(callee.tag);
  return [nameOf(callee) ?? ''];
}

/** The names of what is set in `it('holds', { skip: true }, …)`. */
const optionsOf = (options: unknown): readonly string[] =>
  isNode(options) && Array.isArray(options.properties) ? options.properties.filter(isNode).map(keyOf) : [];

const keyOf = ({ key }: SyntaxNode): string => nameOf(key) ?? textOf(key) ?? '';
