/** A bot's guard: hears its account, keeps the ledger true to it, and protects every open trade. */
import { workerData } from 'node:worker_threads';
import { createFillLoop, type FillLoop } from '@hyperfleet/bot';
import { openAccountStream } from '@hyperfleet/hyperliquid';
import type { AccountStream } from '@hyperfleet/trading';
import type { BotData } from '../protocol.ts';
import { accountOf, openBotRoom } from './bot-room.ts';
import { FEED_TIMES, stateSilenceMs } from './feed-times.ts';

const data: BotData = workerData;
const room = openBotRoom(data, 'fill-monitor', () => ({
  onPeer: (message) => loop?.onPeer(message),
  onWake: () => undefined,
  onStream: (isGranted) => turnStream(isGranted),
  async drain() {
    await stream?.close();
    await loop?.drain();
  },
}));
const { deps, line } = room;
let stream: AccountStream | null = null;
let loop: FillLoop | null = null;
let turning: Promise<void> = Promise.resolve();

const made = createFillLoop({ ...deps, fundingFrom: data.fundingFromMs, watch: room.watch });
loop = made;
/** Wall time the first reconcile waits for the stream: a fleet that starts at once must queue for its connections. */
const CONNECT_PATIENCE_MS = 2_000;
const connected = Promise.withResolvers<void>();

function openStream(): AccountStream {
  return openAccountStream({
    url: data.url,
    clock: deps.clock,
    ...line,
    timeoutMs: FEED_TIMES.timeoutMs,
    pingIntervalMs: FEED_TIMES.pingIntervalMs,
    account: accountOf(data.settings),
    instruments: data.instruments,
    hasSpotCollateral: data.hasSpotCollateral,
    silenceMs: null,
    stateSilenceMs: stateSilenceMs(data.clock.speed),
    onEvent(event) {
      if (event.kind === 'connected') connected.resolve();
      made.onStream(event);
    },
  });
}

/** One change after the other: a stream that is closing still counts at the venue. */
function turnStream(isGranted: boolean): void {
  turning = turning
    .then(async () => {
      made.granted(isGranted);
      if (isGranted) {
        stream ??= openStream();
        return;
      }
      const leaving = stream;
      stream = null;
      made.onStream({ kind: 'disconnected', reason: 'its place goes to a bot at more risk' });
      await leaving?.close();
      room.thread.send({ kind: 'stream-closed' });
    })
    .catch(deps.onBug);
}

made.granted(data.hasStream);
if (data.hasStream) {
  stream = openStream();
  // A reconcile before the stream stands would only have to be made again: what happened between the two is in neither.
  await Promise.race([connected.promise, new Promise((resolve) => setTimeout(resolve, CONNECT_PATIENCE_MS).unref())]);
}
await made.start();
room.thread.ready();
