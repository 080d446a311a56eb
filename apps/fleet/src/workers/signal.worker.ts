/** A bot's way in and out: takes signals from the queue and acts on them. */
import { workerData } from 'node:worker_threads';
import { createSignalLoop, type SignalLoop } from '@hyperfleet/bot';
import { marketToWall, openSignalQueue, wallToMarket } from '@hyperfleet/store';
import type { BotData } from '../protocol.ts';
import { openBotRoom } from './bot-room.ts';

const data: BotData = workerData;
const room = openBotRoom(data, 'signal', () => ({
  onPeer: (message) => loop?.onPeer(message),
  onWake: () => loop?.wake(),
  onStream: () => undefined,
  async drain() {
    await loop?.drain();
    queue.close();
  },
}));
const { ledger } = room;
const queue = openSignalQueue(data.signalsPath, {
  szDecimalsOf: (coin) => data.instruments.get(coin)?.szDecimals ?? null,
  onDamaged: (reason) => room.thread.send({ kind: 'damaged', file: 'signals', reason }),
});
let loop: SignalLoop | null = null;

loop = createSignalLoop({
  ...room.deps,
  queue,
  wallToMarket: (wallMs) => wallToMarket(ledger.clockSessions(), wallMs),
  marketToWall: (marketMs) => marketToWall(ledger.clockSessions(), marketMs),
  marketToIso: (marketMs) => new Date(marketToWall(ledger.clockSessions(), marketMs)).toISOString(),
  controlBots: data.botIds,
  onEmergency: data.onEmergency,
  breathe: () => new Promise((resolve) => setImmediate(resolve)),
});
await loop.start();
room.thread.ready();
