/** Executes the mix on one engine in a thread and a heap of its own, so that none pays for the garbage of another. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { BATCH, type Engine, type MixAsked, type MixDone } from './mix.ts';
import { hftStep, mapStep, nodejsStep } from './order-books.ts';
import { createVenueMix } from './venue-mix.ts';

/** Operations until the compiler of the engine has settled. */
const WARM = 400_000;

const port = parentPort;
if (port === null) throw new Error('this file is a worker');
const engine: Engine = workerData;

function engineStep(): { step(): void; said(): string; placed(): number } {
  const bare = (step: () => void) => ({ step, said: () => '', placed: () => 0 });
  switch (engine) {
    case 'venue':
      return createVenueMix(1);
    case 'venue-batched':
      return createVenueMix(BATCH);
    case 'hft':
      return bare(hftStep());
    case 'nodejs':
      return bare(nodejsStep());
    case 'map':
      return bare(mapStep());
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
for (let warm = 0; warm < WARM; warm += 1) mix.step();

port.on('message', (asked: MixAsked) => {
  const start = process.threadCpuUsage();
  if ('times' in asked) for (let nth = 0; nth < asked.times; nth += 1) mix.step();
  else while (mix.placed() < asked.untilOrders) mix.step();
  const { user, system } = process.threadCpuUsage(start);
  const done: MixDone = { ns: (user + system) * 1_000, said: mix.said(), usedMib: 'times' in asked ? 0 : usedMib(), beforeMib };
  port.postMessage(done);
});
