import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** What executes the mix. */
export type Engine = 'venue' | 'venue-batched' | 'hft' | 'nodejs' | 'map';

/** Orders, or cancels, in one action of the batched venue. */
export const BATCH = 10;

/** What the thread of an engine is told to do next. */
export type MixAsked = { readonly times: number } | { readonly untilOrders: number };

/** What it says when it has. */
export interface MixDone {
  /** Time of its own thread, the collector's part in it included. */
  readonly ns: number;
  /** Of the venue: what came of the mix so far. */
  readonly said: string;
  /** In use after a collection, on the heap and in arrays of numbers beside it; where orders were asked for. */
  readonly usedMib: number;
  /** The same before the first operation. */
  readonly beforeMib: number;
}

/** An engine in a thread and a heap of its own, so that none pays for the garbage of another. */
export interface EngineThread {
  /** Executes so many operations and gives the time they took, in ns. */
  readonly run: (times: number) => Promise<number>;
  /** Goes on until so many orders were placed in all, and gives the memory in use then, and before the first. In MiB. */
  memoryAfter(orders: number): Promise<{ readonly before: number; readonly after: number }>;
  /** The fastest run, and what came of the mix. */
  readonly said: () => string;
  close(): Promise<void>;
}

/** Starts the thread of an engine; it warms itself first. */
export function startEngine(engine: Engine): EngineThread {
  const worker = new Worker(new URL('./mix.worker.ts', import.meta.url), { workerData: engine });
  let fastestNs = Number.POSITIVE_INFINITY;
  let said = '';
  const ask = async (asked: MixAsked): Promise<MixDone> => {
    worker.postMessage(asked);
    const [done]: MixDone[] = await once(worker, 'message');
    if (done === undefined) throw new Error(`the thread of ${engine} said nothing`);
    said = done.said;
    return done;
  };
  return {
    async run(times) {
      const { ns } = await ask({ times });
      fastestNs = Math.min(fastestNs, ns / times);
      return ns;
    },
    async memoryAfter(orders) {
      const { beforeMib, usedMib } = await ask({ untilOrders: orders });
      return { before: beforeMib, after: usedMib };
    },
    said: () => `fastest round ${(1e3 / fastestNs).toFixed(2)} million a second${said === '' ? '' : `; ${said}`}`,
    close: async () => {
      await worker.terminate();
    },
  };
}
