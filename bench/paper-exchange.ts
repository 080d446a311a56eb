import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { createSigner, type Signer } from '@hyperfleet/hyperliquid';
import { createPaperExchange, createVenue } from '@hyperfleet/paper-exchange';
import { microUsd } from '@hyperfleet/trading';
import { openEcho } from './echo.ts';
import type { Load } from './http-client.worker.ts';
import { type Bench, compare, median } from './measure.ts';
import { inScratch } from './scratch.ts';
import { benchKey, cancelAction, orderAction, signedBody } from './signed-order.ts';
import { BTC } from './static-book.ts';
import { wallClock } from './wall-clock.ts';

/** Connections of the client; one request at a time on each. */
const LANES = 8;
const REQUESTS = 4_000;
const ROUNDS = 5;
const BATCH = 10;

/** The venue as a client meets it: keep-alive HTTP, signatures recovered, journal written. */
export const paperExchange: Bench = {
  name: 'paper-exchange',
  title: `signed actions over HTTP, order and cancel in turn; ${LANES} connections of one client thread; time of the server's thread`,
  run: () =>
    inScratch(async (dir) => {
      const signers = Array.from({ length: LANES }, (_, lane) => createSigner(benchKey(lane)));
      const venue = createVenue({ instruments: [BTC] });
      const journalPath = join(dir, 'paper-exchange.jsonl');
      const exchange = createPaperExchange({ venue, clock: wallClock, market: null, network: 'testnet', journalPath });
      for (const { address } of signers) exchange.fund(address, microUsd(1_000_000_000_000));
      const { url } = await exchange.listen(0);
      const echo = await openEcho();
      const client = new Worker(new URL('./http-client.worker.ts', import.meta.url));
      const wallNs: number[] = [];
      const sendTo = (to: string, batch: number) => async () => {
        const { serverNs, ns } = await send(client, { url: to, bodies: bodiesOf(signers, batch) });
        if (to === url && batch === 1) wallNs.push(ns / REQUESTS);
        return serverNs;
      };
      const note = () => `${Math.round(1e9 / median(wallNs)).toLocaleString('en')} a second by the clock, beside the client`;
      const bare = (batch: number) => ({ what: 'node:http echo, same bodies', times: REQUESTS * batch, run: sendTo(echo.url, batch) });
      try {
        return [
          await compare({ what: 'a signed action', times: REQUESTS, run: sendTo(url, 1), note }, bare(1), ROUNDS),
          await compare(
            { what: `an order or cancel of ${BATCH} in an action`, times: REQUESTS * BATCH, run: sendTo(url, BATCH) },
            bare(BATCH),
            ROUNDS,
          ),
        ];
      } finally {
        await client.terminate();
        await exchange.close();
        await echo.close();
      }
    }),
};

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/** For each connection its bodies in order, signed beforehand: an action of orders that rest, then one of their cancels. */
function bodiesOf(signers: readonly Signer[], batch: number): readonly (readonly string[])[] {
  const nonce = Date.now();
  return signers.map((signer, lane) =>
    Array.from({ length: REQUESTS / LANES }, (_, index) => {
      const pair = Math.floor(index / 2);
      const cloids = Array.from({ length: batch }, (_, nth) => `0x${hex(lane, 4)}${hex(nonce, 16)}${hex(pair, 8)}${hex(nth, 4)}`);
      const px = String(99_900 + (pair % 100));
      const action = index % 2 === 0 ? orderAction(cloids.map((cloid) => ({ side: 'buy', px, cloid }))) : cancelAction(cloids);
      return signedBody(signer, action, nonce + index);
    }),
  );
}

/** Has the client send a load; returns the time from the first request to the last reply, and what this thread, the server's, spent on it. In ns. */
function send(client: Worker, load: Load): Promise<{ readonly ns: number; readonly serverNs: number }> {
  return new Promise((resolve, reject) => {
    const before = process.threadCpuUsage();
    client.once('message', (done: { readonly ns: number; readonly refused: string | null }) => {
      const { user, system } = process.threadCpuUsage(before);
      client.off('error', reject);
      if (done.refused === null) resolve({ ns: done.ns, serverNs: (user + system) * 1_000 });
      else reject(new Error(`the venue answered ${done.refused}`));
    });
    client.once('error', reject);
    client.postMessage(load);
  });
}
