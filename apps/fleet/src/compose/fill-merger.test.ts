import type { BotReport } from '@hyperfleet/bot';
import { expect, test } from 'vitest';
import { createFillMerger } from './fill-merger.ts';

type TradeNews = Extract<BotReport, { kind: 'trade' }>;

const news = (what: string, detail: TradeNews['detail'] = {}): TradeNews => ({
  kind: 'trade',
  tradeId: 't1',
  coin: 'BTC',
  what,
  detail,
  atMs: 0,
});
const fill = (role: string, px: number, sz: number): TradeNews => news('fill', { role, side: 'sell', px, sz });

test('fills of one order at one price are told as one, before what came of them', () => {
  const told: string[] = [];
  const merger = createFillMerger((bot, { what, detail }) => told.push(`${bot} ${what} ${detail.sz ?? ''} ${detail.px ?? ''}`.trim()));
  merger.take('Sentient', fill('tp1', 100, 3));
  merger.take('Sentient', fill('tp1', 100, 4));
  merger.take('Sentient', fill('tp1', 101, 5));
  merger.take('Sentient', news('tp1 filled'));
  expect(told).toEqual(['Sentient fill 7 100', 'Sentient fill 5 101', 'Sentient tp1 filled']);
});

test('fills nothing follows are told after a moment', async () => {
  const told = new Promise<number>((resolve) => {
    const merger = createFillMerger((_, { detail }) => resolve(Number(detail.sz)));
    merger.take('Sentient', fill('stop', 100, 1));
    merger.take('Sentient', fill('stop', 100, 1));
  });
  expect(await told).toBe(2);
});
