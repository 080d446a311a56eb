import { type Bench, compare } from './measure.ts';
import { BATCH, type EngineThread, startEngine } from './mix.ts';
import { PRICE_LEVELS } from './order-mix.ts';

const OPS = 100_000;
const LIFETIME_ORDERS = [500_000, 1_000_000, 2_000_000];

/** The matching core alone, no socket, no signature, no recorded market, beside the order books one finds for Node. */
export const matching: Bench = {
  name: 'matching',
  title: `the matching core: 45 % limit, 45 % cancel, 10 % market over ${PRICE_LEVELS} price levels; the same stream for each, each in a thread of its own; time of that thread`,
  async run() {
    const [venue, batched, map] = [startEngine('venue'), startEngine('venue-batched'), startEngine('map')];
    const [hft, nodejs] = [startEngine('hft'), startEngine('nodejs')];
    const bare = { what: 'Map set / delete', times: OPS, run: map.run };
    try {
      return [
        await compare({ what: 'an operation', times: OPS, run: venue.run, note: venue.said }, bare),
        await compare({ what: 'the same', times: OPS, run: venue.run }, { what: 'hft-limit-order-book', times: OPS, run: hft.run }),
        await compare({ what: 'the same', times: OPS, run: venue.run }, { what: 'nodejs-order-book', times: OPS, run: nodejs.run }),
        await compare({ what: `in actions of ${BATCH}`, times: OPS, run: batched.run, note: batched.said }, bare),
        await late(venue, map),
      ];
    } finally {
      await Promise.all([venue, batched, map, hft, nodejs].map((engine) => engine.close()));
    }
  },
};

/** The same after a venue's long life, with the memory in use on the way there. */
async function late(venue: EngineThread, map: EngineThread) {
  const held: string[] = [];
  for (const orders of LIFETIME_ORDERS) {
    const { before, after } = await venue.memoryAfter(orders);
    if (held.length === 0) held.push(`${before.toFixed(0)} MiB before any`);
    held.push(`${after.toFixed(0)} at ${orders / 1e6}`);
  }
  return compare(
    { what: 'at 2 million orders', times: OPS, run: venue.run, note: () => `memory in use: ${held.join(', ')} million orders` },
    { what: 'Map set / delete', times: OPS, run: map.run },
  );
}
