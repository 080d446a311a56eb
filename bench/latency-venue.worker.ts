/** A paper exchange in a thread of its own, as in a fleet, and beside it a bare echo. */
import { parentPort, workerData } from 'node:worker_threads';
import { createPaperExchange, createVenue } from '@hyperfleet/paper-exchange';
import { type Instrument, microUsd } from '@hyperfleet/trading';
import { openEcho } from './echo.ts';
import { wallClock } from './wall-clock.ts';

interface VenueTask {
  readonly instruments: readonly Instrument[];
  readonly address: string;
  readonly journalPath: string;
}

const { instruments, address, journalPath }: VenueTask = workerData;
const venue = createVenue({ instruments });
const exchange = createPaperExchange({ venue, clock: wallClock, market: null, network: 'testnet', journalPath });
exchange.fund(address, microUsd(1_000_000_000_000));
const { url } = await exchange.listen(0);
const echo = await openEcho();
parentPort?.postMessage({ url, echoUrl: echo.url });
parentPort?.once('message', async () => {
  await exchange.close();
  await echo.close();
});
