/**
 * Reads of a store, remembered until something is written to it. The simulated process is alone with its files, so what was read
 * stays true until then; the bots look at their books far more often than they write into them.
 */

export interface Memo {
  /** A store as one bot's workers see it. Only their own writes and `forget` make what they read old. */
  of<T extends object>(store: T, bot: string): T;
  /** Something was written that may concern every bot. */
  forget(): void;
}

type Answers = Map<string, Map<string, unknown>>;

/** `writes` names the methods that write, `shared` those of them that other bots can see. */
export function createMemo(writes: ReadonlySet<string>, shared: ReadonlySet<string>): Memo {
  const byBot = new Map<string, Answers>();
  const forget = (): void => {
    for (const answers of byBot.values()) clear(answers);
  };
  const of = <T extends object>(store: T, bot: string): T => {
    const answers: Answers = new Map();
    const before = byBot.get(bot);
    // The two stores and both workers of a bot forget together.
    byBot.set(bot, before ?? answers);
    return remembering(store, byBot.get(bot) ?? answers, {
      isWrite: (method) => writes.has(method),
      written: (method) => (shared.has(method) ? forget() : clear(byBot.get(bot) ?? answers)),
    });
  };
  return { of, forget };
}

const clear = (answers: Answers): void => {
  for (const of of answers.values()) of.clear();
};

/** A claim that found nothing wrote nothing, and finds nothing until something is written. */
const isIdle = (method: string, answer: unknown): boolean =>
  (method === 'claimExits' && Array.isArray(answer) && answer.length === 0) || (method === 'claimEntry' && answer === null);

interface Rules {
  isWrite(method: string): boolean;
  written(method: string): void;
}

function remembering<T extends object>(store: T, answers: Answers, rules: Rules): T {
  const methods = new Map<string, unknown>();
  const idle = (answers.get('idle') ?? new Map()) as Map<string, { readonly answer: unknown }>;
  answers.set('idle', idle);
  const wrap = (key: string, method: (args: unknown[]) => unknown) => {
    if (rules.isWrite(key)) {
      return (...args: unknown[]): unknown => {
        const nothing = idle.get(key);
        if (nothing !== undefined) return nothing.answer;
        let wrote = true;
        try {
          const answer = method(args);
          wrote = !isIdle(key, answer);
          if (!wrote) idle.set(key, { answer });
          return answer;
        } finally {
          if (wrote) rules.written(key);
        }
      };
    }
    const known = answers.get(key) ?? new Map<string, unknown>();
    answers.set(key, known);
    return (...args: unknown[]): unknown => {
      const asked = args.length === 1 && typeof args[0] === 'string' ? args[0] : JSON.stringify(args);
      if (known.has(asked)) return known.get(asked);
      const answer = method(args);
      known.set(asked, answer);
      return answer;
    };
  };
  return new Proxy(store, {
    get(target, key) {
      if (typeof key !== 'string') return Reflect.get(target, key) as unknown;
      const made = methods.get(key);
      if (made !== undefined) return made;
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== 'function') return value;
      const method = wrap(key, (args) => Reflect.apply(value, target, args) as unknown);
      methods.set(key, method);
      return method;
    },
  });
}
