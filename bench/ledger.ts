import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { openLedger, openSignalQueue } from '@hyperfleet/store';
import { type Cloid, lots, type OrderRecord, type OrderRole, type Trade, ticks } from '@hyperfleet/trading';
import Database from 'better-sqlite3';
import { type Bench, compare, type Measure, timed } from './measure.ts';
import { inScratch } from './scratch.ts';

const BOT = 'Bench';
const COMMITS = 300;
const PENDING = 10_000;
const CLAIMS = 300;
const POLLS = 20_000;

/** Commits of intents, claims out of a long queue, and the look whether anything is new. */
export const ledger: Bench = {
  name: 'ledger',
  title: 'commits to disk, on the disk of temporary files',
  run: () => inScratch(async (dir) => [await measureIntents(dir), ...(await measureQueue(dir))]),
};

/** An entry and its stop, with the trade's change and an event, on the disk (FULL) before it returns. */
async function measureIntents(dir: string): Promise<Measure> {
  const ours = openLedger(join(dir, 'ledger.db'));
  ours.insertTrade(TRADE, {});
  let version = 0;
  const record = (): void => {
    const orders = [intent('entry', version), intent('stop', version)];
    const events = [{ bot: BOT, tradeId: TRADE.tradeId, atMs: version, event: 'entry sent', detail: { version } }];
    if (!ours.recordIntents(TRADE.tradeId, version, orders, {}, events)) throw new Error('nobody else writes here');
    version += 1;
  };
  const bare = bareDatabase(join(dir, 'bare.db'), 'FULL');
  const insert = bare.prepare('INSERT INTO rows (value) VALUES (?)');
  try {
    return await compare(
      { what: 'recordIntents (2 orders, FULL)', times: COMMITS, run: timed(record) },
      { what: 'insert of one row, FULL', times: COMMITS, run: timed((index) => insert.run(index)) },
    );
  } finally {
    ours.close();
    bare.close();
  }
}

async function measureQueue(dir: string): Promise<readonly Measure[]> {
  const path = join(dir, 'signals.db');
  const queue = openSignalQueue(path);
  const foreign = new Database(path);
  const fill = foreign.prepare(
    "INSERT INTO signals (symbol, direction, signal_type, bot_name, entry_1, stop_loss) VALUES ('BTC', 'long', 'entry', ?, 100000, 95000)",
  );
  foreign.transaction(() => {
    for (let row = 0; row < PENDING; row += 1) fill.run(BOT);
  })();
  const bare = bareDatabase(join(dir, 'bare-queue.db'), 'NORMAL');
  const insert = bare.prepare("INSERT INTO rows (value) VALUES ('pending')");
  bare.transaction(() => {
    for (let row = 0; row < PENDING; row += 1) insert.run();
  })();
  const update = bare.prepare("UPDATE rows SET value = 'processing' WHERE id = ? AND value = 'pending'");
  const version = bare.prepare('PRAGMA data_version');
  let next = 0;
  const claimNext = (): void => {
    next += 1;
    update.run(next);
  };
  try {
    return [
      await compare(
        {
          what: `claimEntry, ${PENDING} pending`,
          times: CLAIMS,
          run: timed(() => {
            if (queue.claimEntry(BOT) === null) throw new Error('the queue is empty');
          }),
          note: () => `${queue.countPending(BOT)} still pending at the end`,
        },
        { what: 'update by key, NORMAL', times: CLAIMS, run: timed(claimNext) },
      ),
      await compare(
        { what: 'changed()', times: POLLS, run: timed(() => queue.changed()), note: () => 'with the stat() that sees a replaced file' },
        { what: 'PRAGMA data_version', times: POLLS, run: timed(() => version.get()) },
      ),
    ];
  } finally {
    queue.close();
    foreign.close();
    bare.close();
  }
}

function bareDatabase(path: string, synchronous: 'FULL' | 'NORMAL'): Database.Database {
  const db = new Database(path);
  db.pragma('journal_mode = WAL');
  db.pragma(`synchronous = ${synchronous}`);
  db.exec('CREATE TABLE rows (id INTEGER PRIMARY KEY, value)');
  return db;
}

const TRADE: Trade = {
  tradeId: 't1',
  bot: BOT,
  coin: 'BTC',
  kind: 'entry',
  direction: 'long',
  phase: 'claimed',
  version: 0,
  signal: { databaseId: 'bench', rowId: 1, createdAt: '2025-09-04 19:47:00', rowDigest: 'digest' },
  claimedAtMs: 1_000,
  plan: null,
  exitClaimedBy: null,
  remainderReason: null,
  breakeven: 'none',
  breakevenAtMs: null,
  ladder: null,
  status: 'processing',
  reason: null,
  notes: [],
  settledAtMs: null,
};

const cloidOf = (role: OrderRole, attempt: number): Cloid =>
  `0x${createHash('sha256').update(`${role} ${attempt}`).digest('hex').slice(0, 32)}`;

function intent(role: 'entry' | 'stop', attempt: number): OrderRecord {
  return {
    intent: {
      cloid: cloidOf(role, attempt),
      coin: 'BTC',
      role,
      attempt,
      side: role === 'entry' ? 'buy' : 'sell',
      px: ticks(1_000_000),
      sz: lots(100),
      reduceOnly: role !== 'entry',
      kind: role === 'entry' ? { type: 'limit', tif: 'gtc' } : { type: 'stop-market', triggerPx: ticks(950_000) },
    },
    tradeId: TRADE.tradeId,
    bot: BOT,
    grouping: 'normalTpsl',
    state: 'intent',
    oid: null,
    filledSz: lots(0),
    nonce: 1_000 + attempt,
    expiresAfterMs: 9_000,
    recordedAtMs: 2_000,
    reason: null,
    cancelAsked: false,
  };
}
