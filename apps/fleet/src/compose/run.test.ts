import { expect, test } from 'vitest';
import { readySentence } from './run.ts';

test('one bot is the bot', () => {
  expect([readySentence(1, 1), readySentence(0, 1), readySentence(3, 3), readySentence(2, 3)]).toEqual([
    'the bot is ready',
    'the bot is not ready',
    'all 3 bots are ready',
    '2 of 3 bots are ready',
  ]);
});
