import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { createSigner, type Signer } from '@hyperfleet/hyperliquid';
import { createPaperExchange, createVenue } from '@hyperfleet/paper-exchange';
import { microUsd } from '@hyperfleet/trading';
import { openEcho } from './echo.ts';
import type { Load } from './http-client.worker.ts';
import { type Bench, compare } from './measure.ts';
import { inScratch } from './scratch.ts';
import { benchKey, cancelAction, orderAction, signedBody } from './signed-order.ts';
import { BTC } from './static-book.ts';
import { wallClock } from './wall-clock.ts';

/** Connections of the client; one request at a time on each. */
const LANES = 8;
const REQUESTS = 2_000;
const ROUNDS = 5;

/** The venue as a client meets it: keep-alive HTTP, signatures recovered, journal written. */
export const paperExchange: Bench = {
  name: 'paper-exchange',
  title: `signed actions over HTTP, order and cancel in turn; ${LANES} connections of one client thread`,
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
      try {
        return [
          await compare(
            { what: 'a signed action', times: REQUESTS, run: () => send(client, { url, bodies: bodiesOf(signers) }) },
            { what: 'node:http echo, same bodies', times: REQUESTS, run: () => send(client, { url: echo.url, bodies: bodiesOf(signers) }) },
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

/** For each connection its bodies in order, signed beforehand: an order that rests, then its cancel. */
function bodiesOf(signers: readonly Signer[]): readonly (readonly string[])[] {
  const nonce = Date.now();
  return signers.map((signer, lane) =>
    Array.from({ length: REQUESTS / LANES }, (_, index) => {
      const pair = Math.floor(index / 2);
      const cloid = `0x${(nonce * 1_000 + pair).toString(16).padStart(32, `${lane + 1}`)}`;
      const action = index % 2 === 0 ? orderAction({ side: 'buy', px: String(99_900 + (pair % 100)), cloid }) : cancelAction(cloid);
      return signedBody(signer, action, nonce + index);
    }),
  );
}

/** Has the client send a load; returns the time from the first request to the last reply, in ns. */
function send(client: Worker, load: Load): Promise<number> {
  return new Promise((resolve, reject) => {
    client.once('message', (done: { readonly ns: number; readonly refused: string | null }) => {
      client.off('error', reject);
      if (done.refused === null) resolve(done.ns);
      else reject(new Error(`the venue answered ${done.refused}`));
    });
    client.once('error', reject);
    client.postMessage(load);
  });
}
