/** One thing wrong with a configuration. `message` says all of it in a line; nothing here ever holds a key. */
export interface ConfigProblem {
  /** Where, as one would write it: `bots[1].maxLeverage`. */
  readonly field: string;
  /** What stands there, as it may be shown. */
  readonly value: string;
  /** What to write instead. */
  readonly remedy: string;
  readonly message: string;
}

/** A private key of 32 bytes in hex, or a phrase of at least 12 words: what must never stand in a file or a message. */
const SECRET = /(?:^|[^0-9a-z])(?:0x)?[0-9a-f]{64}(?![0-9a-f])|^\s*(?:[a-z]{3,8}\s+){11,}[a-z]{3,8}\s*$/i;

/** Whether a text looks like a private key or a seed phrase. */
export const looksSecret = (text: string): boolean => SECRET.test(text);

const SHOWN_MAX = 80;

/** A value as it may stand in a message: short, and hidden where it looks like a key. */
function show(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  let text: string;
  try {
    text = typeof value === 'string' || (typeof value === 'object' && value !== null) ? JSON.stringify(value) : String(value);
  } catch {
    text = 'something that cannot be written down';
  }
  if (looksSecret(text) || (typeof value === 'string' && looksSecret(value))) return '(hidden, since it looks like a private key)';
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
}

/** A problem with its message put together. `value` undefined means that nothing stands there. */
export function problem(field: string, value: unknown, remedy: string): ConfigProblem {
  // A key pasted in the wrong place may have become the name of an option.
  const named = nameOf(field);
  const shown = value === undefined ? 'missing' : show(value);
  return { field: named, value: shown, remedy, message: `${named} is ${shown}: ${remedy}` };
}

function nameOf(field: string): string {
  if (!looksSecret(field) && !looksSecret(field.slice(field.lastIndexOf('.') + 1))) return field;
  return `${field.slice(0, field.indexOf('.') + 1)}(hidden, since it looks like a private key)`;
}

/** Every problem of a configuration at once; thrown by `defineFleet` only, so that an editor's run stops at the right file. */
export class FleetConfigError extends Error {
  override readonly name = 'FleetConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(`the configuration has ${problems.length === 1 ? 'a mistake' : `${problems.length} mistakes`}:\n${listProblems(problems)}`);
    this.problems = problems;
  }
}

/** The problems, one a line. */
export const listProblems = (problems: readonly ConfigProblem[]): string => problems.map(({ message }) => `  ${message}`).join('\n');
