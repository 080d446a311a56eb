/**
 * Reads of a store, remembered until something is written to it. The simulated process is alone with its files, so what was read
 * stays true until then; the bots look at their books far more often than they write into them.
 */

/** Wraps a store whose methods are reads of their arguments but for those named in `writes`. */
export function remembering<T extends object>(store: T, writes: ReadonlySet<string>): T {
  const known = new Map<string, Map<string, unknown>>();
  const methods = new Map<string, unknown>();
  const wrap = (key: string, method: (args: unknown[]) => unknown) => {
    if (writes.has(key)) {
      return (...args: unknown[]): unknown => {
        try {
          return method(args);
        } finally {
          for (const answers of known.values()) answers.clear();
        }
      };
    }
    const answers = new Map<string, unknown>();
    known.set(key, answers);
    return (...args: unknown[]): unknown => {
      const asked = args.length === 1 && typeof args[0] === 'string' ? args[0] : JSON.stringify(args);
      if (answers.has(asked)) return answers.get(asked);
      const answer = method(args);
      answers.set(asked, answer);
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
