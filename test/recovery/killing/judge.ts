/** Holds a finished run against the venue's own journal, replayed: what was done twice, left open or not accounted for. */
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { addressOfKey } from '@hyperfleet/hyperliquid';
import {
  createPaperExchange,
  createVenue,
  marketOf,
  openRecording,
  readJournalTime,
  universeOf,
  type Venue,
} from '@hyperfleet/paper-exchange';
import { readReport, unexplained } from '../../support/fleet-process.ts';
import { ENTRIES } from './scenario.ts';
import type { Way } from './way.ts';

const BOTS = ['One', 'Two'] as const;
/** Where a signal may end; anything else is a signal nobody has dealt with. */
const ENDED = new Set(['closed', 'executed', 'no_op', 'expired', 'failed']);

/** The venue as its journal leaves it. */
function replayVenue(dir: string): Venue {
  const recording = openRecording(join(dir, 'scenario.hfr'));
  const journalPath = join(dir, 'replayed.jsonl');
  copyFileSync(join(dir, 'data/paper-exchange.jsonl'), journalPath);
  copyFileSync(join(dir, 'data/paper-exchange.jsonl.time'), `${journalPath}.time`);
  const venue = createVenue({ instruments: universeOf(recording.header.instruments), settings: { fillsByPrintsOnly: true } });
  const atMs = readJournalTime(journalPath) ?? 0;
  const exchange = createPaperExchange({
    venue,
    clock: { now: () => atMs, after: () => () => undefined },
    market: marketOf(recording),
    network: 'testnet',
    journalPath,
  });
  void exchange.close();
  return venue;
}

interface Judged {
  readonly faults: readonly string[];
  readonly nakedMs: number;
}

/** Judges the data directory of a run that has come to its end. */
export function judge(dir: string, way: Way): Judged {
  const faults: string[] = [];
  const venue = replayVenue(dir);
  const keys: Readonly<Record<string, string>> = JSON.parse(readFileSync(join(dir, 'data/paper-keys.json'), 'utf8'));
  const report = readReport(join(dir, 'report.json'));
  const ledger = join(dir, 'data/ledger.db');
  // A power cut may take rows of the signals database with it; what is then written again is another signal.
  const signals = way === 'machine' ? signalsTaken(ledger) : ENTRIES;
  for (const bot of BOTS) faults.push(...botFaults(venue, { bot, user: addressOfKey(keys[bot] ?? ''), signals }));
  const audit = venue.audit();
  if (audit.duplicateCloids > 0) faults.push(`${audit.duplicateCloids} orders came with the cloid of a live one`);
  if (audit.conservationErrorUsd !== 0) faults.push(`the venue's books do not balance by ${audit.conservationErrorUsd}`);
  if (unexplained(report).some((difference) => difference !== 0))
    faults.push(`money is not accounted for: ${unexplained(report).join(', ')}`);
  const paused = new Set(report.bots.filter(({ state }) => state === 'paused').map(({ id }) => id));
  for (const { id, bot, status, open } of report.signals) {
    // Rows written while nobody was there (or written again after a power cut) are found all at once, CLOSE_ALL among them: a paused
    // bot leaves the rest pending.
    if (status === 'pending' && paused.has(bot)) continue;
    if (open || !ENDED.has(status)) faults.push(`signal ${id} was left ${status}`);
  }
  faults.push(...ledgerFaults(ledger));
  return { faults, nakedMs: audit.nakedMsMax };
}

interface Account {
  readonly bot: string;
  readonly user: `0x${string}`;
  /** How many entry signals there were, by bot and coin. */
  readonly signals: ReadonlyMap<string, number>;
}

function botFaults(venue: Venue, { bot, user, signals }: Account): string[] {
  const faults: string[] = [];
  const { positions } = venue.account(user);
  for (const { coin, szi } of positions) faults.push(`${bot} was left with ${szi} lots of ${coin}`);
  for (const { coin, oid } of venue.openOrders(user)) faults.push(`${bot} was left with order ${oid} on ${coin}`);
  const opening = new Map<string, Set<number>>();
  for (const { order, status } of venue.historicalOrders(user)) {
    if (order.reduceOnly || (status !== 'open' && status !== 'filled')) continue;
    const oids = opening.get(order.coin) ?? new Set<number>();
    opening.set(order.coin, oids.add(order.oid));
  }
  for (const [coin, oids] of opening) {
    const allowed = signals.get(`${bot} ${coin}`) ?? 0;
    if (oids.size > allowed) faults.push(`${bot} entered ${coin} ${oids.size} times for ${allowed} signals`);
  }
  return faults;
}

/** Entry signals the ledger knows, by bot and coin. */
function signalsTaken(path: string): ReadonlyMap<string, number> {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const rows = db.prepare("SELECT bot, coin, count(*) AS n FROM trades WHERE kind = 'entry' GROUP BY bot, coin").all();
    return new Map(rows.map(({ bot, coin, n }) => [`${String(bot)} ${String(coin)}`, Number(n)]));
  } finally {
    db.close();
  }
}

function ledgerFaults(path: string): string[] {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const twice = db
      .prepare("SELECT trade_id, count(*) AS n FROM orders WHERE role = 'entry' AND oid IS NOT NULL GROUP BY trade_id HAVING n > 1")
      .all();
    return twice.map(({ trade_id, n }) => `trade ${String(trade_id)} has ${String(n)} accepted entries`);
  } finally {
    db.close();
  }
}
