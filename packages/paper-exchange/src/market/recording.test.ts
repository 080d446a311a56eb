import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Instrument, type Level, lots, ticks } from '@hyperfleet/trading';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { bundledRecordingPath } from '../bundled-recording.ts';
import type { MarketEvent, Print } from './event.ts';
import type { RecordedEvent } from './event-code.ts';
import { createRecordingWriter, type Gap, openRecording, RecordingError } from './recording.ts';

const dir = mkdtempSync(join(tmpdir(), 'hyperfleet-recording-'));
afterAll(() => rmSync(dir, { recursive: true }));
const path = join(dir, 'made.hfr');

const coins = ['BTC', 'kPEPE', 'ÄÖ'];
const instruments: Instrument[] = coins.map((coin, assetId) => ({
  coin,
  assetId,
  szDecimals: 2,
  maxLeverage: 10,
  onlyIsolated: false,
  isDelisted: false,
}));

/** Numbers up to the largest the units allow, small ones often. Prices keep below 2^51: their differences are doubled. */
const amount = fc.oneof(
  fc.integer({ min: 1, max: 5_000 }),
  fc
    .maxSafeInteger()
    .map((value) => Math.abs(value) + 1)
    .filter(Number.isSafeInteger),
);
const price = fc.oneof(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 1, max: 2 ** 51 }));
const time = fc.integer({ min: 1, max: 4_102_444_800_000 });
const level = fc.record({
  px: price.map(ticks),
  sz: fc
    .oneof(
      fc.constantFrom(1, 2, 3),
      amount.filter((sz) => sz < 2 ** 52),
    )
    .map(lots),
});
const side = (order: (a: Level, b: Level) => number): fc.Arbitrary<Level[]> =>
  fc.uniqueArray(level, { selector: (one) => one.px, maxLength: 20 }).map((levels) => levels.sort(order));
const print: fc.Arbitrary<Print> = fc.record({
  side: fc.constantFrom('buy', 'sell'),
  px: price.map(ticks),
  sz: fc.integer({ min: 1, max: 2 ** 51 }).map(lots),
  tid: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  exchangeTimeMs: time,
});
const body = fc.oneof(
  fc.record({ kind: fc.constant('book'), exchangeTimeMs: time, bids: side((a, b) => b.px - a.px), asks: side((a, b) => a.px - b.px) }),
  fc.record({ kind: fc.constant('bbo'), exchangeTimeMs: time, bid: fc.option(level), ask: fc.option(level) }),
  fc.record({ kind: fc.constant('prints'), prints: fc.array(print, { maxLength: 5 }) }),
);
const feed = fc
  .array(fc.record({ coin: fc.constantFrom(...coins), wait: fc.oneof(fc.constant(0), fc.nat(100_000)), body }), { maxLength: 60 })
  .map((steps) => {
    let atMs = 1_757_000_000_000;
    return steps.map(({ coin, wait, body: what }) => {
      atMs += wait;
      return { ...what, coin, atMs } as RecordedEvent;
    });
  });

function write(events: readonly RecordedEvent[], gaps: readonly Gap[] = []): void {
  const writer = createRecordingWriter(path, instruments);
  for (const event of events) writer.add(event);
  writer.finish({ source: 'a test', marketStartMs: 1_757_000_000_000, endMs: events.at(-1)?.atMs ?? 1_757_000_000_000, gaps });
}

/** A market long enough for several chunks. */
function longFeed(): RecordedEvent[] {
  return Array.from({ length: 9_000 }, (_, i) => ({
    kind: 'book',
    coin: coins[i % 3] ?? '',
    atMs: 1_757_000_000_000 + i * 10,
    exchangeTimeMs: 1_757_000_000_000 + i * 10 - 300,
    bids: Array.from({ length: 20 }, (_, l) => ({
      px: ticks(1_000_000 + ((i * 7919) % 1_000) - l),
      sz: lots(1 + ((i * l * 31) % 99_991)),
    })),
    asks: [],
  }));
}

describe('a recording', () => {
  it('gives back exactly what was written, in the same order', () => {
    fc.assert(
      fc.property(feed, (events) => {
        write(events);
        expect([...openRecording(path).events()]).toEqual(events);
      }),
      { numRuns: 200 },
    );
  });

  it('keeps several chunks apart and can be read any number of times, also twice at once', () => {
    const events = longFeed();
    write(events);
    const recording = openRecording(path);
    expect(recording.header.counts).toEqual({ books: 9_000, bbos: 0, prints: 0 });
    const first = recording.events();
    first.next();
    expect([...recording.events()]).toEqual(events);
    expect([...first]).toEqual(events.slice(1));
  });

  it('tells a gap after the last event of the time it begins at, and before the next', () => {
    const at = (atMs: number, coin = 'BTC'): RecordedEvent => ({ kind: 'bbo', coin, atMs, exchangeTimeMs: atMs, bid: null, ask: null });
    const start = 1_757_000_000_000;
    const gaps = [
      { coin: 'BTC', fromMs: start + 10, untilMs: start + 9_000 },
      { coin: 'kPEPE', fromMs: start + 10, untilMs: start + 9_500 },
    ];
    write([at(start), at(start + 10), at(start + 10, 'kPEPE'), at(start + 11, 'ÄÖ'), at(start + 9_000)], gaps);
    const told = [...openRecording(path).events()].map(({ kind, coin, atMs }) => `${kind} ${coin} ${atMs - start}`);
    expect(told).toEqual(['bbo BTC 0', 'bbo BTC 10', 'bbo kPEPE 10', 'gap BTC 10', 'gap kPEPE 10', 'bbo ÄÖ 11', 'bbo BTC 9000']);
  });

  it('refuses events that run backwards, unknown coins and numbers that are not whole', () => {
    const writer = createRecordingWriter(path, instruments);
    const event: RecordedEvent = { kind: 'prints', coin: 'BTC', atMs: 2_000, prints: [] };
    writer.add(event);
    expect(() => writer.add({ ...event, atMs: 1_999 })).toThrow(RangeError);
    expect(() => writer.add({ ...event, coin: 'DOGE' })).toThrow(/DOGE/);
    expect(() => writer.add({ ...event, atMs: 2_000.5 })).toThrow(RangeError);
    writer.abandon();
    expect(readdirSync(dir).filter((name) => name.endsWith('.body'))).toEqual([]);
  });

  it('is not there before it is finished, and leaves nothing else behind', () => {
    rmSync(path, { force: true });
    const writer = createRecordingWriter(path, instruments);
    expect(() => openRecording(path)).toThrow(/made\.hfr: cannot be opened/);
    writer.finish({ source: '', marketStartMs: 1, endMs: 1, gaps: [] });
    expect(readdirSync(dir)).toEqual(['made.hfr']);
  });
});

describe('a damaged recording', () => {
  it('is refused with the name of the file wherever it is cut off', () => {
    write(longFeed().slice(0, 2_000));
    const whole = readFileSync(path);
    const cut = join(dir, 'cut.hfr');
    const places = [0, 3, 6, 9, 15, 16, 40, ...Array.from({ length: 40 }, (_, i) => Math.floor((whole.length * i) / 40)), whole.length - 1];
    for (const place of places) {
      writeFileSync(cut, whole.subarray(0, place));
      expect(() => openRecording(cut), `cut at ${place}`).toThrow(RecordingError);
      expect(() => openRecording(cut)).toThrow(/cut\.hfr/);
    }
    rmSync(cut);
  });

  it('is refused when any byte of it is another one', () => {
    write(longFeed().slice(0, 700));
    const whole = readFileSync(path);
    const changed = join(dir, 'changed.hfr');
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (place, flip) => {
        const bytes = Buffer.from(whole);
        bytes[place] = (bytes[place] ?? 0) ^ flip;
        writeFileSync(changed, bytes);
        expect(() => openRecording(changed)).toThrow(RecordingError);
      }),
      { numRuns: 150 },
    );
    rmSync(changed);
  });

  it('says what else is wrong and what to do', () => {
    const other = join(dir, 'other');
    expect(() => openRecording(join(dir, 'none.hfr'))).toThrow(/none\.hfr: cannot be opened/);
    expect(() => openRecording(dir)).toThrow(/is a directory; name the recording file in it/);
    writeFileSync(other, 'timestamp,price,size\n1,2,3\n');
    expect(() => openRecording(other)).toThrow(/other is no recording of ours/);
    write([]);
    const bytes = readFileSync(path);
    bytes.writeUInt16LE(7, 6);
    writeFileSync(other, bytes);
    expect(() => openRecording(other)).toThrow(/version 7; this program reads version 1/);
    writeFileSync(other, Buffer.concat([readFileSync(path), Buffer.from('more')]));
    expect(() => openRecording(other)).toThrow(/something follows its end mark.*npm run import-recording/);
    expect(() => createRecordingWriter(join(dir, 'no', 'such.hfr'), instruments)).toThrow(/such\.hfr cannot be written/);
  });
});

describe('the bundled recording', () => {
  const { header, events } = openRecording(bundledRecordingPath);
  const all = [...events()];
  const of = <K extends MarketEvent['kind']>(kind: K, coin: string): Extract<MarketEvent, { kind: K }>[] =>
    all.filter((event): event is Extract<MarketEvent, { kind: K }> => event.kind === kind && event.coin === coin);
  const names = header.instruments.map(({ coin }) => coin);

  it('has four coins with their decimals, leverage and asset ids', () => {
    expect(header.instruments.map((one) => [one.coin, one.assetId, one.szDecimals, one.maxLeverage])).toEqual([
      ['BTC', 0, 5, 40],
      ['ETH', 1, 4, 25],
      ['SOL', 5, 2, 20],
      ['WLFI', 28, 0, 5],
    ]);
    expect(new Date(header.marketStartMs).toISOString()).toBe('2025-09-04T19:46:56.673Z');
    expect(((header.endMs - header.marketStartMs) / 60_000).toFixed(1)).toBe('34.8');
  });

  it('has every message of the source: 3,785 books of 20 and 20 levels a coin, and its best bids, offers and trades', () => {
    const count = (coin: string) => [
      of('book', coin).length,
      of('bbo', coin).length * 2,
      of('prints', coin).flatMap((p) => p.prints).length,
    ];
    expect(Object.fromEntries(names.map((coin) => [coin, count(coin)]))).toEqual({
      BTC: [3_785, 27_792, 6_675],
      ETH: [3_785, 30_518, 6_884],
      SOL: [3_785, 26_422, 4_437],
      WLFI: [3_785, 17_706, 2_563],
    });
    for (const event of all) if (event.kind === 'book') expect([event.bids.length, event.asks.length]).toEqual([20, 20]);
  });

  it('runs forward in time of receipt and is nowhere crossed', () => {
    expect(all[0]?.atMs).toBe(header.marketStartMs);
    expect(all.at(-1)?.atMs).toBe(header.endMs);
    expect(all.every((event, i) => i === 0 || event.atMs >= (all[i - 1]?.atMs ?? 0))).toBe(true);
    for (const event of all) {
      if (event.kind === 'book') expect(event.bids[0]?.px).toBeLessThan(event.asks[0]?.px ?? 0);
      if (event.kind === 'bbo') expect(event.bid?.px).toBeLessThan(event.ask?.px ?? 0);
    }
  });

  it('keeps the reconnect: one silence of about 18 s in every coin, repeated trades after it, and time stepping back once', () => {
    for (const coin of names) {
      const [gap, ...more] = of('gap', coin);
      expect(more).toEqual([]);
      const silent = all.filter((event) => event.coin === coin && event.atMs > (gap?.atMs ?? 0) && event.atMs < (gap?.untilMs ?? 0));
      // What comes back before the first book is trades told again: they are received in the same burst.
      expect(silent.every((event) => event.kind === 'prints' && event.atMs > (gap?.untilMs ?? 0) - 1_000)).toBe(true);
      expect((gap?.untilMs ?? 0) - (gap?.atMs ?? 0)).toBeGreaterThan(17_000);
      expect(of('book', coin).some((book) => book.atMs === gap?.untilMs)).toBe(true);
      const books = of('book', coin).map(({ atMs }) => atMs);
      const longest = Math.max(...books.slice(1).map((atMs, i) => atMs - (books[i] ?? 0)));
      expect((longest / 1_000).toFixed(0)).toBe('18');
    }
    const repeats = (coin: string): number => {
      const tids = of('prints', coin).flatMap((event) => event.prints.map(({ tid }) => tid));
      return tids.length - new Set(tids).size;
    };
    const stepsBack = (coin: string): number => {
      const times = of('prints', coin).flatMap((event) => event.prints.map((one) => one.exchangeTimeMs));
      return times.filter((timeMs, i) => timeMs < (times[i - 1] ?? 0)).length;
    };
    expect(names.map((coin) => [coin, repeats(coin), stepsBack(coin)])).toEqual([
      ['BTC', 0, 0],
      ['ETH', 17, 1],
      ['SOL', 10, 1],
      ['WLFI', 8, 1],
    ]);
  });

  it('begins with trades the venue tells on subscribing, older than the market', () => {
    const first = of('prints', 'WLFI')[0]?.prints[0];
    expect(header.marketStartMs - (first?.exchangeTimeMs ?? 0)).toBeGreaterThan(40_000);
  });
});
