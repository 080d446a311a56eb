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

  it('keeps a newer best bid and offer on top of a snapshot that was taken before it', () => {
    const { writer, reader } = openBoth();
    writer.bbo('BTC', { bid: level(10, 5), ask: level(12, 6), exchangeTimeMs: 1_000, receivedAtMs: 1_400 });
    writer.book('BTC', {
      bids: [level(11, 1), level(10, 2), level(9, 3)],
      asks: [level(12, 4), level(13, 5)],
      exchangeTimeMs: 900,
      receivedAtMs: 1_450,
    });
    expect(reader.view('BTC')).toMatchObject({ exchangeTimeMs: 1_000, receivedAtMs: 1_450 });
    expect(reader.view('BTC')?.bids).toEqual([level(10, 5), level(9, 3)]);
    expect(reader.view('BTC')?.asks).toEqual([level(12, 6), level(13, 5)]);
    // A venue whose clock was set back is believed again.
    writer.book('BTC', { bids: [level(7, 1)], asks: [level(8, 1)], exchangeTimeMs: -5_000, receivedAtMs: 1_500 });
    expect(reader.view('BTC')).toMatchObject({ bids: [level(7, 1)], asks: [level(8, 1)], exchangeTimeMs: -5_000 });
  });

  it('does not show levels of before a silence behind a new top', () => {
    const { writer, reader } = openBoth();
    writer.book('BTC', { bids: [level(10, 1), level(9, 2)], asks: [level(11, 1), level(12, 2)], exchangeTimeMs: 0, receivedAtMs: 0 });
    writer.bbo('BTC', { bid: level(10, 5), ask: level(11, 6), exchangeTimeMs: 18_000, receivedAtMs: 18_400 });
    expect(reader.view('BTC')).toMatchObject({ bids: [level(10, 5)], asks: [level(11, 6)], receivedAtMs: 18_400 });
  });

  it('shows an empty side as empty', () => {
    const { writer, reader } = openBoth();
    writer.book('BTC', { bids: [level(10, 1)], asks: [level(11, 1)], exchangeTimeMs: 1, receivedAtMs: 1 });
    writer.bbo('BTC', { bid: null, ask: level(11, 2), exchangeTimeMs: 2, receivedAtMs: 2 });
    expect(reader.view('BTC')).toMatchObject({ bid: null, bids: [], ask: level(11, 2) });
  });

  it('counts connections of the feed', () => {
    const { writer, reader } = openBoth();
    writer.print('BTC', ticks(1), 1);
    expect(reader.generation('BTC')).toBe(0);
    writer.reconnected();
    expect([reader.generation('BTC'), reader.generation('ETH'), reader.view('BTC')?.lastPrint]).toEqual([1, 0, 1]);
    expect(reader.view('ETH')).toBeNull();
  });

  it('wakes those who wait for a coin, and only when that coin changes', async () => {
    const { writer, reader } = openBoth();
    const btc = reader.changed('BTC', reader.sequence('BTC'), 30_000);
    const eth = reader.changed('ETH', reader.sequence('ETH'), 1);
    writer.print('BTC', ticks(1), 1);
    expect(await btc).toBe(true);
    expect(await eth).toBe(false);
    // What has changed already is not waited for.
    expect(await reader.changed('BTC', 0, 30_000)).toBe(true);
    expect(await reader.changed('DOGE', 0, 30_000)).toBe(false);
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

  it('lets a new writer go on from what was published, and not take a replayed trade for a new one', () => {
    const { buffer, writer, reader } = openBoth();
    writer.book('BTC', { bids: [level(10, 1)], asks: [level(11, 1)], exchangeTimeMs: 500, receivedAtMs: 600 });
    writer.print('BTC', ticks(11), 400);
    writer.mark('BTC', fineTicks(10_500), 125_000);
    const before = reader.view('BTC');
    const next = openBookWriter(buffer);
    next.print('BTC', ticks(5), 300);
    next.mark('BTC', fineTicks(10_500), 125_000);
    expect(reader.view('BTC')).toEqual(before);
    expect(reader.view('ETH')).toBeNull();
  });

  it('stays whole when a writing thread is killed at any moment, and the next thread takes over', async () => {
    const { buffer } = createBookMemory(['BTC']);
    const stop = new SharedArrayBuffer(4);
    const reader = openMarketReader(buffer);
    for (let kill = 1; kill <= 5; kill += 1) {
      const writer = new Worker(new URL('./testing/torn-read.worker.ts', import.meta.url), {
        workerData: { role: 'writer', buffer, stop, reads: 0 },
      });
      for (let seen = 0; seen < 50 * kill; seen += 1) await reader.changed('BTC', reader.sequence('BTC'), 30_000);
      await writer.terminate();
      const left = reader.view('BTC');
      const k = left?.exchangeTimeMs ?? 0;
      expect(left).toMatchObject({ receivedAtMs: k, bid: level(1_000_000 + k, k), ask: level(1_000_000 + k, k) });
      expect(left?.asks.map((one) => one.px)).toEqual(Array.from({ length: 20 }, (_, i) => 1_000_000 + k + i));
      openBookWriter(buffer).print('BTC', ticks(kill), 1e12 + kill);
      expect(reader.view('BTC')).toEqual({ ...left, lastPrint: kill });
    }
    expect(reader.missed()).toBe(0);
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
