import { posix } from 'node:path';
import { type Breach, lineAt, type TextFile } from './source.ts';

/** Pages on which every entry names the tests that hold it: what begins an entry, and how many there must be at least. */
const PAGES: readonly { readonly path: string; readonly entry: RegExp; readonly least: number }[] = [
  { path: 'docs/FAILURES.md', entry: /^\| F(\d+) \|/gm, least: 31 },
  { path: 'docs/PROMISES.md', entry: /^## (\d+)\. /gm, least: 7 },
];

/** [file](path) “title” */
const TEST = /\]\(([^)\s]+\.test\.ts)\)(?: “([^”]+)”)?/g;

const quoted = (text: string, title: string): boolean => ["'", '"', '`'].some((mark) => text.includes(`${mark}${title}${mark}`));

/** Pages that promise something: entries numbered from 1 without a gap, each with a test that is there under the very title. */
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
  return [...text.matchAll(TEST)].flatMap(({ index, 1: link = '', 2: title }) => {
    const line = lineAt(text, index);
    const file = posix.join(posix.dirname(path), link);
    if (title === undefined) return [{ path, line, message: `names the file ${file} without a test's title: ](${link}) “title”` }];
    const tests = texts.get(file);
    if (tests === undefined) return [{ path, line, message: `names a test of ${file}, which is not there` }];
    return quoted(tests, title) ? [] : [{ path, line, message: `${file} has no test “${title}”` }];
  });
}
