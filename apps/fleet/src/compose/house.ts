import { accessSync, constants, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  defaultVenueSettings,
  JournalError,
  limitSettings,
  MARK_REMEDY,
  marketOf,
  openRecording,
  readJournalHeader,
  readJournalTime,
  replayJournal,
  settingConflict,
} from '@hyperfleet/paper-exchange';
import {
  type HeldLock,
  isLedgerBlank,
  type LedgerHandle,
  lockAccount,
  lockBot,
  lockDataDir,
  lockSigner,
  openLedger,
  openSignalQueue,
  type SignalQueueHandle,
  StoreError,
  showsTrades,
} from '@hyperfleet/store';
import { createLog, type Log, type LogSink, openLogSink } from '@hyperfleet/telemetry';
import { paperSettings } from '../paper-settings.ts';
import { type BotAccount, openAccounts } from './accounts.ts';
import { makeDirectory, makeLocksDir } from './directory.ts';
import { findLostTrades, type LostTrade, voidEntriesInDoubt } from './lost-trades.ts';
import { openToOthers } from './paper-keys.ts';
import { LOCK_PATIENCE, openPatiently } from './patience.ts';
import { type Plan, PlanError } from './plan.ts';

/** The data directory, opened and ours: nobody else runs on it. */
export interface House {
  readonly plan: Plan;
  readonly ledger: LedgerHandle;
  readonly queue: SignalQueueHandle;
  readonly sink: LogSink;
  readonly log: Log;
  readonly accounts: readonly BotAccount[];
  /** What is to be said at the start and keeps nothing back. */
  readonly warnings: readonly string[];
  /** Trades of these bots that an earlier ledger knew, or knew more of. */
  readonly lost: readonly LostTrade[];
  /** Market time at which this run begins: where the last one ended, else the market's start. */
  readonly beginMs: number;
  close(): void;
}

/**
 * Locks and opens the data directory; a signals database that another program holds is waited for, until somebody asks the fleet to
 * stop. Rejects with StoreError (`in-use` when another fleet runs on it), PlanError, PaperKeysError.
 */
export async function openHouse(plan: Plan, asked: Promise<string>): Promise<House> {
  const { fleet, files, recording } = plan;
  makeDirectory(fleet.dataDir);
  const lock: HeldLock = lockDataDir(fleet.dataDir);
  const opened: { close(): void }[] = [{ close: () => lock.release() }];
  const close = (): void => {
    for (const each of opened.splice(0).reverse()) each.close();
  };
  try {
    checkFiles(plan);
    checkJournal(plan);
    const isLedgerNew = checkLedger(plan);
    // What the last run said of itself is over.
    rmSync(files.status, { force: true });
    const sink = await openLogSink(files.log);
    opened.push(sink);
    const ledger = openLedger(files.ledger, { verify: true });
    opened.push(ledger);
    ledger.rememberCoins(recording.instruments);
    const queue = await openPatiently(
      () =>
        openSignalQueue(fleet.signalsDb, {
          szDecimalsOf: (coin) => recording.instruments.find((instrument) => instrument.coin === coin)?.szDecimals ?? null,
          verify: true,
        }),
      { ...LOCK_PATIENCE, asked, tell: (line) => process.stderr.write(`${line}\n`) },
    );
    opened.push(queue);
    const botIds = plan.bots.map(({ id }) => id);
    const locksDir = makeLocksDir();
    const hold = (held: HeldLock): void => void opened.push({ close: () => held.release() });
    // Before a row is touched: what is in hand there may be another fleet's.
    for (const bot of botIds) hold(lockBot(locksDir, { bot, signals: fleet.signalsDb }));
    const lost = findLostTrades({ ledger, queue }, botIds);
    if (lost.length > 0 || isLedgerNew) voidEntriesInDoubt({ ledger, queue }, botIds);
    const accounts = openAccounts(
      plan,
      ledger.botStates().map(({ bot }) => bot),
    );
    for (const { signer, address } of accounts) {
      hold(lockSigner(locksDir, signer));
      hold(lockAccount(locksDir, address));
    }
    const warnings = [openToOthers(files.keys), lostJournal(plan, ledger), otherSignals(plan, { ledger, queue })];
    const lastMs = Math.max(0, ...ledger.clockSessions().map(({ marketLastMs }) => marketLastMs));
    return {
      plan,
      ledger,
      queue,
      sink,
      log: createLog((record) => sink.write(record), { thread: 'main' }),
      accounts,
      warnings: warnings.filter((warning) => warning !== null),
      lost,
      beginMs: Math.max(recording.marketStartMs, venueTime(plan), lastMs),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** What to say of a paper exchange that has lost its memory under a ledger that has not; null when all is well. */
function lostJournal({ files, fleet }: Plan, ledger: LedgerHandle): string | null {
  if (readJournalHeader(files.journal) !== null || ledger.clockSessions().length === 0) return null;
  return (
    `${files.journal} is gone, though a fleet ran in ${fleet.dataDir} before: the paper exchange begins anew, without the positions, ` +
    'orders and money that the ledger knows of; stop the fleet and restore it, or start with another --data-dir'
  );
}

/** What to say of open trades whose rows were in another signals database; null when all is well. */
function otherSignals({ bots, fleet }: Plan, { ledger, queue }: Pick<House, 'ledger' | 'queue'>): string | null {
  const here = queue.databaseId();
  const strangers = bots.flatMap(({ id }) => ledger.activeTrades(id).filter(({ signal }) => signal.databaseId !== here));
  if (strangers.length === 0) return null;
  const named = strangers.map(({ bot, coin, signal }) => `${bot}: ${coin} (signal ${signal.rowId})`).join(', ');
  return (
    `${fleet.signalsDb} is another file than the one these open trades came from: ${named}; they go on, no row shows how they end, ` +
    'and what is fed here is taken as new; if it was removed by mistake, stop the fleet and restore it'
  );
}

/** Said here, before one of them stops us half way in the system's words. Throws StoreError. */
function checkFiles({ files }: Plan): void {
  const { log, status, journal, keys } = files;
  for (const path of [log, status, journal, `${journal}.time`, keys]) {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.isDirectory() === true)
      throw new StoreError(
        'cannot-open',
        `${path} is a directory, where the fleet keeps a file; move it away, or choose another --data-dir`,
      );
    // The status file and the keys are replaced whole, which asks only for the directory.
    if (found === undefined || path === status || path === keys) continue;
    try {
      accessSync(path, constants.W_OK);
    } catch (error) {
      throw new StoreError('read-only', `${path} cannot be written; give this user write access to it`, error);
    }
  }
}

/**
 * A ledger must not vanish from a directory that was lived in: without it nothing is known of what stands at the venue. Whether one is
 * to be begun anew there. Throws StoreError `missing-file`, unless the command line takes that as it is.
 */
function checkLedger({ files, fleet, newLedger }: Plan): boolean {
  const isGone = isLedgerBlank(files.ledger) && livedIn(files.journal, fleet);
  if (newLedger && !isGone) throw new PlanError(`--new-ledger: the ledger of ${fleet.dataDir} is not gone; leave the option out`);
  if (isGone && !newLedger)
    throw new StoreError(
      'missing-file',
      `${files.ledger} is gone or empty, and ${fleet.dataDir} was lived in: restore it from a backup, however old; with --new-ledger an ` +
        'empty one is begun, and what stands at the venue is left to its stops; nothing was started',
    );
  return isGone;
}

const livedIn = (journal: string, { signalsDb, dataDir }: Plan['fleet']): boolean =>
  readJournalHeader(journal) !== null || (dirname(signalsDb) === dataDir && showsTrades(signalsDb));

/** Market a fleet may have run on after its recording's end, finishing its step on a slow machine at the highest speed. */
const AFTER_END_MS = 30 * 86_400_000;

/** Market time the venue had come to. A mark far beyond the recording would have it catch up for ever. */
function venueTime({ files, recording }: Plan): number {
  const atMs = readJournalTime(files.journal) ?? 0;
  if (atMs <= recording.endMs + AFTER_END_MS) return atMs;
  const day = new Date(atMs).toISOString();
  throw new JournalError(`${files.journal}.time says that the market had come to ${day}, long after the recording’s end; ${MARK_REMEDY}`);
}

/** A journal replays only on the market it was made on; said here, before the venue would die of it. */
function checkJournal({ files, recordingPath, fleet }: Plan): void {
  const header = readJournalHeader(files.journal);
  const { name } = marketOf(openRecording(recordingPath));
  if (header === null) return;
  if (header.market === name) {
    const conflict = settingConflict(header, { ...defaultVenueSettings, ...paperSettings(limitSettings({ on: fleet.paper.limits })) });
    if (conflict !== null) throw new PlanError(`${fleet.dataDir} was made with ${conflict} (paper.limits), or use another --data-dir`);
    // Each line is read here once, so that damage is told of now and not as the death of the venue's thread.
    for (const _ of replayJournal(files.journal));
    return;
  }
  throw new PlanError(
    `${fleet.dataDir} belongs to another market (${header.market}); choose that one with --market, or another --data-dir`,
  );
}
