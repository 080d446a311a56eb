import {
  createPaperExchange,
  createVenue,
  marketOf,
  NO_LATENCY,
  type PaperExchange,
  toldMarket,
  universeOf,
} from '@hyperfleet/paper-exchange';
import type { Clock } from '@hyperfleet/trading';
import { afterEach, expect, it } from 'vitest';
import { followLiveMarket } from './live-market.ts';
import { wallClock } from './wall-clock.ts';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

interface Told {
  readonly exchange: PaperExchange;
  readonly url: string;
  readonly clock: Clock;
}

/** An exchange whose market is told to it. */
async function openTold(port = 0): Promise<Told> {
  const market = toldMarket(['BTC', 'ETH']);
  const clock = wallClock(Date.now(), 1);
  const exchange = createPaperExchange({
    venue: createVenue({ instruments: universeOf(market.header.instruments), settings: { fillsByPrintsOnly: true } }),
    clock,
    market: marketOf(market, Date.now()),
    network: 'any',
    journalPath: null,
    latency: NO_LATENCY,
  });
  const { url } = await exchange.listen(port);
  opened.push(exchange);
  return { exchange, url, clock };
}

const ask = async (url: string, body: object): Promise<unknown> =>
  (await fetch(`${url}/info`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })).json();

interface Book {
  readonly levels: readonly [readonly { readonly px: string }[], readonly { readonly px: string }[]];
}

/** Asks again and again until the best bid of BTC is this. */
async function bidBecomes(url: string, px: string): Promise<void> {
  for (;;) {
    const book = (await ask(url, { type: 'l2Book', coin: 'BTC' })) as Book;
    if (book.levels[0][0]?.px === px) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

it('follows another venue’s books, trades and marks, and goes on after that venue was away', async () => {
  const real = await openTold();
  const ours = await openTold();
  const said: string[] = [];
  const instruments = toldMarket(['BTC', 'ETH']).header.instruments;
  const live = followLiveMarket({
    url: real.url,
    clock: ours.clock,
    instruments,
    tell: ours.exchange.step,
    onTrouble: (text) => said.push(text),
  });
  opened.push(live);
  real.exchange.step({ coin: 'BTC', bids: [['99999', '1']], asks: [['100001', '1']] });
  real.exchange.step({ coin: 'BTC', mark: '100000.5', oracle: '100000', fundingRateE10: 130_000, openInterest: '27353.17682' });
  await bidBecomes(ours.url, '99999.0');
  for (let held: unknown; held !== '27353.17682'; ) {
    const [, [context]] = (await ask(ours.url, { type: 'metaAndAssetCtxs' })) as readonly [unknown, readonly { openInterest: unknown }[]];
    held = context?.openInterest;
  }
  real.exchange.step({ coin: 'BTC', print: { side: 'buy', px: '100001', sz: '0.5' } });
  for (let prints: unknown[] = []; prints.length === 0; )
    prints = (await ask(ours.url, { type: 'recentTrades', coin: 'BTC' })) as unknown[];
  real.exchange.step({ coin: 'BTC', bids: [['99000', '1']], asks: [['99002', '1']] });
  await bidBecomes(ours.url, '99000.0');
  const port = Number(new URL(real.url).port);
  await real.exchange.close();
  for (; !said.some((text) => text.includes('is lost')); ) await new Promise((resolve) => setImmediate(resolve));
  const again = await openTold(port);
  again.exchange.step({ coin: 'BTC', bids: [['98000', '1']], asks: [['98002', '1']] });
  await bidBecomes(ours.url, '98000.0');
  expect(said.filter((text) => text.startsWith('following')).length).toBeGreaterThanOrEqual(2);
});

it('says what it cannot use and follows on', async () => {
  const real = await openTold();
  const said: string[] = [];
  const told: unknown[] = [];
  const live = followLiveMarket({
    url: real.url,
    clock: real.clock,
    instruments: toldMarket(['BTC']).header.instruments,
    tell(step) {
      told.push(step);
      throw new RangeError('the exchange refuses this step');
    },
    onTrouble: (text) => said.push(text),
  });
  opened.push(live);
  real.exchange.step({ coin: 'BTC', bids: [['99999', '1']], asks: [['100001', '1']] });
  for (; told.length < 2; ) await new Promise((resolve) => setImmediate(resolve));
  expect(said).toContain('the exchange refuses this step');
});
