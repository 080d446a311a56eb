import { once } from 'node:events';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { addressOfKey, createNonceCell, createRequestBudget } from '@hyperfleet/hyperliquid';
import { type BookWriter, createBookMemory, openBookWriter } from '@hyperfleet/market-data';
import { openSignalQueue } from '@hyperfleet/store';
import type { Instrument } from '@hyperfleet/trading';
import Database from 'better-sqlite3';
import { post } from './http-post.ts';
import type { BotTask } from './latency-bot.ts';
import type { Answered } from './latency-signal.worker.ts';
import { type Bench, type Measure, median, quantile } from './measure.ts';
import { inScratch } from './scratch.ts';
import { benchKey } from './signed-order.ts';
import { BTC, levels } from './static-book.ts';

const BOT = 'Bench';
/** One coin a signal, since a bot holds one trade a coin. */
const SIGNALS = 60;
const WARMING = 5;
/** How often a fleet's main thread looks whether signals.db has changed. */
const LOOK_MS = 20;
/** Signals come at no fixed place of the 20 ms look. */
const PAUSE_MS_MAX = 40;
const ECHOES = 500;
const ANSWER_MS_MAX = 15_000;

const COINS: readonly Instrument[] = Array.from({ length: SIGNALS + WARMING }, (_, assetId) => ({ ...BTC, coin: `C${assetId}`, assetId }));

/** From a row committed by another program to the venue's word that the order rests. */
export const latency: Bench = {
  name: 'latency',
  title: 'signal row committed → entry and stop accepted by the venue, one bot over loopback',
  run: () => inScratch(measureLatency),
};

interface Sample {
  readonly totalMs: number;
  readonly requestMs: number;
}

async function measureLatency(dir: string): Promise<readonly Measure[]> {
  const privateKey = benchKey(0);
  const address = addressOfKey(privateKey);
  const venue = new Worker(new URL('./latency-venue.worker.ts', import.meta.url), {
    workerData: { instruments: COINS, address, journalPath: join(dir, 'paper-exchange.jsonl') },
  });
  const { url, echoUrl } = await heardFrom<{ readonly url: string; readonly echoUrl: string }>(venue);
  const memory = createBookMemory(COINS.map(({ coin }) => coin));
  const writer = openBookWriter(memory.buffer);
  writeBooks(writer);
  const writing = setInterval(() => writeBooks(writer), 500);
  const shared = { books: memory.buffer, nonceCell: createNonceCell(), budget: createRequestBudget() };
  const bot = await startBot({ id: BOT, dir, url, privateKey, instruments: COINS, ...shared });
  const watch = openSignalQueue(join(dir, 'signals.db'));
  const looking = setInterval(() => {
    if (watch.changed()) bot.signal.postMessage('wake');
  }, LOOK_MS);
  try {
    const samples = await sendSignals(join(dir, 'signals.db'), bot.signal);
    return report(samples, await echoTimes(echoUrl));
  } finally {
    clearInterval(writing);
    clearInterval(looking);
    watch.close();
    for (const thread of [bot.signal, bot.fillMonitor, venue]) {
      const ended = once(thread, 'exit');
      thread.postMessage('close');
      await ended;
    }
  }
}

/** Both threads of one bot, ready. */
async function startBot(task: Omit<BotTask, 'peer'>): Promise<{ readonly signal: Worker; readonly fillMonitor: Worker }> {
  const { port1, port2 } = new MessageChannel();
  const handed = (peer: MessagePort) => ({ workerData: { ...task, peer }, transferList: [peer] });
  const fillMonitor = new Worker(new URL('./latency-fill-monitor.worker.ts', import.meta.url), handed(port1));
  const signal = new Worker(new URL('./latency-signal.worker.ts', import.meta.url), handed(port2));
  await Promise.all([heardFrom(fillMonitor), heardFrom(signal)]);
  return { signal, fillMonitor };
}

/** The first thing a thread says. */
function heardFrom<T>(thread: Worker): Promise<T> {
  return new Promise((resolve, reject) => {
    thread.once('message', resolve);
    thread.once('error', reject);
  });
}

function writeBooks(writer: BookWriter): void {
  const bids = levels(-1);
  const asks = levels(1);
  for (const coin of writer.coins) writer.book(coin, { bids, asks, exchangeTimeMs: Date.now(), receivedAtMs: Date.now() });
}

/** The answer to the next order request. */
async function nextAnswer(signal: Worker): Promise<Answered> {
  return await new Promise((resolve, reject) => {
    const fail = (error: unknown): void => reject(error);
    signal.once('error', fail);
    signal.once('message', (answered: Answered) => {
      signal.off('error', fail);
      resolve(answered);
    });
  });
}

/** One signal after the other, each when the one before has been answered. */
async function sendSignals(path: string, signal: Worker): Promise<readonly Sample[]> {
  const foreign = new Database(path);
  const insert = foreign.prepare(
    "INSERT INTO signals (symbol, direction, signal_type, bot_name, created_at, entry_1, stop_loss, target_1) VALUES (?, 'long', 'entry', ?, ?, 99900, 95000, 110000)",
  );
  const samples: Sample[] = [];
  for (const { coin } of COINS) {
    await sleep(Math.random() * PAUSE_MS_MAX);
    const answer = nextAnswer(signal);
    insert.run(coin, BOT, new Date().toISOString());
    const committedNs = process.hrtime.bigint();
    const answered = await Promise.race([answer, sleep(ANSWER_MS_MAX, null, { ref: false })]);
    if (answered === null) throw new Error(`no order for ${coin} within ${ANSWER_MS_MAX} ms: ${statusOf(foreign, coin)}`);
    if (answered.word !== 'resting' || answered.coin !== coin) throw new Error(`the order for ${answered.coin} is ${answered.word}`);
    samples.push({ totalMs: msBetween(committedNs, answered.heardNs), requestMs: msBetween(answered.sentNs, answered.heardNs) });
  }
  foreign.close();
  return samples.slice(WARMING);
}

const msBetween = (fromNs: bigint, toNs: bigint): number => Number(toNs - fromNs) / 1e6;

const statusOf = (db: Database.Database, coin: string): string =>
  JSON.stringify(db.prepare('SELECT status, notes FROM signals WHERE symbol = ?').get(coin));

/** Round trips of a bare echo in the venue's thread, in ms. */
async function echoTimes(url: string): Promise<readonly number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times: number[] = [];
  const body = JSON.stringify({ filler: 'x'.repeat(500) });
  for (let index = 0; index < ECHOES; index += 1) {
    const startMs = performance.now();
    await post(agent, url, body);
    times.push(performance.now() - startMs);
  }
  agent.destroy();
  return times;
}

function report(samples: readonly Sample[], echoes: readonly number[]): readonly Measure[] {
  const totals = samples.map(({ totalMs }) => totalMs);
  const requests = samples.map(({ requestMs }) => requestMs);
  const of = (what: string, ours: readonly number[], share: number, note = ''): Measure => ({
    what: `${what}, ${share === 0.5 ? 'median' : `p${share * 100}`}`,
    nsPerOp: quantile(ours, share) * 1e6,
    bare: { what: `node:http echo, ${share === 0.5 ? 'median' : `p${share * 100}`}`, nsPerOp: quantile(echoes, share) * 1e6 },
    note,
  });
  const thirds = [samples.slice(0, 20), samples.slice(-20)].map((part) => median(part.map(({ totalMs }) => totalMs)).toFixed(1));
  return [
    of(
      'row → accepted',
      totals,
      0.5,
      `${SIGNALS} signals; of it about 10 ms wait for the look every 20 ms; first and last 20: ${thirds.join(' and ')} ms`,
    ),
    of('row → accepted', totals, 0.99, `the slowest of ${SIGNALS}`),
    of('sign, send, answer read', requests, 0.5),
    of('sign, send, answer read', requests, 0.99),
  ];
}
