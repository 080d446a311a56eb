import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Bench, compare, timedOnCore } from './measure.ts';
import { hftStep, mapStep, nodejsStep } from './order-books.ts';
import { PRICE_LEVELS } from './order-mix.ts';
import { createVenueMix, type VenueMix } from './venue-mix.ts';

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
    const before = heapMib();
    const mix = createVenueMix(1);
    while (mix.placed() < WARM) mix.step();
    const speed = await compare(ours('an operation', mix, mix.said), { what: 'Map set / delete', times: OPS, run: timedOnCore(mapStep()) });
    const held = [`${before.toFixed(0)} before`];
    for (const orders of [LIFETIME_ORDERS, 2 * LIFETIME_ORDERS]) {
      while (mix.placed() < orders) mix.step();
      held.push(`${heapMib().toFixed(0)} after ${orders / 1e6} million orders`);
    }
    const late = `at ${(2 * LIFETIME_ORDERS) / 1e6} million orders`;
    const batched = createVenueMix(BATCH);
    return [
      speed,
      await compare(
        ours(late, mix, () => `MiB of heap: ${held.join(', ')}`),
        { what: 'hft-limit-order-book', times: OPS, run: timedOnCore(hftStep()) },
      ),
      await compare(ours(late, mix), { what: 'nodejs-order-book', times: OPS, run: timedOnCore(nodejsStep()) }),
      await compare(ours(`in actions of ${BATCH}`, batched), { what: 'Map set / delete', times: OPS, run: timedOnCore(mapStep()) }),
    ];
  },
};

/** The venue as one of two compared; its note tells its fastest round too, which a busy neighbour disturbs least. */
function ours(what: string, mix: VenueMix, more: () => string = () => '') {
  const step = timedOnCore(mix.step);
  let fastestNs = Number.POSITIVE_INFINITY;
  return {
    what,
    times: OPS,
    async run(times: number): Promise<number> {
      const ns = await step(times);
      fastestNs = Math.min(fastestNs, ns / times);
      return ns;
    },
    note: () => [`fastest round ${(1e3 / fastestNs).toFixed(2)} million a second`, more()].filter((part) => part !== '').join('; '),
  };
}

/** Heap in use after a collection. */
function heapMib(): number {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  collect();
  return process.memoryUsage().heapUsed / 2 ** 20;
}
