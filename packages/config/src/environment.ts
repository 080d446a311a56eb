import { type ConfigProblem, problem } from './problem.ts';

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment of this process as it is now: the one place where it is read. */
export const readEnvironment = (): Environment => ({ ...process.env });

/**
 * Takes secrets out of this process's environment, so that no child and no dump of it carries them on. Returns what each
 * variable held, absent where it was not set.
 */
export function takeSecrets(names: Iterable<string>): ReadonlyMap<string, string> {
  const taken = new Map<string, string>();
  for (const name of names) {
    const held = process.env[name];
    if (held === undefined) continue;
    taken.set(name, held);
    delete process.env[name];
  }
  return taken;
}

/** A bot and the variables it points at. */
interface PointingBot {
  readonly enabled: boolean;
  readonly keyEnv: string | null;
  readonly accountEnv: string | null;
}

interface Pointed {
  readonly field: string;
  readonly name: string;
  /** Compared, never shown. */
  readonly held: string;
}

const KINDS = {
  keyEnv: {
    shape: /^(?:0x)?[0-9a-f]{64}$/,
    unset: 'it names a variable that is not set; set it to the key, or leave keyEnv out and paper money gets a throw-away key',
    misshapen: 'it names a variable that holds no private key; set it to 64 hex digits, with or without 0x in front',
    mistyped: null,
    twin: 'holds the same key; give each bot a key of its own',
  },
  accountEnv: {
    shape: /^0x[0-9a-f]{40}$/,
    unset: 'it names a variable that is not set; set it to the address of the account, or leave accountEnv out',
    misshapen: 'it names a variable that holds no address; set it to 0x and 40 hex digits',
    mistyped:
      'it names a variable whose address is mistyped: the case of its letters (EIP-55) does not fit its digits; copy it again from where the account is shown',
    twin: 'holds the same address; give each bot an account of its own',
  },
} as const;

/** What is wrong with the variables the enabled bots point at. Values are compared and never shown. */
export function environmentProblems(
  bots: readonly PointingBot[],
  env: Environment,
  hasWrongChecksum: (address: string) => boolean,
): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  for (const kind of ['keyEnv', 'accountEnv'] as const) {
    const words = KINDS[kind];
    const seen: Pointed[] = [];
    bots.forEach((bot, index) => {
      const name = bot[kind];
      if (name === null || !bot.enabled) return;
      const field = `bots[${index}].${kind}`;
      const written = (env[name] ?? '').trim();
      const held = written.toLowerCase();
      const twin = seen.find((earlier) => earlier.held === held.replace(/^0x/, ''));
      if (held === '') problems.push(problem(field, name, words.unset));
      else if (!words.shape.test(held)) problems.push(problem(field, name, words.misshapen));
      else if (words.mistyped !== null && hasWrongChecksum(written)) problems.push(problem(field, name, words.mistyped));
      else if (twin !== undefined) problems.push(problem(field, name, `${twin.name} of ${twin.field} ${words.twin}`));
      else seen.push({ field, name, held: held.replace(/^0x/, '') });
    });
  }
  return problems;
}
