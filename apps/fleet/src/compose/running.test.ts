import { expect, test } from 'vitest';
import { openMarket } from './running.ts';

const MAPPING = { marketBaseMs: 0, monotonicBaseNs: 1n, speed: 10 };

/** A fleet whose one bot is at its place when told. */
function starting() {
  const bot = Promise.withResolvers<void>();
  const said: string[] = [];
  const beginning = {
    house: { ledger: { moveClockSession: () => void said.push('session moved') } },
    venue: {
      clock: {
        open() {
          said.push('opened');
          return MAPPING;
        },
      },
    },
    pairs: [{ ready: bot.promise }],
    sessionId: 1,
  };
  return { bot, said, beginning };
}

test('the market begins when every bot is at its place', async () => {
  const { bot, said, beginning } = starting();
  const opened = openMarket(beginning, () => false);
  bot.resolve();
  expect(await opened).toEqual(MAPPING);
  expect(said).toEqual(['opened', 'session moved']);
});

test('the market of a fleet that is told to stop while it starts never begins', async () => {
  const { bot, said, beginning } = starting();
  let isOver = false;
  const opened = openMarket(beginning, () => isOver);
  isOver = true;
  bot.reject(new Error('ended'));
  expect(await opened).toBeNull();
  expect(said).toEqual([]);
});
