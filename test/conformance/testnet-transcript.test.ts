import { readFileSync } from 'node:fs';
import { createVenue, listingsOf, type MarketEvent } from '@hyperfleet/paper-exchange';
import { fineTicks, lots, microUsd, ticks } from '@hyperfleet/trading';
import { ExchangeClient, InfoClient } from '@nktkas/hyperliquid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { directTransport } from '../support/direct-transport.ts';
import { openTestVenue, START_MS, type TestVenue } from '../support/paper-venue.ts';
import { signedRequest } from '../support/signed-request.ts';
import { testWallet } from '../support/wallet.ts';

/**
 * What somebody asked the testnet on 2026-09-07 and was told, asked again of a paper exchange with the testnet's assets (BTC is
 * 3 there) and a book like that day's. Ids, times and accounts are ours; everything else must come back to the letter.
 */
interface Case {
  readonly case: string;
  readonly request: { readonly action?: Readonly<Record<string, unknown>> } | null;
  readonly response: unknown;
}

const fixture = (name: string): string => readFileSync(new URL(`../fixtures/wire/${name}`, import.meta.url), 'utf8');
const cases: readonly Case[] = fixture('testnet-transcript.jsonl')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));
const recordedAction = (name: string): Readonly<Record<string, unknown>> => {
  const action = cases.find((it) => it.case === name)?.request?.action;
  if (action === undefined) throw new Error(`the transcript has no action for ${name}`);
  return action;
};

const BTC = 3;
const listings = listingsOf(JSON.parse(fixture('testnet-meta.json')));
const level = (px: number, sz: number) => ({ px: ticks(px * 10), sz: lots(sz) });
/** The asks of that day's first fill: eleven lots at 79,449 and four at 79,450 make the average it was told. */
const book = (atMs: number): MarketEvent => ({
  kind: 'book',
  coin: 'BTC',
  atMs,
  exchangeTimeMs: atMs,
  bids: [level(79_443, 100_000), level(79_442, 100_000)],
  asks: [level(79_449, 11), level(79_450, 100_000)],
});
const mark = (atMs: number): MarketEvent => ({
  kind: 'mark',
  coin: 'BTC',
  atMs,
  mark: fineTicks(794_420_000),
  oracle: fineTicks(794_420_000),
  fundingRateE10: null,
});

let venue: TestVenue;
const [master, shield, lost] = [testWallet(81), testWallet(82), testWallet(83)] as const;
const agentKeys = [84, 85, 86, 87, 88].map((n) => testWallet(n));
let nonce = START_MS;
const nonceManager = () => ++nonce;
const DEAD = '0x000000000000000000000000000000000000dead';

/** Ids, times and volumes of the day, and accounts, each by its part in the story. */
function masked(value: unknown): unknown {
  const parts: readonly (readonly [string, string])[] = [
    ['0xe7c2adb44064e705a2e955770440c527373967a1', 'MASTER'],
    ['0xc6e7df1339786bf130d2e5ad9dbba05c408d8efb', 'AGENT'],
    ['0x4b6c5b1287e38b78e61d5dbca726d5e267eda747', 'STRANGER'],
    [master.address, 'MASTER'],
    [shield.address, 'AGENT'],
    [lost.address, 'STRANGER'],
  ];
  let text = JSON.stringify(value)
    .replace(/"(oid|timestamp|validUntil)":\d+/g, '"$1":0')
    .replace(/Traded: \$[\d.]+\d/g, 'Traded: $V');
  for (const [address, part] of parts) text = text.replaceAll(address, part);
  return JSON.parse(text);
}

describe('the testnet transcript of 2026-09-07', () => {
  const told = new Map<string, unknown>();
  const tell = async (name: string, answer: Promise<unknown>): Promise<void> => {
    const value = await answer.catch((error: unknown) => {
      if (error instanceof Error && 'response' in error) return error.response;
      throw error;
    });
    told.set(name, value);
  };

  beforeAll(async () => {
    venue = await openTestVenue({
      venue: createVenue({ instruments: listings }),
      network: 'testnet',
      events: Array.from({ length: 240 }, (_, i) => [book(START_MS + i * 500), mark(START_MS + i * 500)]).flat(),
    });
    venue.exchange.fund(master.address, microUsd(1_000e6));
    const transport = directTransport(venue.exchange, true);
    const info = new InfoClient({ transport });
    const exchange = new ExchangeClient({ transport, wallet: master, nonceManager });
    const as = (wallet: typeof master) => new ExchangeClient({ transport, wallet, nonceManager });
    const user = master.address;
    const order = (b: boolean, p: string, s: string, r: boolean, tif: 'Gtc' | 'Ioc' = 'Ioc') =>
      exchange.order({ orders: [{ a: BTC, b, p, s, r, t: { limit: { tif } } }], grouping: 'na' });
    const send = async (wallet: typeof master, action: Readonly<Record<string, unknown>>, extra: { expiresAfter?: number } = {}) => {
      nonce += 1;
      const { text } = await venue.exchange.direct.post(
        '/exchange',
        await signedRequest(wallet, action, nonce, { isTestnet: true, ...extra }),
      );
      return JSON.parse(text);
    };

    await exchange.updateLeverage({ asset: BTC, isCross: true, leverage: 5 });
    await tell('reduce-only IOC, no position', send(master, recordedAction('reduce-only IOC, no position')));
    await tell('twapOrder reduce-only no position', exchange.twapOrder({ twap: { a: BTC, b: false, s: '0.01', r: true, m: 5, t: false } }));
    await tell('market-style IOC buy fills', order(true, '80246', '0.00015', false));
    await tell(
      'position while long',
      info.clearinghouseState({ user }).then((state) => state.assetPositions[0]?.position),
    );
    await tell('reduce-only IOC sell 0.0003 while long 0.00015: CAPPED to position, no error', order(false, '78651', '0.0003', true));

    venue.clock.advance(1_000);
    await order(true, '80246', '0.00015', false);
    const first = await order(false, '87406', '0.00015', true, 'Gtc');
    told.set('resting reduce-only Gtc', first);
    await tell(
      'second resting reduce-only whose sum exceeds the position: accepted; the FIRST (older) one is auto-cancelled',
      order(false, '96161', '0.00015', true, 'Gtc'),
    );
    await tell('openOrders after that', info.openOrders({ user }));
    const [status] = first.response.data.statuses;
    const oid = typeof status === 'object' && 'resting' in status ? status.resting.oid : 0;
    await tell(
      'modify of the auto-cancelled order',
      exchange.modify({ oid, order: { a: BTC, b: false, p: '96161', s: '0.00015', r: true, t: { limit: { tif: 'Gtc' } } } }),
    );
    const [open] = await info.openOrders({ user });
    await tell('cancel', exchange.cancel({ cancels: [{ a: BTC, o: open?.oid ?? 0 }] }));
    await tell(
      'positionTpsl sl isMarket',
      exchange.order({
        orders: [
          { a: BTC, b: false, p: '71524', s: '0.00015', r: true, t: { trigger: { isMarket: true, triggerPx: '75500', tpsl: 'sl' } } },
        ],
        grouping: 'positionTpsl',
      }),
    );
    await tell('openOrders shows the trigger order', info.openOrders({ user }));
    await tell('updateLeverage lower/raise with open position', exchange.updateLeverage({ asset: BTC, isCross: true, leverage: 10 }));
    await tell('updateLeverage cross->isolated with open position', exchange.updateLeverage({ asset: BTC, isCross: false, leverage: 10 }));
    await tell('updateIsolatedMargin on cross position', exchange.updateIsolatedMargin({ asset: BTC, isBuy: true, ntli: 1_000_000 }));
    await tell('scheduleCancel under $1M volume', exchange.scheduleCancel({ time: venue.clock.now() + 60_000 }));
    await tell(
      'order with expiresAfter in the past',
      send(master, recordedAction('order with expiresAfter in the past'), { expiresAfter: START_MS - 60_000 }),
    );

    const until = venue.clock.now() + 7_200_000;
    await tell(
      'approveAgent named with valid_until',
      exchange.approveAgent({ agentAddress: shield.address, agentName: `shield-probe valid_until ${until}` }),
    );
    await tell('extraAgents after approve', info.extraAgents({ user }));
    await tell('userRole(agent)', info.userRole({ user: shield.address }));
    await tell('agent key signs usdSend (user-signed)', as(shield).usdSend({ destination: DEAD, amount: '1' }));
    const [a, b, c, d, e] = agentKeys;
    if (a === undefined || b === undefined || c === undefined || d === undefined || e === undefined) throw new Error('unreachable');
    await exchange.approveAgent({ agentAddress: a.address, agentName: 'second' });
    await exchange.approveAgent({ agentAddress: b.address, agentName: 'third' });
    await tell('4th named agent', exchange.approveAgent({ agentAddress: c.address, agentName: 'fourth' }));
    await exchange.approveAgent({ agentAddress: d.address, agentName: 'third' });
    await tell('action signed by a replaced/removed agent', as(b).noop({ nonce: nonceManager() }));
    await tell('action signed by an unknown key', as(lost).noop({ nonce: nonceManager() }));
    await tell('approveAgent reusing an address', exchange.approveAgent({ agentAddress: b.address, agentName: 'third' }));
    await tell(
      'approveAgent valid_until >180d or in the past',
      exchange.approveAgent({ agentAddress: e.address, agentName: `third valid_until ${START_MS - 1}` }),
    );
    await exchange.approveAgent({ agentAddress: '0x0000000000000000000000000000000000000000', agentName: 'second' });
    await tell('approveAgent within ~5 s of a removal', exchange.approveAgent({ agentAddress: e.address, agentName: 'second' }));
    await tell('createSubAccount under $100k volume', exchange.createSubAccount({ name: 'sub' }));
    await tell(
      'subAccountTransfer to a non sub-account',
      exchange.subAccountTransfer({ subAccountUser: DEAD, isDeposit: true, usd: 1_000_000 }),
    );
    await tell('vaultTransfer unknown vault', exchange.vaultTransfer({ vaultAddress: DEAD, isDeposit: true, usd: 1_000_000 }));
    await tell('setReferrer unknown code', exchange.setReferrer({ code: 'NOSUCHCODE' }));
  });
  afterAll(() => venue.exchange.close());

  test('has BTC at asset 3, as the testnet lists it', () => {
    expect(listings[BTC]).toMatchObject({ coin: 'BTC', assetId: BTC, szDecimals: 5, maxLeverage: 40 });
  });

  test.each(cases.map(({ case: name, response }) => ({ name, response })))('$name', ({ name, response }) => {
    expect(told.has(name), 'this case is not asked').toBe(true);
    expect(masked(told.get(name))).toEqual(masked(response));
  });
});
