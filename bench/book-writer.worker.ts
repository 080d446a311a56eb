/** Publishes a book as fast as it can until told to stop. */
import { parentPort, workerData } from 'node:worker_threads';
import { openBookWriter } from '@hyperfleet/market-data';
import { levels } from './static-book.ts';

const { buffer, stop }: { readonly buffer: SharedArrayBuffer; readonly stop: SharedArrayBuffer } = workerData;
const stopFlag = new Int32Array(stop);
const writer = openBookWriter(buffer);
const bids = levels(-1);
const asks = levels(1);
parentPort?.postMessage('writing');
for (let at = 2; Atomics.load(stopFlag, 0) === 0; at += 1) writer.book('BTC', { bids, asks, exchangeTimeMs: at, receivedAtMs: at });
