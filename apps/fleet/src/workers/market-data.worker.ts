/** The market's thread: one feed from the venue into books that every other thread reads. */
import { workerData } from 'node:worker_threads';
import { openMarketFeed, openRequestBudget } from '@hyperfleet/hyperliquid';
import { openBookWriter } from '@hyperfleet/market-data';
import { openThread } from '@hyperfleet/supervisor';
import { createLog } from '@hyperfleet/telemetry';
import { createReplayClock } from '../clock.ts';
import type { MarketDataData, MarketDataProtocol } from '../protocol.ts';
import { FEED_TIMES } from './feed-times.ts';

const data: MarketDataData = workerData;
const books = openBookWriter(data.books);
const budget = openRequestBudget(data.budget);

const thread = openThread<MarketDataProtocol>({
  onMessage: () => undefined,
  calls: {},
  drain: () => feed.close(),
});
const log = createLog((record) => thread.send({ kind: 'log', record }), { thread: 'market-data' });

const feed = openMarketFeed({
  url: data.url,
  clock: createReplayClock(data.clock),
  pace: createReplayClock(data.pace),
  connects: budget.connects,
  breaker: budget.breakers.stream,
  coins: data.coins,
  instruments: data.instruments,
  ...FEED_TIMES,
  silenceMs: Math.max(FEED_TIMES.silenceMs, FEED_TIMES.silenceWallMs * data.clock.speed),
  onBook: (book, receivedAtMs) => books.book(book.coin, { ...book, receivedAtMs }),
  onBbo: (bbo, receivedAtMs) => books.bbo(bbo.coin, { ...bbo, receivedAtMs }),
  onPrints({ coin, prints }) {
    for (const { px, exchangeTimeMs } of prints) books.print(coin, px, exchangeTimeMs);
  },
  onMark: ({ coin, mark, fundingRateE10 }) => books.mark(coin, mark, fundingRateE10),
  onState(state) {
    if (state.kind === 'connected') {
      books.reconnected();
      log.info('market feed connected');
    } else log.warn('market feed', state);
    thread.send({ kind: 'feed', state });
  },
});
thread.ready();
