/** The measured bot's guard, in a thread of its own as in a fleet. */
import { parentPort, workerData } from 'node:worker_threads';
import { createFillLoop, type PeerMessage } from '@hyperfleet/bot';
import { addressOfKey, openAccountStream } from '@hyperfleet/hyperliquid';
import { type BotTask, openRoom, TIMEOUT_MS } from './latency-bot.ts';
import { wallClock as clock } from './wall-clock.ts';

const task: BotTask = workerData;
const { deps, reads, instruments, close } = openRoom(task);
const loop = createFillLoop({ ...deps, fundingFrom: clock.now() });
task.peer.on('message', (message: PeerMessage) => loop.onPeer(message));
const stream = openAccountStream({
  url: task.url,
  clock,
  timeoutMs: TIMEOUT_MS,
  pingIntervalMs: 20_000,
  account: addressOfKey(task.privateKey),
  instruments,
  hasSpotCollateral: await reads.hasSpotCollateral(),
  silenceMs: null,
  stateSilenceMs: null,
  onEvent: (event) => loop.onStream(event),
});
await loop.start();
parentPort?.postMessage('ready');
parentPort?.once('message', async () => {
  await stream.close();
  await loop.drain();
  close();
});
