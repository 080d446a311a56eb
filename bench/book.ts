import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { copySlot, createBookMemory, openBookWriter, openMarketReader, SLOT } from '@hyperfleet/market-data';
import { type Bench, compare, type Measure, timed } from './measure.ts';
import { levels } from './static-book.ts';

const READS = 100_000;
const VIEWS = 10_000;

/** The book of a coin read from shared memory, alone and beside a writer that never pauses. */
export const book: Bench = {
  name: 'book',
  title: 'a book of 20 levels a side, read from shared memory',
  async run() {
    const memory = createBookMemory(['BTC']);
    openBookWriter(memory.buffer).book('BTC', { bids: levels(-1), asks: levels(1), exchangeTimeMs: 1, receivedAtMs: 1 });
    const reader = openMarketReader(memory.buffer);
    const into = new Float64Array(SLOT.length);
    let retries = 0;
    const copy = (): void => {
      while (!copySlot(memory, 0, into)) retries += 1;
    };
    const view = (): unknown => reader.view('BTC');

    const quiet = [await against('copySlot, quiet', READS, copy), await against('view (objects), quiet', VIEWS, view)];

    const stop = new SharedArrayBuffer(4);
    const writer = new Worker(new URL('./book-writer.worker.ts', import.meta.url), { workerData: { buffer: memory.buffer, stop } });
    const ended = once(writer, 'exit');
    await once(writer, 'message');
    const before = Atomics.load(memory.sequences, 0);
    const startedMs = performance.now();
    retries = 0;
    const busyCopy = await against('copySlot, writer flat out', READS, copy);
    const copied = retries;
    const busyView = await against('view, writer flat out', VIEWS, view);
    const published = (Atomics.load(memory.sequences, 0) - before) / (performance.now() - startedMs);
    Atomics.store(new Int32Array(stop), 0, 1);
    await ended;
    return [
      ...quiet,
      {
        ...busyCopy,
        note: `${((copied / READS / 8) * 100).toFixed(1)} retries in 100 reads; the writer published ${Math.round(published)} books/ms`,
      },
      { ...busyView, note: `${reader.missed()} of ${VIEWS * 8} gave up after 8 tries` },
    ];
  },
};

/** Against a copy of as many doubles that nobody writes. */
async function against(what: string, times: number, step: () => unknown): Promise<Measure> {
  const source = new Float64Array(SLOT.length).fill(1);
  const target = new Float64Array(SLOT.length);
  const bare = { what: `Float64Array of ${SLOT.length}, set()`, times: READS, run: timed(() => target.set(source)) };
  return await compare({ what, times, run: timed(step) }, bare);
}
