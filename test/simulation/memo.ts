/**
 * Reads of a store, remembered until something they tell of is written. The simulated process is alone with its files, so what was
 * read stays true until then; the bots look at their books far more often than they write into them.
 */

/** What can be written and read on its own. */
type Fact = 'trades' | 'orders' | 'fills' | 'watermark' | 'books' | 'bots' | 'nonces' | 'shown' | 'rows';

export interface Memo {
  /** A store as one bot's workers see it. Only their own writes and `forget` make what they read old. */
  of<T extends object>(store: T, bot: string): T;
  /** The stores are others. */
  forget(): void;
  /** Rows of the signals file were written that may concern every bot. */
  rowsChanged(): void;
}

const ORDERS: readonly Fact[] = ['trades', 'orders', 'fills', 'nonces'];
const FILLS: readonly Fact[] = ['trades', 'orders', 'fills', 'watermark', 'books'];
const NOTHING: readonly Fact[] = [];

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

interface Write {
  /** What it may have changed. */
  readonly facts: readonly Fact[];
  /** What it has changed, told by its answer; `read` has what another read of ours last told. All of `facts` when left out. */
  changed?(answer: unknown, args: readonly unknown[], read: (method: string, asked: string) => unknown): readonly Fact[];
}

const unlessFalse = (facts: readonly Fact[]): Write => ({ facts, changed: (answer) => (answer === false ? NOTHING : facts) });
const unlessEmpty = (facts: readonly Fact[], always: readonly Fact[] = NOTHING): Write => ({
  facts,
  changed: (answer) => (Array.isArray(answer) && answer.length === 0 ? always : facts),
});
const unlessNull = (facts: readonly Fact[]): Write => ({ facts, changed: (answer) => (answer === null ? NOTHING : facts) });

/** The writes of the two stores. */
const WRITES: ReadonlyMap<string, Write> = new Map<string, Write>([
  ['insertTrade', { facts: ['trades', 'shown'] }],
  ['changeTrade', unlessFalse(['trades'])],
  ['recordIntents', unlessFalse(ORDERS)],
  // News that says nothing new is written nowhere, and the answer is the order as it was.
  ['applyOrderNews', { facts: ORDERS, changed: (answer, args, read) => (same(read('order', String(args[0])), answer) ? NOTHING : ORDERS) }],
  ['recordFills', unlessEmpty(FILLS, ['watermark'])],
  ['assignFill', unlessFalse(FILLS)],
  ['leaveFills', { facts: FILLS }],
  ['recordFunding', unlessEmpty(FILLS)],
  ['recordBookings', unlessEmpty(['books'])],
  ['setDifferences', { facts: ['books'] }],
  ['setBotState', { facts: ['bots'] }],
  ['recordControl', { facts: ['bots'] }],
  ['record', { facts: NOTHING }],
  ['reserveNonces', { facts: ['nonces'] }],
  ['projectAgain', { facts: ['shown'] }],
  ['markProjected', { facts: ['shown'] }],
  ['claimExits', unlessEmpty(['rows'])],
  ['claimEntry', unlessNull(['rows'])],
  ['claimRow', unlessNull(['rows'])],
  ['release', { facts: ['rows'] }],
  ['project', { facts: ['rows'] }],
  ['markControlExecuted', { facts: ['rows'] }],
]);

/** Of the writes, those that other bots can see. */
const SHARED: ReadonlySet<string> = new Set(['markControlExecuted', 'recordControl']);
/** Of the writes, those that find nothing again until something is written. */
const CLAIMS: ReadonlySet<string> = new Set(['claimExits', 'claimEntry']);

/** What the reads tell of. */
const READS: ReadonlyMap<string, readonly Fact[]> = new Map<string, readonly Fact[]>([
  ['trade', ['trades']],
  ['claimedRow', ['trades']],
  ['activeTrades', ['trades']],
  ['exitsSince', ['trades']],
  ['orders', ['orders']],
  ['order', ['orders']],
  ['orderByOid', ['orders']],
  ['liveOrders', ['orders']],
  ['fills', ['fills']],
  ['fillSums', ['fills']],
  ['unjudgedFills', ['fills']],
  ['books', ['books', 'fills']],
  ['acknowledged', ['books']],
  ['differences', ['books']],
  ['watermark', ['watermark']],
  ['highestNonce', ['nonces', 'orders']],
  ['botState', ['bots']],
  ['controlOutcomes', ['bots']],
  ['unprojected', ['trades', 'orders', 'fills', 'shown']],
  ['pendingEntries', ['rows']],
  ['processing', ['rows']],
  ['controls', ['rows']],
  ['countPending', ['rows']],
  ['statusOf', ['rows']],
  ['shownMark', ['rows']],
]);

type Answers = Map<string, unknown>;

/** What one bot has read, by method, and by the facts that make it old. */
interface Known {
  readonly methods: Map<string, Answers>;
  readonly byFact: Map<Fact, Answers[]>;
}

/** Remembers for every bot apart. */
export function createMemo(): Memo {
  const bots = new Map<string, Known>();
  const forget = (): void => {
    for (const { methods } of bots.values()) for (const answers of methods.values()) answers.clear();
  };
  const outdateAll = (facts: readonly Fact[]): void => {
    for (const known of bots.values()) outdate(known, facts);
  };
  return {
    forget,
    rowsChanged: () => outdateAll(['rows']),
    of(store, bot) {
      const known: Known = bots.get(bot) ?? { methods: new Map(), byFact: new Map() };
      bots.set(bot, known);
      return remembering(store, known, outdateAll);
    },
  };
}

function answersOf(known: Known, method: string, facts: readonly Fact[]): Answers {
  const had = known.methods.get(method);
  if (had !== undefined) return had;
  const made: Answers = new Map();
  known.methods.set(method, made);
  for (const fact of facts) known.byFact.set(fact, [...(known.byFact.get(fact) ?? []), made]);
  return made;
}

const outdate = (known: Known, facts: readonly Fact[]): void => {
  for (const fact of facts) for (const answers of known.byFact.get(fact) ?? []) answers.clear();
};

function remembering<T extends object>(store: T, known: Known, outdateAll: (facts: readonly Fact[]) => void): T {
  const methods = new Map<string, unknown>();
  const read = (method: string, asked: string): unknown => known.methods.get(method)?.get(asked);
  const wrap = (key: string, method: (args: unknown[]) => unknown): unknown => {
    const write = WRITES.get(key);
    const idle = answersOf(known, CLAIMS.has(key) ? key : '', ['rows']);
    if (write !== undefined) {
      return (...args: unknown[]): unknown => {
        if (CLAIMS.has(key) && idle.has(key)) return idle.get(key);
        // A write that threw may have written.
        let changed = write.facts;
        try {
          const answer = method(args);
          changed = write.changed?.(answer, args, read) ?? write.facts;
          if (changed.length === 0 && CLAIMS.has(key)) idle.set(key, answer);
          return answer;
        } finally {
          if (SHARED.has(key)) outdateAll(changed);
          else outdate(known, changed);
        }
      };
    }
    const facts = READS.get(key);
    if (facts === undefined) return (...args: unknown[]): unknown => method(args);
    const answers = answersOf(known, key, facts);
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
