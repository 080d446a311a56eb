import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { fineTicks, lots, ticks } from '@hyperfleet/trading';
import { describe, expect, it } from 'vitest';
import { createBookMemory, openBookMemory, SLOT } from './layout.ts';
import { copySlot, openMarketReader } from './reader.ts';
import { openBookWriter } from './writer.ts';

const level = (px: number, sz: number) => ({ px: ticks(px), sz: lots(sz) });

function openBoth(coins: readonly string[] = ['BTC', 'ETH']) {
  const { buffer } = createBookMemory(coins);
  return { buffer, writer: openBookWriter(buffer), reader: openMarketReader(buffer) };
}

describe('books in shared memory', () => {
  it('gives nothing for a coin before its first message, and nothing for a coin it does not hold', () => {
    const { reader } = openBoth();
    expect(reader.view('BTC')).toBeNull();
    expect(reader.view('DOGE')).toBeNull();
  });

  it('gives back what was written, best first, at most twenty levels a side', () => {
    const { writer, reader } = openBoth();
    const bids = Array.from({ length: 25 }, (_, i) => level(1_000 - i, i + 1));
    writer.book('ETH', { bids, asks: [level(1_001, 7)], exchangeTimeMs: 50, receivedAtMs: 60 });
    writer.mark('ETH', fineTicks(1_000_500), 125_000);
    writer.print('ETH', ticks(1_001), 55);
    const view = reader.view('ETH');
    expect(view?.bids).toEqual(bids.slice(0, 20));
    expect(view).toMatchObject({ ask: level(1_001, 7), mark: 1_000_500, fundingRateE10: 125_000, lastPrint: 1_001 });
    expect(view).toMatchObject({ exchangeTimeMs: 50, receivedAtMs: 60 });
    expect(reader.view('BTC')).toBeNull();
  });

  it('lets a newer best bid and offer replace the top, and ignores an older one', () => {
    const { writer, reader } = openBoth();
    writer.book('BTC', { bids: [level(10, 1), level(9, 2)], asks: [level(11, 1), level(12, 2)], exchangeTimeMs: 5, receivedAtMs: 5 });
    writer.bbo('BTC', { bid: level(9, 5), ask: level(12, 1), exchangeTimeMs: 6, receivedAtMs: 7 });
    expect(reader.view('BTC')?.bids).toEqual([level(9, 5)]);
    expect(reader.view('BTC')?.asks).toEqual([level(12, 1)]);
    writer.bbo('BTC', { bid: level(20, 5), ask: level(21, 1), exchangeTimeMs: 4, receivedAtMs: 8 });
    expect(reader.view('BTC')?.bid).toEqual(level(9, 5));
  });

  it('does not move the last print back when a reconnect replays older trades', () => {
    const { writer, reader } = openBoth();
    writer.print('BTC', ticks(100), 1_000);
    writer.print('BTC', ticks(90), 900);
    expect(reader.view('BTC')?.lastPrint).toBe(100);
  });

  it('refuses foreign memory, unknown coins and names that do not fit', () => {
    expect(() => openMarketReader(new SharedArrayBuffer(64))).toThrow(/no books of this version/);
    expect(() => openBoth().writer.print('DOGE', ticks(1), 1)).toThrow(/no coin DOGE/);
    expect(() => createBookMemory(['A', 'A'])).toThrow(/named twice/);
    expect(() => createBookMemory(['x'.repeat(40)])).toThrow(/1 to 32 bytes/);
  });

  it('is taken over whole from a writer that died in the middle of a write', () => {
    const { buffer, writer, reader } = openBoth();
    writer.book('BTC', { bids: [level(10, 1)], asks: [level(11, 1)], exchangeTimeMs: 5, receivedAtMs: 5 });
    // What a killed writer leaves: the idle slot half filled, the sequence not raised.
    const memory = openBookMemory(buffer);
    const idle = ((Atomics.load(memory.sequences, 0) + 1) & 1) * SLOT.length;
    memory.slots.fill(777, idle, idle + 30);
    expect(reader.view('BTC')?.bid).toEqual(level(10, 1));
    openBookWriter(buffer).book('BTC', { bids: [level(20, 1)], asks: [level(21, 1)], exchangeTimeMs: 9, receivedAtMs: 9 });
    expect(reader.view('BTC')?.bids).toEqual([level(20, 1)]);
  });

  it('says so when a copy was disturbed, instead of giving a torn book', () => {
    const { buffer, writer } = openBoth();
    writer.print('BTC', ticks(1), 1);
    const memory = openBookMemory(buffer);
    const torn = memory.slots[((memory.sequences[0] ?? 0) & 1) * SLOT.length + SLOT.sequenceEnd];
    memory.slots[((memory.sequences[0] ?? 0) & 1) * SLOT.length + SLOT.sequenceEnd] = (torn ?? 0) + 1;
    expect(copySlot(memory, 0, new Float64Array(SLOT.length))).toBe(false);
    const reader = openMarketReader(buffer);
    expect(reader.view('BTC')).toBeNull();
    expect(reader.missed()).toBe(1);
  });

  it('tears none of ten million reads by two threads against a writer that never pauses', async () => {
    const { buffer } = createBookMemory(['BTC']);
    const stop = new SharedArrayBuffer(4);
    const worker = (role: 'writer' | 'reader') =>
      new Worker(new URL('./testing/torn-read.worker.ts', import.meta.url), { workerData: { role, buffer, stop, reads: 5_000_000 } });
    const writer = worker('writer');
    await once(writer, 'online');
    const results = await Promise.all(
      [worker('reader'), worker('reader')].map(async (reader) => {
        const [result] = (await once(reader, 'message')) as [{ torn: number; whole: number }];
        return result;
      }),
    );
    Atomics.store(new Int32Array(stop), 0, 1);
    await once(writer, 'exit');
    expect(results.reduce((sum, result) => sum + result.whole, 0)).toBe(10_000_000);
    expect(results.reduce((sum, result) => sum + result.torn, 0)).toBe(0);
    // The writer was really at work: it published far more often than once.
    expect(openMarketReader(buffer).sequence('BTC')).toBeGreaterThan(10_000);
  });
});
