/** Money paid in and out as the adapter reads it, beside what it did to the account: over real sockets, moved by a stock client. */
import { createRequestBudget, openAccountReads, openRequestBudget, type VenueAccountReads } from '@hyperfleet/hyperliquid';
import { microUsd } from '@hyperfleet/trading';
import { ExchangeClient, HttpTransport } from '@nktkas/hyperliquid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestVenue, START_MS, type TestVenue } from '../support/paper-venue.ts';
import { testWallet } from '../support/wallet.ts';

const wallet = testWallet(1);
const other = testWallet(2);
let venue: TestVenue;
let reads: VenueAccountReads;
let nonce = START_MS;

const clientOf = (signer: typeof wallet) =>
  new ExchangeClient({ transport: new HttpTransport({ apiUrl: venue.url }), wallet: signer, nonceManager: () => ++nonce });

beforeAll(async () => {
  venue = await openTestVenue();
  venue.exchange.fund(wallet.address, microUsd(10_000e6));
  venue.exchange.fund(other.address, microUsd(100e6));
  const { clock, url } = venue;
  reads = openAccountReads({
    url,
    clock,
    budget: openRequestBudget(createRequestBudget()),
    timeoutMs: 5_000,
    attempts: 1,
    account: wallet.address,
    instruments: new Map(),
    concurrency: 4,
  });
});
afterAll(async () => {
  reads.close();
  await venue.exchange.close();
});

test('every way money goes moves the account by what its row says, and no row is read twice', async () => {
  const [mine, theirs] = [clientOf(wallet), clientOf(other)];
  const ways: readonly (readonly [string, () => Promise<unknown>, number])[] = [
    ['transfer to spot', () => mine.usdClassTransfer({ amount: '100.5', toPerp: false }), -100_500_000],
    ['transfer from spot', () => mine.usdClassTransfer({ amount: '0.5', toPerp: true }), 500_000],
    [`internalTransfer to ${other.address}`, () => mine.usdSend({ destination: other.address, amount: '7' }), -7_000_000],
    [`internalTransfer from ${other.address}`, () => theirs.usdSend({ destination: wallet.address, amount: '3.000001' }), 3_000_001],
    ['withdrawal', () => mine.withdraw3({ destination: wallet.address, amount: '9000' }), -9_000_000_000],
  ];
  let { cash } = await reads.account();
  const [deposit] = await reads.transfersSince(0);
  expect(deposit).toMatchObject({ usd: 10_000_000_000, words: 'deposit' });
  let known = 1;
  for (const [words, move, usd] of ways) {
    await move();
    const account = await reads.account();
    const rows = await reads.transfersSince(0);
    expect(rows.at(-1)).toMatchObject({ usd, words: words.replace(/0x\w+/, (address) => address.toLowerCase()) });
    expect((account.cash ?? 0) - (cash ?? 0)).toBe(usd);
    known += 1;
    expect(new Set(rows.map(({ key }) => key)).size).toBe(known);
    cash = account.cash;
  }
  expect(cash).toBe((await reads.transfersSince(0)).reduce((sum, { usd }) => sum + usd, 0));
  expect(await reads.transfersSince(venue.clock.now() + 1)).toEqual([]);
});
