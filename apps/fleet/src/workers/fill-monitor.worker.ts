/** A bot's guard: hears its account, keeps the ledger true to it, and protects every open trade. */
import { workerData } from 'node:worker_threads';
import { createFillLoop, type FillLoop } from '@hyperfleet/bot';
import { addressOfKey, openAccountStream } from '@hyperfleet/hyperliquid';
import type { AccountStream } from '@hyperfleet/trading';
import type { BotData } from '../protocol.ts';
import { openBotRoom } from './bot-room.ts';
import { FEED_TIMES } from './feed-times.ts';

const data: BotData = workerData;
const room = openBotRoom(data, 'fill-monitor', () => ({
  onPeer: (message) => loop?.onPeer(message),
  onWake: () => undefined,
  async drain() {
    await stream?.close();
    await loop?.drain();
  },
}));
const { reads, deps } = room;
let stream: AccountStream | null = null;
let loop: FillLoop | null = null;

const made = createFillLoop({ ...deps, fundingFrom: data.fundingFromMs });
loop = made;
stream = openAccountStream({
  url: data.url,
  clock: deps.clock,
  timeoutMs: FEED_TIMES.timeoutMs,
  pingIntervalMs: FEED_TIMES.pingIntervalMs,
  account: addressOfKey(data.privateKey),
  instruments: data.instruments,
  hasSpotCollateral: await reads.hasSpotCollateral(),
  silenceMs: null,
  onEvent: (event) => made.onStream(event),
});
await made.start();
room.thread.ready();
