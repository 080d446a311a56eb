import { type Breach, breachAt, isNode, nameOf, type Source, type SyntaxNode, type TextFile, textOf, walk } from './source.ts';

const BOOK = 'docs/errors.md';

/** A code where it is written. */
interface Code {
  readonly code: string;
  readonly at: number;
}

/** A class extending an Error that carries a `code`. */
interface OperationalError {
  readonly source: Source;
  readonly className: string;
  readonly at: number;
  readonly hasRetry: boolean;
  /** Empty when they cannot be read from the file. */
  readonly codes: readonly Code[];
}

/**
 * Every operational error — a class extending Error with a `code` — has its codes readable beside it, says by `retry` whether
 * trying again helps, and is explained in docs/errors.md: `## StoreError` and below it `### locked` for each code. No code
 * without a heading, no heading without a code. The codes stand in the class (`code = 'locked'`) or in its file, as a union of
 * strings or as an array the type is drawn from.
 */
export function errorCodeBreaches(sources: readonly Source[], book: TextFile | undefined): readonly Breach[] {
  const errors = sources.flatMap(operationalErrors);
  const unfinished = errors.flatMap(judgeClass);
  if (book === undefined) return errors.length === 0 ? [] : [{ path: BOOK, line: null, message: 'is missing' }, ...unfinished];
  const written = headings(book);
  const key = (className: string, code: string): string => `${className} '${code}'`;
  const explained = new Set(written.map(({ className, code }) => key(className, code)));
  const known = new Set(errors.flatMap(({ className, codes }) => codes.map(({ code }) => key(className, code))));
  const unexplained = errors.flatMap(({ className, codes, source }) =>
    codes
      .filter(({ code }) => !explained.has(key(className, code)))
      .map(({ code, at }) =>
        breachAt(source, at, `${key(className, code)} has no heading: write '## ${className}' … '### ${code}' in ${BOOK}`),
      ),
  );
  const orphaned = written
    .filter(({ className, code }) => !known.has(key(className, code)))
    .map(({ className, code, line }) => ({ path: BOOK, line, message: `${key(className, code)} is explained, but no class has it` }));
  return [...unfinished, ...unexplained, ...orphaned];
}

function judgeClass({ source, className, at, hasRetry, codes }: OperationalError): readonly Breach[] {
  const breaches: Breach[] = [];
  if (codes.length === 0)
    breaches.push(breachAt(source, at, `${className} has a code, but this file does not list which: write a union or an array of them`));
  if (!hasRetry) breaches.push(breachAt(source, at, `${className} has a code but no retry: 'now' | 'later' | 'never'`));
  return breaches;
}

function operationalErrors(source: Source): readonly OperationalError[] {
  const declared = declarations(source.program);
  const found: OperationalError[] = [];
  walk(source.program, (node) => {
    if (node.type !== 'ClassDeclaration' || nameOf(node.superClass)?.endsWith('Error') !== true) return;
    const members = membersOf(node);
    const code = members.find((member) => nameOf(member.key) === 'code');
    if (code === undefined) return;
    found.push({
      source,
      className: nameOf(node.id) ?? 'a class without a name',
      at: node.start,
      hasRetry: members.some((member) => nameOf(member.key) === 'retry'),
      codes: codesOf(code.value ?? code.typeAnnotation, declared),
    });
  });
  return found;
}

function membersOf(declaration: SyntaxNode): readonly SyntaxNode[] {
  const body = declaration.body;
  return isNode(body) && Array.isArray(body.body) ? body.body.filter(isNode) : [];
}

/** What the file declares by name: types, and values with what they are set to. */
function declarations(program: SyntaxNode): ReadonlyMap<string, unknown> {
  const declared = new Map<string, unknown>();
  walk(program, (node) => {
    const name = nameOf(node.id);
    if (name === null) return;
    if (node.type === 'TSTypeAliasDeclaration') declared.set(name, node.typeAnnotation);
    if (node.type === 'VariableDeclarator') declared.set(name, node.init);
  });
  return declared;
}

/** The string literals a value or a type comes down to, following names within the file. */
function codesOf(node: unknown, declared: ReadonlyMap<string, unknown>, followed: ReadonlySet<string> = new Set()): readonly Code[] {
  if (!isNode(node)) return [];
  const code = textOf(node);
  if (code !== null) return [{ code, at: node.start }];
  const name = nameOf(node.typeName) ?? nameOf(node.exprName);
  if (name !== null) {
    return followed.has(name) ? [] : codesOf(declared.get(name), declared, new Set([...followed, name]));
  }
  const parts = [node.types, node.elements, node.typeAnnotation, node.expression, node.objectType].flat();
  return parts.flatMap((part) => codesOf(part, declared, followed));
}

function headings(book: TextFile): readonly { readonly className: string; readonly code: string; readonly line: number }[] {
  let className = '';
  return book.text.split('\n').flatMap((text, index) => {
    const [, marks, title] = /^(#+) +`?([^`]+?)`? *$/.exec(text) ?? [];
    if (marks === '##') className = title ?? '';
    return marks === '###' && title !== undefined ? [{ className, code: title, line: index + 1 }] : [];
  });
}
