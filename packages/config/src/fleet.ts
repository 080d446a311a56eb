import { basename, dirname, resolve as resolvePath } from 'node:path';
import type { EntryLimits, MicroUsd } from '@hyperfleet/trading';
import { type Environment, environmentProblems } from './environment.ts';
import { isRecord, type Resolved, readFields } from './field.ts';
import {
  BOT_FIELDS,
  FLEET_FIELDS,
  type FleetOptions,
  LATENCY_FIELDS,
  LATENCY_WORD,
  type LimitWord,
  PAPER_FIELDS,
  RESTART_FIELDS,
} from './options.ts';
import { type ConfigProblem, FleetConfigError, problem } from './problem.ts';

/** A bot's limits, whole; the venue's own (its fees and its minimum notional) are not configured. */
export type BotLimits = Omit<EntryLimits, 'takerPpm' | 'minNotional'>;

/** One bot, whole. Times in ms of market time. */
export interface BotConfig {
  readonly id: string;
  readonly enabled: boolean;
  /** Name of an environment variable, never what it holds. */
  readonly keyEnv: string | null;
  readonly accountEnv: string | null;
  readonly limits: BotLimits;
  readonly maxSignalAgeMs: number;
  readonly entryLifeMs: number;
  readonly breakeven: boolean;
  readonly paperUsd: MicroUsd;
}

/** How a worker that died is started again, ms of wall time. */
export interface RestartConfig {
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  readonly jitter: number;
  readonly budget: number;
  readonly windowMs: number;
}

/** How long things take at the paper exchange, ms of market time; `real` is what the venue was seen to take. */
type PaperLatency =
  | 'real'
  | 'none'
  | {
      readonly requestMs: number;
      readonly blockMs: number;
      readonly jitterMs: number;
      readonly replyMs: number;
      readonly feedMs: number;
    };

/** How strict and how slow the paper exchange is. */
export interface PaperConfig {
  /** The limits that hold. */
  readonly limits: readonly LimitWord[];
  readonly connections: 10 | 100;
  readonly latency: PaperLatency;
}

/** The fleet, whole, frozen and fit for a message to another thread: nothing downstream has a default. */
export interface Fleet {
  readonly mode: 'paper';
  readonly speed: number;
  /** Absolute. */
  readonly dataDir: string;
  /** Absolute. */
  readonly signalsDb: string;
  /** Absolute; null for the recording that comes with the fleet. */
  readonly market: string | null;
  readonly staleBookMs: number;
  readonly pollIntervalMs: number;
  readonly reconcileIntervalMs: number;
  readonly onEmergency: 'hold' | 'flatten';
  readonly restart: RestartConfig;
  readonly paper: PaperConfig;
  /** In the order written, disabled ones among them. */
  readonly bots: readonly BotConfig[];
}

export type FleetResolution =
  | { readonly kind: 'ok'; readonly fleet: Fleet }
  | { readonly kind: 'errors'; readonly errors: readonly ConfigProblem[] };

/** What the command line puts over the file. Absent or null leaves the file's. */
export interface FleetOverrides {
  readonly speed?: number | null;
  readonly dataDir?: string | null;
  readonly market?: string | null;
  /** Relative paths start here; where the process was started by default. */
  readonly baseDir?: string;
  /** Judges addresses by the case of their letters, EIP-55. Left out, none is judged. */
  readonly hasWrongChecksum?: (address: string) => boolean;
}

type BotRead = Resolved<typeof BOT_FIELDS>;

function toBot(read: BotRead): BotConfig {
  return {
    id: read.id,
    enabled: read.enabled,
    keyEnv: read.keyEnv,
    accountEnv: read.accountEnv,
    limits: {
      riskPerTradePpm: read.riskPerTrade,
      maxLeverage: read.maxLeverage,
      maxTotalLeverage: read.maxTotalLeverage,
      defaultStopDistancePpm: read.defaultStopDistance,
      maxStopDistancePpm: read.maxStopDistance,
      stopSlippagePpm: read.stopSlippage,
      staleEntryPpm: read.staleEntry,
      onStaleEntry: read.onStaleEntry,
      marketSlippagePpm: read.marketSlippage,
      maxConcurrentPositions: read.maxConcurrentPositions,
      allowedDirections: read.allowedDirections,
    },
    maxSignalAgeMs: read.maxSignalAge,
    entryLifeMs: read.entryLife,
    breakeven: read.breakeven,
    paperUsd: read.paperUsd,
  };
}

function readBot(option: unknown, prefix: string, problems: ConfigProblem[]): Partial<BotRead> & { readonly whole: BotRead | null } {
  if (!isRecord(option)) {
    problems.push(problem(prefix, option, "write a bot: { id: 'Sentient' }"));
    return { whole: null };
  }
  const { values, whole } = readFields(option, BOT_FIELDS, { prefix: `${prefix}.`, extra: [], problems });
  const { defaultStopDistance, maxStopDistance } = values;
  if (defaultStopDistance !== undefined && maxStopDistance !== undefined && defaultStopDistance > maxStopDistance) {
    const shown = { defaultStopDistance: defaultStopDistance / 1e6, maxStopDistance: maxStopDistance / 1e6 };
    const remedy = `every stop of its own would be wider than maxStopDistance, ${shown.maxStopDistance}; lower it or raise maxStopDistance`;
    problems.push(problem(`${prefix}.defaultStopDistance`, shown.defaultStopDistance, remedy));
  }
  return { ...values, whole };
}

/** Notes every field of which two bots have the same, where each needs its own. */
function noteTwins(
  bots: readonly Partial<BotRead>[],
  name: 'id' | 'keyEnv' | 'accountEnv',
  see: { remedy: string; problems: ConfigProblem[] },
): void {
  const first = new Map<string, number>();
  bots.forEach((bot, index) => {
    const value = bot[name];
    if (value === undefined || value === null) return;
    const key = name === 'id' ? value.trim().toLowerCase() : value;
    const earlier = first.get(key);
    if (earlier === undefined) first.set(key, index);
    else see.problems.push(problem(`bots[${index}].${name}`, value, `bots[${earlier}] has the same; ${see.remedy}`));
  });
}

function readBots(option: unknown, problems: ConfigProblem[]): readonly BotConfig[] | null {
  if (!Array.isArray(option) || option.length === 0) {
    problems.push(problem('bots', option, "write at least one bot: bots: [{ id: 'Sentient' }]"));
    return null;
  }
  const read = option.map((bot: unknown, index) => readBot(bot, `bots[${index}]`, problems));
  noteTwins(read, 'id', { remedy: 'case does not count; every bot needs a name of its own', problems });
  noteTwins(read, 'keyEnv', { remedy: 'two bots on one key spoil each other’s orders; give each a key of its own', problems });
  noteTwins(read, 'accountEnv', { remedy: 'two bots on one account spoil each other’s positions; give each its own', problems });
  if (read.every((bot) => bot.enabled === false)) problems.push(problem('bots', 'all disabled', 'enable at least one'));
  const whole = read.flatMap((bot) => (bot.whole === null ? [] : [toBot(bot.whole)]));
  return whole.length === read.length ? whole : null;
}

function readRestart(option: unknown, problems: ConfigProblem[]): RestartConfig | null {
  if (!isRecord(option)) {
    problems.push(problem('restart', option, "write the restart policy: restart: { budget: 5, window: '10m' }"));
    return null;
  }
  const { whole } = readFields(option, RESTART_FIELDS, { prefix: 'restart.', extra: [], problems });
  if (whole === null) return null;
  if (whole.maxDelay < whole.firstDelay) {
    problems.push(problem('restart.maxDelay', whole.maxDelay, `it is below firstDelay, ${whole.firstDelay} ms; raise it`));
  }
  return {
    firstDelayMs: whole.firstDelay,
    maxDelayMs: whole.maxDelay,
    jitter: whole.jitter,
    budget: whole.budget,
    windowMs: whole.window,
  };
}

function readLatency(option: unknown, problems: ConfigProblem[]): PaperLatency | null {
  if (isRecord(option)) {
    const { whole } = readFields(option, LATENCY_FIELDS, { prefix: 'paper.latency.', extra: [], problems });
    if (whole === null) return null;
    const { request, block, jitter, reply, feed } = whole;
    return { requestMs: request, blockMs: block, jitterMs: jitter, replyMs: reply, feedMs: feed };
  }
  const read = LATENCY_WORD.read(option);
  if ('value' in read) return read.value;
  problems.push(problem('paper.latency', option, `${read.remedy}, or the delays in ms: { request: 90, reply: 60, feed: 200 }`));
  return null;
}

function readPaper(option: unknown, problems: ConfigProblem[]): PaperConfig | null {
  if (!isRecord(option)) {
    problems.push(problem('paper', option, "write how the paper exchange is: paper: { limits: 'on', latency: 'real' }"));
    return null;
  }
  const { whole } = readFields(option, PAPER_FIELDS, { prefix: 'paper.', extra: ['latency'], problems });
  const latency = readLatency(option.latency ?? 'real', problems);
  return whole === null || latency === null ? null : { ...whole, latency };
}

interface LooseFleet {
  readonly own: Resolved<typeof FLEET_FIELDS>;
  readonly restart: RestartConfig;
  readonly paper: PaperConfig;
  readonly bots: readonly BotConfig[];
}

/** Reads all there is to read and notes every problem; null when there was any. */
function readFleet(options: unknown, problems: ConfigProblem[]): LooseFleet | null {
  if (!isRecord(options)) {
    problems.push(problem('the configuration', options, "write export default defineFleet({ mode: 'paper', bots: [ … ] })"));
    return null;
  }
  const { whole } = readFields(options, FLEET_FIELDS, { prefix: '', extra: ['bots', 'restart', 'paper'], problems });
  const restart = readRestart(options.restart ?? {}, problems);
  const paper = readPaper(options.paper ?? {}, problems);
  const bots = readBots(options.bots, problems);
  if (problems.length > 0 || whole === null || restart === null || paper === null || bots === null) return null;
  return { own: whole, restart, paper, bots };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}

/**
 * Checks the fleet as written and gives it back, frozen and fit for a message to another thread. Throws `FleetConfigError`
 * with every mistake at once, each naming field, value and remedy.
 */
export function defineFleet(options: FleetOptions): FleetOptions {
  const problems: ConfigProblem[] = [];
  if (readFleet(options, problems) === null) throw new FleetConfigError(problems);
  return deepFreeze(structuredClone(options));
}

/** What a fleet keeps in its data directory under names of its own, with what SQLite puts beside. */
const OWN_FILES: ReadonlySet<string> = new Set(
  [
    ...['ledger.db', 'ledger.db-wal', 'ledger.db-shm', 'fleet.lock', 'fleet.lock-journal', 'fleet.lock.json', 'fleet.log', 'status.json'],
    ...['paper-keys.json', 'paper-exchange.jsonl', 'paper-exchange.jsonl.time'],
  ].flatMap((name) => [name, `${name}.new`]),
);

/** A signals database that is one of the fleet's own files would be written by two hands. */
function ownFileProblem(dataDir: string, written: string): ConfigProblem | null {
  const file = resolvePath(dataDir, written);
  if (dirname(file) !== dataDir || !OWN_FILES.has(basename(file).toLowerCase())) return null;
  return problem('signalsDb', written, `the fleet keeps something else in ${file}; name a file of its own, like 'signals.db'`);
}

/**
 * Makes a fleet whole: options as written, the command line over them, and the environment the keys' names point into, which
 * is looked at and never kept; null where nothing is signed and no key is needed. Every problem is reported at once. Times come out in
 * ms, fractions in parts per million.
 */
export function resolveFleet(options: unknown, env: Environment | null, overrides: FleetOverrides = {}): FleetResolution {
  const problems: ConfigProblem[] = [];
  const over = Object.fromEntries(
    (['speed', 'dataDir', 'market'] as const).flatMap((name) =>
      overrides[name] === undefined || overrides[name] === null ? [] : [[name, overrides[name]]],
    ),
  );
  const loose = readFleet(isRecord(options) ? { ...options, ...over } : options, problems);
  if (loose !== null && env !== null) problems.push(...environmentProblems(loose.bots, env, overrides.hasWrongChecksum ?? (() => false)));
  if (loose === null || problems.length > 0) return { kind: 'errors', errors: problems };
  const { own, restart, paper, bots } = loose;
  const dataDir = resolvePath(overrides.baseDir ?? process.cwd(), own.dataDir);
  const taken = ownFileProblem(dataDir, own.signalsDb);
  if (taken !== null) return { kind: 'errors', errors: [taken] };
  const fleet: Fleet = {
    ...own,
    dataDir,
    signalsDb: resolvePath(dataDir, own.signalsDb),
    market: own.market === null ? null : resolvePath(overrides.baseDir ?? process.cwd(), own.market),
    restart,
    paper,
    bots,
  };
  return { kind: 'ok', fleet: deepFreeze(fleet) };
}
