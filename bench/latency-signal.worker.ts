/** The measured bot's way in: takes signals and sends entries, and tells when each order request was answered. */
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { createSignalLoop, type PeerMessage } from '@hyperfleet/bot';
import { openSignalQueue } from '@hyperfleet/store';
import type { Exchange } from '@hyperfleet/trading';
import { type BotTask, openRoom } from './latency-bot.ts';

/** An order request was answered. Times are of the machine's monotonic clock, in ns, the same in every thread. */
export interface Answered {
  readonly coin: string;
  readonly sentNs: bigint;
  readonly heardNs: bigint;
  /** What became of its first order. */
  readonly word: string;
}

const task: BotTask = workerData;
const { deps, close } = openRoom(task);
const exchange: Exchange = {
  ...deps.exchange,
  async place(request) {
    const sentNs = process.hrtime.bigint();
    const answer = await deps.exchange.place(request);
    const word = answer.kind === 'answered' ? (answer.value[0]?.kind ?? 'nothing') : `${answer.kind}: ${answer.reason}`;
    const answered: Answered = { coin: request.orders[0]?.coin ?? '', sentNs, heardNs: process.hrtime.bigint(), word };
    parentPort?.postMessage(answered);
    return answer;
  },
};
const queue = openSignalQueue(join(task.dir, 'signals.db'));
const same = (timeMs: number): number => timeMs;
const loop = createSignalLoop({
  ...deps,
  exchange,
  queue,
  wallToMarket: same,
  marketToWall: same,
  marketToIso: (ms) => new Date(ms).toISOString(),
  controlBots: [task.id],
  breathe: () => new Promise((resolve) => setImmediate(resolve)),
});
task.peer.on('message', (message: PeerMessage) => loop.onPeer(message));
await loop.start();
parentPort?.postMessage('ready');
parentPort?.on('message', async (word: 'wake' | 'close') => {
  if (word === 'wake') return loop.wake();
  await loop.drain();
  queue.close();
  close();
  parentPort?.close();
});
