/** A whole fleet coming up at once before a venue with every limit on: nothing may be refused. */
import {
  createRequestBudget,
  fetchInstruments,
  openAccountReads,
  openAccountStream,
  openMarketFeed,
  openRequestBudget,
} from '@hyperfleet/hyperliquid';
import { createPaperExchange, createVenue, LIMIT_NAMES, limitSettings } from '@hyperfleet/paper-exchange';
import { type Clock, microUsd } from '@hyperfleet/trading';
import { afterEach, expect, test } from 'vitest';
import { steppedClock } from '../support/paper-venue.ts';
import { testWallet } from '../support/wallet.ts';

const BOTS = 64;
const START_MS = 1_757_000_000_000;
/** The market waits for the bots to get to their places. */
const standing: Clock = { now: () => START_MS, after: () => () => undefined };

const instruments = [{ coin: 'BTC', assetId: 0, szDecimals: 5, maxLeverage: 40, onlyIsolated: false, isDelisted: false }];
const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

test('64 bots read their accounts and open their streams while the market stands, and the venue refuses nothing', async () => {
  const pace = steppedClock(START_MS);
  const paper = createPaperExchange({
    venue: createVenue({ instruments }),
    clock: standing,
    pace,
    market: null,
    network: 'testnet',
    journalPath: null,
    limits: limitSettings({ on: LIMIT_NAMES, isTestnet: true, figures: { wsConnections: 100 } }),
  });
  open.push(paper);
  const { url } = await paper.listen(0);
  const budget = openRequestBudget(createRequestBudget());
  const shared = { url, clock: standing, pace, budget, timeoutMs: 20_000, attempts: 1 };
  const listed = await fetchInstruments(shared);
  const sockets = { url, clock: standing, pace, connects: budget.connects, timeoutMs: 20_000, pingIntervalMs: 5_000, instruments: listed };
  const told: string[] = [];
  const quiet = () => undefined;
  const feed = openMarketFeed({
    ...sockets,
    coins: ['BTC'],
    silenceMs: 1e12,
    onBook: quiet,
    onBbo: quiet,
    onPrints: quiet,
    onMark: quiet,
    onState: (state) => told.push(state.kind),
  });
  open.push(feed);
  let isUp = false;
  const up = Promise.all(
    Array.from({ length: BOTS }, async (_, n) => {
      const account = testWallet(n).address;
      paper.fund(account, microUsd(1_000e6));
      const reads = openAccountReads({ ...shared, account, instruments: listed, concurrency: 4 });
      open.push(reads);
      const hasSpotCollateral = await reads.hasSpotCollateral();
      const connected = Promise.withResolvers<void>();
      const onEvent = (event: { readonly kind: string }) => {
        told.push(event.kind);
        if (event.kind === 'connected') connected.resolve();
      };
      open.push(openAccountStream({ ...sockets, account, hasSpotCollateral, silenceMs: null, stateSilenceMs: null, onEvent }));
      await Promise.all([reads.feeRates(), reads.account(), reads.openOrders(), reads.fillsSince(0), connected.promise]);
    }),
  ).finally(() => {
    isUp = true;
  });
  // Time moves when all that is under way has come, so that a busy machine makes no minute of a moment.
  while (!isUp) {
    do await new Promise((resolve) => setImmediate(resolve));
    while (budget.posts.underWay() > 0);
    pace.advance(500);
  }
  await up;
  expect(told.filter((kind) => kind === 'connected').length).toBeGreaterThanOrEqual(BOTS);
  expect(told).not.toContain('disconnected');
  expect(budget.limitedAtMs()).toBe(0);
});
