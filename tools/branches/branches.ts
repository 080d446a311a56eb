/** The branches of a file, read from its syntax, and which of them no test has taken. */
import { isNode, lineAt, nameOf, parseSource, type SyntaxNode, type TextFile, walk } from '../laws/source.ts';
import type { CountAt } from './counts.ts';

/** A way through the code that can be taken or not. */
export interface Branch {
  readonly line: number;
  /** What it is, in a word or two. */
  readonly what: string;
  readonly taken: boolean;
}

const FUNCTIONS: ReadonlySet<string> = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);
const LOOPS: ReadonlySet<string> = new Set(['ForStatement', 'ForOfStatement', 'ForInStatement', 'WhileStatement', 'DoWhileStatement']);

/** A case that the compiler proves cannot be: it is there to stop compiling when a union grows. */
function isGuard(node: SyntaxNode): boolean {
  if (FUNCTIONS.has(node.type)) return nameOf(node.id) === 'assertNever';
  let guards = false;
  walk(node, (inner) => {
    if (inner.type === 'CallExpression' && nameOf(inner.callee) === 'assertNever') guards = true;
    if (inner.type === 'TSNeverKeyword') guards = true;
  });
  return node.type === 'SwitchCase' && guards;
}

const nodeIn = (node: SyntaxNode, field: string): SyntaxNode | null => {
  const value = node[field];
  return isNode(value) ? value : null;
};

/** Every branch of a file: both ways of each condition, right sides of `&&`, `||` and `??`, cases, bodies of loops, catches, functions. */
export function branchesOf(file: TextFile, count: CountAt): readonly Branch[] {
  const found: Branch[] = [];
  const add = (node: SyntaxNode, what: string, times: number): void => {
    found.push({ line: lineAt(file.text, node.start), what, taken: times > 0 });
  };
  const reached = (node: SyntaxNode, field: string, what: string): void => {
    const part = nodeIn(node, field);
    if (part !== null) add(part, what, count(part.start));
  };
  walk(parseSource(file).program, (node) => {
    if (node.type === 'IfStatement') {
      reached(node, 'consequent', 'if');
      const then = nodeIn(node, 'consequent');
      if (nodeIn(node, 'alternate') !== null) reached(node, 'alternate', 'else');
      else if (then !== null) add(node, 'if not', count(node.start) - count(then.start));
    } else if (node.type === 'ConditionalExpression') {
      reached(node, 'consequent', '?');
      reached(node, 'alternate', ':');
    } else if (node.type === 'LogicalExpression') reached(node, 'right', String(node.operator));
    else if (node.type === 'SwitchCase' && !isGuard(node)) {
      const [first] = Array.isArray(node.consequent) ? node.consequent : [];
      if (isNode(first)) add(node, 'case', count(first.start));
    } else if (LOOPS.has(node.type)) reached(node, 'body', 'loop');
    else if (node.type === 'CatchClause') reached(node, 'body', 'catch');
    else if (FUNCTIONS.has(node.type) && !isGuard(node)) reached(node, 'body', 'function');
  });
  return found;
}
