/** A signals file that has lost what it showed: cut by a crash, set back to a backup, or away for a while. */
import { copyFileSync, renameSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import type { ShownTrade } from '@hyperfleet/trading';
import Database from 'better-sqlite3';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type LedgerHandle, openLedger } from '../ledger/open-ledger.ts';
import { tempDir } from '../testing/temp-dir.ts';
import { BOT, sampleTrade } from '../testing/trade-samples.ts';
import { openSignalQueue, type SignalQueueHandle } from './open-signal-queue.ts';

let dir: string;
let ledger: LedgerHandle;
let path: string;
beforeEach(() => {
  dir = tempDir();
  path = join(dir, 'signals.db');
  ledger = openLedger(join(dir, 'ledger.db'), { synchronous: 'OFF' });
  onTestFinished(() => ledger.close());
});

function open(at = path): SignalQueueHandle {
  const queue = openSignalQueue(at);
  onTestFinished(() => queue.close());
  return queue;
}

const toIso = (ms: number): string => new Date(ms).toISOString();

/** Claims a new row for a bot; its trade is over at once. Returns the trade’s id. */
function live(queue: SignalQueueHandle, { bot = BOT, into = ledger } = {}): string {
  queue.insertRow({ symbol: 'BTC', bot_name: bot, signal_type: 'entry', entry_1: 1 });
  const claimed = queue.claimEntry(bot);
  if (claimed === null) throw new Error('nothing was claimed');
  const { rowId, databaseId, createdAtText: createdAt, rowDigest } = claimed;
  const tradeId = `${databaseId} ${rowId}`;
  const signal = { databaseId, rowId, createdAt, rowDigest };
  into.insertTrade(sampleTrade({ tradeId, bot, signal, claimedAtMs: rowId, status: 'closed', phase: 'settled' }), claimed.row);
  return tradeId;
}

/** What the fleet does each turn. Returns the trades that were shown, or tried. */
function show(queue: SignalQueueHandle, { bot = BOT, from = ledger } = {}): string[] {
  const shown = from.unprojected(bot, 100).map((projection): ShownTrade => {
    const { tradeId, version } = projection.trade;
    return { tradeId, version, showing: queue.project(projection, toIso) };
  });
  from.markProjected(shown);
  return shown.map(({ tradeId }) => tradeId);
}

/** What it does at a start. */
function start(queue: SignalQueueHandle, { bot = BOT, from = ledger } = {}): string[] {
  from.projectAgain(bot, queue.shownMark(from.ledgerId, bot));
  return show(queue, { bot, from });
}

const statuses = (queue: SignalQueueHandle): unknown[] => queue.allRows().map(({ status }) => status);

/** Copies the file as it stands, as a backup does. */
function backUp(to: string): void {
  const db = new Database(path);
  db.exec(`VACUUM INTO '${to}'`);
  db.close();
}

/** Puts another file in its place. */
function replaceBy(from: string): void {
  for (const suffix of ['-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
  const copy = join(dir, 'copy.db');
  copyFileSync(from, copy);
  renameSync(copy, path);
}

describe('a signals file', () => {
  it.each([0, 1, 2, 3, 4])(
    'of which a crash has left the first %i of four that were shown gets the others again, and only these',
    (kept) => {
      const queue = open();
      const trades = [1, 2, 3, 4].map(() => live(queue));
      const walBytes = [statSync(`${path}-wal`).size];
      for (const [index, projection] of ledger.unprojected(BOT, 10).entries()) {
        const { tradeId, version } = projection.trade;
        ledger.markProjected([{ tradeId, version, showing: queue.project(projection, toIso) }]);
        walBytes[index + 1] = statSync(`${path}-wal`).size;
      }
      const cut = join(dir, 'cut.db');
      for (const suffix of ['', '-wal']) copyFileSync(`${path}${suffix}`, `${cut}${suffix}`);
      truncateSync(`${cut}-wal`, walBytes[kept]);
      const found = open(cut);
      expect(statuses(found)).toEqual(trades.map((_, index) => (index < kept ? 'closed' : 'processing')));
      expect(start(found)).toEqual(trades.slice(kept));
      expect(statuses(found)).toEqual(['closed', 'closed', 'closed', 'closed']);
      expect(start(found)).toEqual([]);
    },
  );

  it('that is replaced by its backup while it is open gets what the backup lacks with the next trade that is shown', () => {
    const queue = open();
    const [first, second, third] = [live(queue), live(queue), live(queue)];
    const backup = join(dir, 'backup.db');
    backUp(backup);
    expect(show(queue)).toEqual([first, second, third]);
    replaceBy(backup);
    const next = live(queue);
    expect(show(queue)).toEqual([next]);
    expect(statuses(queue)).toEqual(['processing', 'processing', 'processing', 'closed']);
    expect(show(queue)).toEqual([first, second, third]);
    expect(statuses(queue)).toEqual(['closed', 'closed', 'closed', 'closed']);
    expect(show(queue)).toEqual([]);
    expect(start(queue)).toEqual([]);
  });

  it('that is replaced by its backup between two trades of one turn gets both', () => {
    const queue = open();
    const trades = [live(queue), live(queue)];
    const backup = join(dir, 'backup.db');
    backUp(backup);
    const shown = ledger.unprojected(BOT, 10).map(({ trade }, index): ShownTrade => {
      if (index === 1) replaceBy(backup);
      const [projection] = ledger.unprojected(BOT, 10).slice(index);
      if (projection === undefined) throw new Error('nothing is behind');
      return { tradeId: trade.tradeId, version: trade.version, showing: queue.project(projection, toIso) };
    });
    ledger.markProjected(shown);
    expect(statuses(queue)).toEqual(['processing', 'closed']);
    expect(show(queue)).toEqual([trades[0]]);
    expect(show(queue)).toEqual([]);
  });

  it('of a fleet that kept no marks gets everything shown once, and then no more', () => {
    const queue = open();
    const trades = [live(queue), live(queue)];
    show(queue);
    const db = new Database(path);
    db.exec("DROP TABLE hyperfleet_shown; UPDATE hyperfleet_meta SET value = '1' WHERE name = 'schema_version'");
    db.close();
    const found = open();
    expect(start(found)).toEqual(trades);
    expect(start(found)).toEqual([]);
    const next = live(found);
    expect(start(found)).toEqual([next]);
    expect(start(found)).toEqual([]);
  });

  it('without the row of a trade is asked for it once, and again when a backup is in its place that has the row', () => {
    const queue = open();
    const trade = live(queue);
    const backup = join(dir, 'backup.db');
    backUp(backup);
    const db = new Database(path);
    db.exec('DELETE FROM signals');
    db.close();
    expect(show(queue)).toEqual([trade]);
    expect(show(queue)).toEqual([]);
    expect(start(queue)).toEqual([]);
    replaceBy(backup);
    expect(start(queue)).toEqual([trade]);
    expect(statuses(queue)).toEqual(['closed']);
    expect(start(queue)).toEqual([]);
  });

  it('that was away for a while gets what came to be shown meanwhile, and nothing that it still shows', () => {
    const queue = open();
    live(queue);
    const late = live(queue);
    show(queue);
    const away = join(dir, 'away.db');
    backUp(away);
    const other = join(dir, 'other.db');
    openSignalQueue(other).close();
    replaceBy(other);
    const here = live(queue);
    ledger.changeTrade(late, 0, { status: 'failed' });
    expect(show(queue)).toEqual([here, late]);
    expect(start(queue)).toEqual([]);
    replaceBy(away);
    expect(start(queue)).toEqual([late]);
    expect(statuses(queue)).toEqual(['closed', 'failed']);
    expect(start(queue)).toEqual([]);
  });

  it('of two bots, and of two ledgers, gets for each what it has lost of that one', () => {
    const queue = open();
    const another = openLedger(join(dir, 'another.db'), { synchronous: 'OFF' });
    onTestFinished(() => another.close());
    const [kept, lost] = [live(queue), live(queue)];
    ledger.changeTrade(kept, 0, {});
    const [projection] = ledger.unprojected(BOT, 1);
    if (projection === undefined) throw new Error('nothing is behind');
    ledger.markProjected([{ tradeId: kept, version: 1, showing: queue.project(projection, toIso) }]);
    live(queue, { bot: 'Vulcan' });
    show(queue, { bot: 'Vulcan' });
    const theirs = live(queue, { into: another });
    show(queue, { from: another });
    const backup = join(dir, 'backup.db');
    backUp(backup);
    expect(show(queue)).toEqual([lost]);
    replaceBy(backup);
    expect(start(queue, { bot: 'Vulcan' })).toEqual([]);
    // It raises no mark but its own, also on a file that has lost another's.
    another.changeTrade(theirs, 0, { status: 'failed' });
    expect(start(queue, { from: another })).toEqual([theirs]);
    expect(start(queue)).toEqual([lost]);
    expect(statuses(queue)).toEqual(['closed', 'closed', 'closed', 'failed']);
  });
});
