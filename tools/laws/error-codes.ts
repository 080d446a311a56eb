import { type Breach, breachAt, isNode, nameOf, type Source, type SyntaxNode, type TextFile, textOf, walk } from './source.ts';

const BOOK = 'docs/errors.md';

/** The codes of one error class: `const STORE_ERROR_CODES = ['locked', …] as const` belongs to `class StoreError`; one code may stand in the class itself. */
interface CodeList {
  readonly className: string;
  readonly codes: readonly { readonly code: string; readonly at: number }[];
  readonly source: Source;
}

/**
 * Every operational error — a class extending Error with a `code` — lists its codes in one array, and docs/errors.md has
 * `## StoreError` with `### locked` below it for each of them: no code without a heading, no heading without a code.
 */
export function errorCodeBreaches(sources: readonly Source[], book: TextFile | undefined): readonly Breach[] {
  const lists = sources.flatMap(codeLists);
  const written = book === undefined ? [] : headings(book);
  if (book === undefined && lists.length > 0) return [{ path: BOOK, line: null, message: 'is missing' }];
  const has = (className: string, code: string): boolean => written.some((at) => at.className === className && at.code === code);
  const unexplained = lists.flatMap(({ className, codes, source }) =>
    codes
      .filter(({ code }) => !has(className, code))
      .map(({ code, at }) =>
        breachAt(source, at, `${className} '${code}' has no heading: write '## ${className}' … '### ${code}' in ${BOOK}`),
      ),
  );
  const known = new Set(lists.flatMap(({ className, codes }) => codes.map(({ code }) => `${className} ${code}`)));
  const orphaned = written
    .filter(({ className, code }) => !known.has(`${className} ${code}`))
    .map(({ className, code, line }) => ({ path: BOOK, line, message: `${className} '${code}' is explained, but no code list has it` }));
  return [...unexplained, ...orphaned, ...sources.flatMap((source) => unlistedClasses(source, lists))];
}

/** `STORE_ERROR_CODES` → `StoreError`. */
const classNameOf = (constant: string): string =>
  constant
    .replace(/_CODES$/, '')
    .toLowerCase()
    .replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());

function codeLists(source: Source): readonly CodeList[] {
  const found: CodeList[] = [];
  walk(source.program, (node) => {
    if (node.type === 'VariableDeclarator') {
      const name = nameOf(node.id);
      if (name === null || !/^[A-Z0-9_]*ERROR_CODES$/.test(name)) return;
      const elements = unwrap(node.init)?.elements;
      found.push({ className: classNameOf(name), codes: Array.isArray(elements) ? elements.flatMap(codeOf) : [], source });
    } else if (isErrorClass(node)) {
      // A class with one code of its own needs no array: `readonly code = 'key-invalid'`.
      const codes = membersOf(node)
        .filter((member) => nameOf(member.key) === 'code')
        .flatMap((member) => codeOf(member.value));
      if (codes.length > 0) found.push({ className: nameOf(node.id) ?? '', codes, source });
    }
  });
  return found;
}

function codeOf(node: unknown): readonly { readonly code: string; readonly at: number }[] {
  const literal = unwrap(node);
  const code = textOf(literal);
  return code === null || literal === null ? [] : [{ code, at: literal.start }];
}

/** The array inside `[…] as const satisfies X`. */
function unwrap(node: unknown): SyntaxNode | null {
  let inner = node;
  while (isNode(inner) && isNode(inner.expression)) inner = inner.expression;
  return isNode(inner) ? inner : null;
}

function headings(book: TextFile): readonly { className: string; code: string; line: number }[] {
  let className = '';
  return book.text.split('\n').flatMap((text, index) => {
    const [, marks, title] = /^(#+) +`?([^`]+?)`? *$/.exec(text) ?? [];
    if (marks === '##') className = title ?? '';
    return marks === '###' && title !== undefined ? [{ className, code: title, line: index + 1 }] : [];
  });
}

/** Classes that carry a `code` but list none, or do not say whether trying again helps. */
function unlistedClasses(source: Source, lists: readonly CodeList[]): readonly Breach[] {
  const found: Breach[] = [];
  walk(source.program, (node) => {
    if (!isErrorClass(node)) return;
    const name = nameOf(node.id) ?? '';
    const members = new Set(membersOf(node).map((member) => nameOf(member.key)));
    if (!members.has('code')) return;
    if (!lists.some((list) => list.className === name)) {
      const constant = name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toUpperCase();
      found.push(breachAt(source, node.start, `${name} has a code but no list: write const ${constant}_CODES = [...] as const`));
    }
    if (!members.has('retry')) found.push(breachAt(source, node.start, `${name} has a code but no retry: 'now' | 'later' | 'never'`));
  });
  return found;
}

const isErrorClass = (node: SyntaxNode): boolean => node.type === 'ClassDeclaration' && nameOf(node.superClass)?.endsWith('Error') === true;

function membersOf(declaration: SyntaxNode): readonly SyntaxNode[] {
  const body = declaration.body;
  return isNode(body) && Array.isArray(body.body) ? body.body.filter(isNode) : [];
}
