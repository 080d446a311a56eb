import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Bench, compare, timedOnCore } from './measure.ts';
import { hftStep, mapStep, nodejsStep } from './order-books.ts';
import { PRICE_LEVELS } from './order-mix.ts';
import { createVenueMix } from './venue-mix.ts';

const OPS = 100_000;
/** Until the compiler of the engine has settled. */
const WARM = 400_000;
const LIFETIME_ORDERS = 1_000_000;
const BATCH = 10;

/** The matching core alone, no socket, no signature, no recorded market, beside the order books one finds for Node. */
export const matching: Bench = {
  name: 'matching',
  title: `the matching core: 45 % limit, 45 % cancel, 10 % market over ${PRICE_LEVELS} price levels; the same stream for each; processor time`,
  async run() {
    const before = heapAfterCollection();
    const mix = createVenueMix(1);
    for (let warm = 0; warm < WARM; warm += 1) mix.step();
    const ours = { what: 'an operation', times: OPS, run: timedOnCore(mix.step), note: () => mix.said() };
    const speed = await compare(ours, { what: 'Map set / delete', times: OPS, run: timedOnCore(mapStep()) });
    const heldMib = (orders: number): string => {
      while (mix.placed() < orders) mix.step();
      return ((heapAfterCollection() - before) / 2 ** 20).toFixed(0);
    };
    const held = [LIFETIME_ORDERS / 2, LIFETIME_ORDERS, 2 * LIFETIME_ORDERS].map((orders) => `${heldMib(orders)} after ${orders / 1e6}`);
    const late = {
      ...ours,
      what: `at ${(2 * LIFETIME_ORDERS) / 1e6} million orders`,
      note: () => `MiB of heap held: ${held.join(', ')} million orders`,
    };
    const batched = { what: `in actions of ${BATCH}`, times: OPS, run: timedOnCore(createVenueMix(BATCH).step) };
    return [
      speed,
      await compare(late, { what: 'hft-limit-order-book', times: OPS, run: timedOnCore(hftStep()) }),
      await compare(late, { what: 'nodejs-order-book', times: OPS, run: timedOnCore(nodejsStep()) }),
      await compare(batched, { what: 'Map set / delete', times: OPS, run: timedOnCore(mapStep()) }),
    ];
  },
};

function heapAfterCollection(): number {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  collect();
  return process.memoryUsage().heapUsed;
}
