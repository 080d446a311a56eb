import { parseAst } from 'vitest/node';

/** One breach of a law: where, and what to do about it. */
export interface Breach {
  readonly path: string;
  /** 1-based; null when the whole file is meant. */
  readonly line: number | null;
  readonly message: string;
}

/** A file of the tree: path relative to the root, with forward slashes. */
export interface TextFile {
  readonly path: string;
  readonly text: string;
}

/** A syntax node, loosely: laws look at a handful of kinds and walk past the rest. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** A TypeScript file, parsed. */
export interface Source extends TextFile {
  readonly program: SyntaxNode;
}

/** What a file reaches for by name: `import`, `export from`, `import()`, `import('x')` types, `new URL('./x.ts', import.meta.url)`. */
export interface ImportOf {
  readonly specifier: string;
  readonly at: number;
}

/** Parses a TypeScript file. Throws a SyntaxError naming the file when it is no TypeScript. */
export function parseSource(file: TextFile): Source {
  try {
    const program: unknown = parseAst(file.text, { lang: 'ts' }, file.path);
    if (!isNode(program)) throw new Error('the parser returned no program');
    return { ...file, program };
  } catch (cause) {
    throw new SyntaxError(`${file.path}: ${cause instanceof Error ? cause.message.split('\n')[0] : String(cause)}`, { cause });
  }
}

/** True for a syntax node. */
export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string' && 'start' in value;
}

/** Calls `visit` for every node in source order, with its parent and the field of the parent it stands in. */
export function walk(node: SyntaxNode, visit: (node: SyntaxNode, parent: SyntaxNode | null, field: string) => void): void {
  const descend = (at: SyntaxNode, parent: SyntaxNode | null, field: string): void => {
    visit(at, parent, field);
    for (const [key, value] of Object.entries(at)) {
      if (Array.isArray(value)) {
        for (const child of value) if (isNode(child)) descend(child, at, key);
      } else if (isNode(value)) descend(value, at, key);
    }
  };
  descend(node, null, '');
}

/** The name of an identifier node, else null. */
export function nameOf(node: unknown): string | null {
  return isNode(node) && node.type === 'Identifier' && typeof node.name === 'string' ? node.name : null;
}

/** The value of a string literal (or of a template without holes), else null. */
export function textOf(node: unknown): string | null {
  if (!isNode(node)) return null;
  if (node.type === 'Literal' && typeof node.value === 'string') return node.value;
  if (node.type === 'TSLiteralType') return textOf(node.literal);
  if (node.type !== 'TemplateLiteral' || !Array.isArray(node.quasis) || node.quasis.length !== 1) return null;
  const only: unknown = node.quasis[0];
  const value = isNode(only) ? only.value : null;
  return typeof value === 'object' && value !== null && 'cooked' in value && typeof value.cooked === 'string' ? value.cooked : null;
}

/** 1-based line of an offset. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
}

/** A breach at a node of a source. */
export const breachAt = (source: TextFile, offset: number, message: string): Breach => ({
  path: source.path,
  line: lineAt(source.text, offset),
  message,
});

/** Everything the file imports, types included; computed specifiers cannot be judged and are left out. */
export function importsOf(source: Source): readonly ImportOf[] {
  const found: ImportOf[] = [];
  const add = (specifier: string | null, at: number): void => {
    if (specifier !== null) found.push({ specifier, at });
  };
  walk(source.program, (node) => {
    if (node.type === 'ImportDeclaration' || node.type === 'ExportNamedDeclaration' || node.type === 'ExportAllDeclaration') {
      add(textOf(node.source), node.start);
    } else if (node.type === 'ImportExpression') add(textOf(node.source), node.start);
    else if (node.type === 'TSImportType') add(textOf(node.source ?? node.argument), node.start);
    else if (node.type === 'CallExpression' && nameOf(node.callee) === 'require') add(firstArgument(node), node.start);
    else if (node.type === 'NewExpression' && nameOf(node.callee) === 'URL') {
      const target = firstArgument(node);
      // Only code counts: a path to a fixture or a migration is data, not an import.
      if (target?.endsWith('.ts')) add(target, node.start);
    }
  });
  return found;
}

function firstArgument(call: SyntaxNode): string | null {
  return Array.isArray(call.arguments) ? textOf(call.arguments[0]) : null;
}

/** True for what only tests use: `*.test.ts`, and whatever stands in a folder `testing`. */
export const isTest = (path: string): boolean => path.endsWith('.test.ts') || path.includes('/testing/');

/** One breach for every line that matches. */
export function matchingLines(file: TextFile, pattern: RegExp, message: (hit: string) => string): readonly Breach[] {
  return file.text.split('\n').flatMap((line, index) => {
    const hit = pattern.exec(line)?.[0];
    return hit === undefined ? [] : [{ path: file.path, line: index + 1, message: message(hit) }];
  });
}
