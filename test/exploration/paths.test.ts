/** Paths on which a promise was broken once, walked again. */
import { expect, it } from 'vitest';
import { BEGINNINGS } from './beginnings.ts';
import { follow } from './walk.ts';

const BEFORE_ANYTHING = BEGINNINGS[0];

it.each([
  {
    name: 'a read that was answered before the entry landed, and came back after it had expired, does not prove it dead',
    from: BEFORE_ANYTHING,
    path: [
      'entry signal',
      'signal: place entry#0 stop#0: no answer comes',
      'signal: read order entry#0: lands, answer under way',
      'signal: place entry#0 stop#0: lands late',
      'time passes',
      'time passes',
    ],
  },
  {
    name: 'an entry that never arrived is not sent again while the bot is paused',
    from: BEFORE_ANYTHING,
    path: ['entry signal', 'signal: place entry#0 stop#0: no answer comes', 'PAUSE'],
  },
  {
    name: 'a stream that is cut and connects while the fill monitor reads back at its start leaves no fill unheard',
    from: BEFORE_ANYTHING,
    path: [
      'entry signal',
      'signal: place entry#0 stop#0: answered',
      'fill worker crashes and starts again',
      'fill: read fills: answered',
      'first part of the entry fills',
      'stream is cut',
      'stream connects',
    ],
  },
])('$name', async ({ from, path }) => {
  if (from === undefined) throw new Error('no such beginning');
  expect(await follow(from, path, { interventions: path.length })).toBeNull();
});
