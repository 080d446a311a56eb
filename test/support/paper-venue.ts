import {
  createPaperExchange,
  createVenue,
  type Latency,
  type LimitSettings,
  type MarketEvent,
  type MarketSource,
  marketOf,
  type Network,
  openOrderSettings,
  type PaperExchange,
  type PaperExchangeOptions,
  toldMarket,
  type Venue,
} from '@hyperfleet/paper-exchange';
import type { Clock, Instrument } from '@hyperfleet/trading';
import { lots, microUsd, ticks } from '@hyperfleet/trading';

/** A clock that moves when told to. Due tasks run in order of time while it moves. */
export interface SteppedClock extends Clock {
  advance(ms: number): void;
}

/** A stepped clock at `startMs`. */
export function steppedClock(startMs: number): SteppedClock {
  let now = startMs;
  let order = 0;
  const tasks = new Map<number, { readonly atMs: number; readonly run: () => void }>();
  return {
    now: () => now,
    after(delayMs, run) {
      const id = order++;
      tasks.set(id, { atMs: now + Math.max(1, delayMs), run });
      return () => tasks.delete(id);
    },
    advance(ms) {
      const untilMs = now + ms;
      for (;;) {
        let first: [number, { readonly atMs: number; readonly run: () => void }] | null = null;
        for (const entry of tasks) if (entry[1].atMs <= untilMs && (first === null || entry[1].atMs < first[1].atMs)) first = entry;
        if (first === null) break;
        tasks.delete(first[0]);
        now = Math.max(now, first[1].atMs);
        first[1].run();
      }
      now = untilMs;
    },
  };
}

export const START_MS = 1_757_015_216_000;

export const INSTRUMENTS: readonly Instrument[] = [
  { coin: 'BTC', assetId: 0, szDecimals: 5, maxLeverage: 40, onlyIsolated: false, isDelisted: false },
  { coin: 'ETH', assetId: 1, szDecimals: 4, maxLeverage: 25, onlyIsolated: false, isDelisted: false },
  { coin: 'SOL', assetId: 5, szDecimals: 2, maxLeverage: 20, onlyIsolated: false, isDelisted: false },
];

/** A BTC book of ten levels a side, one dollar apart, one coin each, around `mid` dollars. */
export function btcBook(atMs: number, mid: number): MarketEvent {
  const level = (px: number) => ({ px: ticks(px * 10), sz: lots(100_000) });
  const side = (sign: 1 | -1) => Array.from({ length: 10 }, (_, i) => level(mid + sign * (i + 1)));
  return { kind: 'book', coin: 'BTC', atMs, exchangeTimeMs: atMs - 200, bids: side(-1), asks: side(1) };
}

/** One BTC print. */
export function btcPrint(atMs: number, px: number, tid: number): MarketEvent {
  return {
    kind: 'prints',
    coin: 'BTC',
    atMs,
    prints: [{ side: 'buy', px: ticks(px * 10), sz: lots(1_000), tid, exchangeTimeMs: atMs - 300 }],
  };
}

/** A market of so many seconds: a BTC book every half second, drifting up, and a print a second. */
export function steadyMarket(seconds: number, startMs = START_MS): readonly MarketEvent[] {
  const events: MarketEvent[] = [];
  for (let i = 0; i < seconds * 2; i += 1) {
    const atMs = startMs + i * 500;
    const mid = 100_000 + Math.floor(i / 4);
    events.push(btcBook(atMs, mid));
    if (i % 2 === 0) events.push(btcPrint(atMs + 100, mid + 1, 1_000 + i));
  }
  return events;
}

const sourceOf = (events: readonly MarketEvent[]): MarketSource => ({
  name: 'test market',
  startMs: events[0]?.atMs ?? START_MS,
  endMs: events.at(-1)?.atMs ?? START_MS,
  offsetMs: 0,
  events,
});

export interface TestVenue {
  readonly exchange: PaperExchange;
  readonly clock: SteppedClock;
  readonly url: string;
  readonly port: number;
  post(path: string, body: unknown): Promise<{ readonly status: number; readonly text: string; readonly json: unknown }>;
}

export interface TestVenueOptions {
  readonly network?: Network;
  readonly events?: readonly MarketEvent[];
  readonly journalPath?: string;
  readonly autoFundUsd?: number;
  readonly onUnclearSigner?: PaperExchangeOptions['onUnclearSigner'];
  readonly clock?: SteppedClock;
  /** Another venue than that of three coins. */
  readonly venue?: Venue;
  /** None where left out, as is time on the way: a stepped clock would not let either pass. */
  readonly limits?: LimitSettings;
  readonly latency?: Latency;
  /** Coins of a market that is told step by step, instead of events. */
  readonly told?: readonly string[];
  readonly faults?: PaperExchangeOptions['faults'];
}

/** A paper exchange listening on a free port, on a stepped clock one second into its market. */
export async function openTestVenue(options: TestVenueOptions = {}): Promise<TestVenue> {
  const clock = options.clock ?? steppedClock(START_MS + 1_000);
  const { limits, latency } = options;
  const exchange = createPaperExchange({
    venue:
      options.venue ?? createVenue({ instruments: INSTRUMENTS, ...(limits === undefined ? {} : { settings: openOrderSettings(limits) }) }),
    ...(limits === undefined ? {} : { limits }),
    ...(latency === undefined ? {} : { latency }),
    clock,
    ...(options.faults === undefined ? {} : { faults: options.faults }),
    market: options.told === undefined ? sourceOf(options.events ?? steadyMarket(60)) : marketOf(toldMarket(options.told), START_MS),
    network: options.network ?? 'any',
    journalPath: options.journalPath ?? null,
    ...(options.autoFundUsd === undefined ? {} : { autoFund: microUsd(options.autoFundUsd * 1e6) }),
    ...(options.onUnclearSigner === undefined ? {} : { onUnclearSigner: options.onUnclearSigner }),
  });
  const { url, port } = await exchange.listen(0);
  return { exchange, clock, url, port, post: (path, body) => post(`${url}${path}`, body) };
}

/** Posts JSON (or a string as it is) and reads the reply; `json` is null when it is none. */
export async function post(url: string, body: unknown) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return {
    status: response.status,
    text,
    json: response.headers.get('content-type')?.includes('json') ? (JSON.parse(text) as unknown) : null,
  };
}
