import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { nearest } from './nearest.ts';

/** What the command line asks for; what is left out is null and decided by the configuration. */
export interface Options {
  readonly untilIdle: boolean;
  readonly report: string | null;
  readonly speed: number | null;
  readonly dataDir: string | null;
  readonly config: string | null;
  readonly market: string | null;
  readonly signals: string | null;
  /** Whether a ledger that is gone may be begun anew. */
  readonly newLedger: boolean;
}

/** The command line cannot be obeyed; the message says which part and what to write instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const HELP = `Hyperfleet: a fleet of trading bots for the Hyperliquid perpetuals exchange, on paper.

Usage: npm start -- [options]

  --until-idle        stop as soon as nothing is left to do, or the recording has ended
  --report FILE       write what happened as JSON when the fleet stops
  --speed N           market time runs N times as fast as the wall (default 10)
  --data-dir DIR      databases, logs and the lock live here (default ./data)
  --config FILE       the fleet's configuration (default fleet.config.ts)
  --market RECORDING  replay this recording (default: the bundled one, 35 minutes of four coins)
  --signals FILE.json feed these signals (default: the bundled samples)
  --new-ledger        begin a new ledger where the old one is gone; what stands at the venue is not the fleet's then
  --help              show this

Stop it with Ctrl-C: the step in hand is finished and protective stops stay at the venue. A second Ctrl-C stops at once.

Exit codes: 0 all is well · 2 the command line or the configuration is wrong · 3 something needs a person, and stderr says what.
`;

const OPTIONS = {
  'until-idle': { type: 'boolean' },
  report: { type: 'string' },
  speed: { type: 'string' },
  'data-dir': { type: 'string' },
  config: { type: 'string' },
  market: { type: 'string' },
  signals: { type: 'string' },
  'new-ledger': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Beyond it a millisecond of the wall is a second of the market, and nothing can be timed any more. */
const SPEED_MAX = 1_000;

/**
 * Reads the command line. Returns null when help is wanted; paths are made absolute against `from`.
 * Throws UsageError naming the option and, for a misspelt one, the nearest.
 */
export function parseOptions(argv: readonly string[], from: string): Options | null {
  const { values, tokens } = parseArgs({ args: [...argv], options: OPTIONS, strict: false, allowPositionals: true, tokens: true });
  for (const token of tokens) {
    if (token.kind === 'positional') throw new UsageError(`"${token.value}" is not an option; see npm start -- --help`);
    if (token.kind === 'option') checkOption(token.name, token.rawName, token.value);
  }
  if (values.help === true) return null;
  const path = (value: string | boolean | undefined): string | null => (typeof value === 'string' ? resolve(from, value) : null);
  return {
    untilIdle: values['until-idle'] === true,
    report: path(values.report),
    speed: values.speed === undefined ? null : parseSpeed(String(values.speed)),
    dataDir: path(values['data-dir']),
    config: path(values.config),
    market: path(values.market),
    signals: path(values.signals),
    newLedger: values['new-ledger'] === true,
  };
}

function checkOption(name: string, rawName: string, value: string | undefined): void {
  const known = Object.entries(OPTIONS).find(([each, { type }]) => each === name && type !== undefined)?.[1];
  if (known === undefined) {
    const near = nearest(name, Object.keys(OPTIONS));
    throw new UsageError(`there is no option ${rawName}${near === null ? '; see npm start -- --help' : `; did you mean --${near}?`}`);
  }
  if (known.type === 'string' && (value === undefined || value === '' || value.startsWith('--')))
    throw new UsageError(`${rawName} needs a value`);
  if (known.type === 'boolean' && value !== undefined) throw new UsageError(`${rawName} takes no value, but got "${value}"`);
}

function parseSpeed(text: string): number {
  const speed = text.trim() === '' ? Number.NaN : Number(text);
  if (speed > 0 && speed <= SPEED_MAX) return speed;
  throw new UsageError(`--speed is "${text}": it must be a number above 0 and at most ${SPEED_MAX}`);
}
