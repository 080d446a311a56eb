/** Executes the mix on one engine in a thread and a heap of its own, so that none pays for the garbage of another. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { BATCH, type Engine, type MixAsked, type MixDone } from './mix.ts';
import { type BookMix, hftMix, mapMix, nodejsMix } from './order-books.ts';
import { createVenueMix, type VenueMix } from './venue-mix.ts';

/** Operations until the compiler of the engine has settled. */
const WARM = 400_000;
/** Operations drawn at a time on the way to a number of orders. */
const DRAWN = 10_000;

const port = parentPort;
if (port === null) throw new Error('this file is a worker');
const engine: Engine = workerData;

function engineStep(): VenueMix {
  const bare = (book: BookMix): VenueMix => ({ ...book, said: () => '', placed: () => 0 });
  switch (engine) {
    case 'venue':
      return createVenueMix(1);
    case 'venue-batched':
      return createVenueMix(BATCH);
    case 'hft':
      return bare(hftMix());
    case 'nodejs':
      return bare(nodejsMix());
    case 'map':
      return bare(mapMix());
    default:
      throw new Error(`unknown engine ${engine satisfies never}`);
  }
}

function usedMib(): number {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}

const beforeMib = usedMib();
const mix = engineStep();

/** Executes so many operations and gives the time that took, in ns; drawing them is not part of it. */
function run(times: number): number {
  mix.draw(times);
  const start = process.threadCpuUsage();
  for (let nth = 0; nth < times; nth += 1) mix.step();
  const { user, system } = process.threadCpuUsage(start);
  return (user + system) * 1_000;
}

run(WARM);
port.on('message', (asked: MixAsked) => {
  let ns = 0;
  if ('times' in asked) ns = run(asked.times);
  else while (mix.placed() < asked.untilOrders) ns += run(DRAWN);
  const done: MixDone = { ns, said: mix.said(), usedMib: 'times' in asked ? 0 : usedMib(), beforeMib };
  port.postMessage(done);
});
