import { posix } from 'node:path';
import { type Breach, lineAt, type TextFile } from './source.ts';

const LINK = /\]\((?!https?:|mailto:|#)([^)\s#]+)(?:#[^)\s]*)?\)/g;
const CODE_PATH = /`(\w(?:[\w.-]*\/)+[\w.-]+\.(?:ts|sql|json))`/g;

const DOCUMENT = /\bdocs\/[\w./-]+\.md\b/g;

/** What the prose points at is there: relative links, source paths in backticks (from the root, packages/ or apps/), and documents named in code. */
export function linkBreaches(files: readonly TextFile[]): readonly Breach[] {
  const there = new Set(files.flatMap(({ path }) => [path, ...foldersOf(path)]));
  const found: Breach[] = [];
  for (const { path, text } of files.filter((file) => file.path.endsWith('.md'))) {
    const lost = (at: number, what: string): void => {
      found.push({ path, line: lineAt(text, at), message: `points at '${what}', which is not there` });
    };
    for (const match of text.matchAll(LINK)) {
      const target = match[1] ?? '';
      if (!there.has(posix.join(posix.dirname(path), target).replace(/\/$/, ''))) lost(match.index, target);
    }
    for (const match of text.matchAll(CODE_PATH)) {
      const target = match[1] ?? '';
      if (!['', 'packages/', 'apps/'].some((base) => there.has(base + target))) lost(match.index, target);
    }
  }
  for (const { path, text } of files.filter((file) => file.path.endsWith('.ts') && !file.path.startsWith('tools/laws/'))) {
    for (const match of text.matchAll(DOCUMENT)) {
      if (!there.has(match[0]))
        found.push({ path, line: lineAt(text, match.index), message: `points at '${match[0]}', which is not there` });
    }
  }
  return found;
}

const foldersOf = (path: string): readonly string[] =>
  path
    .split('/')
    .slice(0, -1)
    .map((_, index, parts) => parts.slice(0, index + 1).join('/'));
