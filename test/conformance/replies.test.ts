import { readFileSync } from 'node:fs';
import { createVenue, universeOf } from '@hyperfleet/paper-exchange';
import { microUsd } from '@hyperfleet/trading';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestVenue, START_MS, type TestVenue } from '../support/paper-venue.ts';
import { signedRequest } from '../support/signed-request.ts';
import { testWallet } from '../support/wallet.ts';

/** Recorded replies to actions, each of which must come back to the letter, ids and keys apart. */
const recorded: readonly { readonly from: string; readonly reply: unknown }[] = readFileSync(
  new URL('../fixtures/wire/replies.jsonl', import.meta.url),
  'utf8',
)
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));

/** Ids, cloids and addresses are of the day and the account. */
const masked = (reply: unknown): string =>
  JSON.stringify(reply)
    .replace(/"oid":"?\d+"?/g, '"oid":N')
    .replace(/0x[0-9a-f]{32,40}\b/g, '0x');

const [SOL, ETH, HYPE, BTC] = [5, 1, 159, 0];
const order = (a: number, b: boolean, p: string, s: string, extra: object = {}) => ({
  a,
  b,
  p,
  s,
  r: false,
  t: { limit: { tif: 'Gtc' } },
  ...extra,
});
const ioc = { t: { limit: { tif: 'Ioc' } } };
const cloid = (n: number) => ({ c: `0x${String(n).padStart(32, '0')}` });
const orders = (...list: readonly object[]) => ({ type: 'order', orders: list, grouping: 'na' });
const child = (a: number, triggerPx: string, tpsl: string) => ({
  a,
  b: false,
  p: triggerPx,
  s: '1',
  r: true,
  t: { trigger: { isMarket: false, triggerPx, tpsl } },
});

let venue: TestVenue;
const [maker, taker, stranger] = [testWallet(71), testWallet(72), testWallet(73)] as const;
let nonce = START_MS;
const send = async (wallet: typeof maker, action: Readonly<Record<string, unknown>>): Promise<unknown> => {
  nonce += 1;
  return (await venue.post('/exchange', await signedRequest(wallet, action, nonce))).json;
};

/** What was asked to get each recorded reply, in a state of the same kind. */
const ASKED: readonly (() => Promise<unknown>)[] = [
  // A resting order with a cloid, and one without.
  () => send(taker, orders(order(ETH, true, '1500', '1', cloid(1)))),
  () => send(taker, orders(order(ETH, true, '1500', '1'))),
  // Fills at one price, and at the average of two.
  () => send(taker, orders(order(ETH, true, '2090', '0.01', { ...ioc, ...cloid(2) }))),
  () => send(taker, orders(order(SOL, true, '74', '0.5', { ...ioc, ...cloid(3) }))),
  () => send(taker, orders(order(HYPE, true, '26', '1', ioc))),
  () =>
    send(taker, {
      ...orders(order(HYPE, true, '40.95', '1', ioc), child(HYPE, '300', 'tp'), child(HYPE, '10', 'sl')),
      grouping: 'normalTpsl',
    }),
  // Refused before the engine.
  () => send(taker, orders(order(BTC, true, '1000', '1'))),
  () => send(taker, orders(order(SOL, true, '80', '100000', ioc))),
  // Refused by it.
  () => send(taker, orders(order(ETH, true, '1500', '0.001'))),
  () => send(taker, orders(order(SOL, true, '50', '0.1'))),
  () => send(taker, orders(order(SOL, true, '50', '1', ioc))),
  () => send(taker, orders(order(SOL, true, '50', '90000'))),
  () => send(stranger, orders(order(ETH, true, '1500', '1'))),
  // Cancelled, and cancelled again.
  () =>
    send(taker, orders(order(BTC, true, '90000', '0.01', cloid(4)))).then(() =>
      send(taker, { type: 'cancelByCloid', cancels: [{ asset: BTC, cloid: cloid(4).c }] }),
    ),
  () => send(taker, { type: 'cancelByCloid', cancels: [{ asset: BTC, cloid: cloid(4).c }] }),
  () => send(taker, { type: 'cancelByCloid', cancels: [{ asset: ETH, cloid: cloid(4).c }] }),
  () => send(taker, { type: 'cancelByCloid', cancels: [{ asset: SOL, cloid: cloid(4).c }] }),
  // Modified into what would trade at once.
  () => send(taker, { type: 'batchModify', modifies: [{ oid: cloid(1).c, order: order(ETH, true, '1500', '1', ioc) }] }),
  () => send(taker, { type: 'updateLeverage', asset: ETH, isCross: true, leverage: 10 }),
];

describe('recorded replies to actions come back to the letter', () => {
  const said: string[] = [];

  beforeAll(async () => {
    venue = await openTestVenue({ venue: createVenue({ instruments: universeOf([]) }) });
    for (const { address } of [maker, taker]) venue.exchange.fund(address, microUsd(100_000e6));
    for (const [asset, p, s] of [
      [ETH, '2080.2', '1'],
      [SOL, '73.688', '1'],
      [HYPE, '25.585', '1'],
      [HYPE, '39.935', '0.9'],
      [HYPE, '39.936', '5'],
    ] as const)
      await send(maker, orders(order(asset, false, p, s)));
    for (const ask of ASKED) said.push(masked(await ask()));
  });
  afterAll(() => venue.exchange.close());

  test.each(recorded.map(({ from, reply }) => ({ from, reply, name: masked(reply).slice(0, 110) })))('$name', ({ reply }) => {
    expect(said).toContain(masked(reply));
  });
});
