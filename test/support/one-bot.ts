/** One bot, both its loops, on a real ledger and a real signals file, against the matching core; time and market by hand. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type BotReport,
  type BotSettings,
  createFillLoop,
  createSignalLoop,
  type FillLoop,
  type Log,
  type PeerMessage,
  type SignalLoop,
  type Watch,
} from '@hyperfleet/bot';
import { type Address, createVenue, type MarketEvent, type Venue } from '@hyperfleet/paper-exchange';
import { openLedger, openSignalQueue } from '@hyperfleet/store';
import {
  type AccountEvent,
  fineTicks,
  type Instrument,
  type Instruments,
  type Level,
  lots,
  type MarketView,
  microUsd,
  parsePrice,
  parseSize,
  ticks,
} from '@hyperfleet/trading';
import { sampleSettings } from './bot-settings.ts';
import { createHang, type Hang } from './hang.ts';
import { linkVenue, type VenueLink } from './in-process-venue.ts';
import { createVirtualClock, settleTasks, type VirtualClock } from './virtual-clock.ts';

const BTC: Instrument = { coin: 'BTC', assetId: 0, szDecimals: 5, maxLeverage: 40, onlyIsolated: false, isDelisted: false };
const ETH: Instrument = { coin: 'ETH', assetId: 1, szDecimals: 4, maxLeverage: 25, onlyIsolated: false, isDelisted: false };
const START_MS = 1_757_015_216_000;
/** Reconciling asks the venue once for every order whose fate is open. */
const START_MS_MAX = 60_000;
const USER: Address = '0x1111111111111111111111111111111111111111';

const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined, child: () => silent };

export interface World {
  readonly clock: VirtualClock;
  readonly venue: Venue;
  readonly link: VenueLink;
  readonly ledger: ReturnType<typeof openLedger>;
  readonly queue: ReturnType<typeof openSignalQueue>;
  readonly reports: BotReport[];
  readonly bugs: unknown[];
  /** A book of `depth` coins a side around a mid, one tick apart, as a new snapshot. */
  book(coin: string, bid: string, ask: string, size?: string): void;
  print(coin: string, side: 'buy' | 'sell', px: string, sz: string): void;
  /** Inserts a row as a foreign program would. Returns its id. */
  signal(row: Record<string, string | number | null>): number;
  row(id: number): Record<string, unknown>;
  /** An order on the wallet that the fleet never sent. */
  placeByHand(
    coin: string,
    side: 'buy' | 'sell',
    px: string,
    sz: string,
    terms?: { readonly tif?: 'Gtc' | 'Ioc'; readonly reduceOnly?: boolean },
  ): void;
  advance(ms: number): Promise<void>;
  /** Lots that armed stops on all coins hold at the venue. */
  armedLots(): number;
  /** The last books again, as new snapshots. */
  touchBooks(): void;
  /** Time passes on a market that stands still: the last books again every so often. */
  hold(ms: number, everyMs?: number): Promise<void>;
  /** The fleet gives the bot a stream or takes it away. */
  granted(hasStream: boolean): void;
  /** Something the account stream says. */
  streamEvent(event: AccountEvent): void;
  /** The fill monitor's thread: hangs and goes on when told. */
  readonly guard: Hang;
  /** When it last said that it is there. */
  readonly guardHeardMs: number;
  /** The bot is told to leave; resolves when what its signal worker had in hand is done. */
  leave(): Promise<void>;
  /** Drops the signal worker where it stands and starts a new one beside the fill monitor, such as that is. Does not wait for it. */
  restartSignal(): void;
  /** Drops both loops where they stand and starts new ones on the same files. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** What a bot may be given besides: means that it watches, and what it does in an emergency. */
interface Means {
  readonly watch?: Watch;
  readonly onEmergency?: 'hold' | 'flatten';
  readonly requestLifeMs?: () => number;
}

export async function openWorld(overrides: Partial<Omit<BotSettings, 'limits'>> = {}, latencyMs = 200, means: Means = {}): Promise<World> {
  const dir = mkdtempSync(join(tmpdir(), 'hyperfleet-world-'));
  const clock = createVirtualClock(START_MS);
  const venue = createVenue({ instruments: [BTC, ETH] });
  venue.fund(USER, microUsd(10_000_000_000), START_MS);
  const instruments: Instruments = new Map([BTC, ETH].map((instrument) => [instrument.coin, instrument]));
  const reports: BotReport[] = [];
  const bugs: unknown[] = [];
  const ledger = openLedger(join(dir, 'ledger.db'));
  const queue = openSignalQueue(join(dir, 'signals.db'));
  const settings = sampleSettings({ id: 'Sentient', accountAddress: USER, ...overrides });

  /** Workers of each kind so far: only the newest is alive. */
  let signals = 0;
  let guards = 0;
  let launches = 0;
  let signalLoop: SignalLoop | null = null;
  let fillLoop: FillLoop | null = null;
  let nonce = 0;
  let guardHeardMs = START_MS;
  const guard = createHang();
  const link = linkVenue({ venue, clock, user: USER, latencyMs, onEvent: (event) => guard.whenAwake(() => fillLoop?.onStream(event)) });
  const market = { view: (coin: string): MarketView | null => viewOf(venue, instruments, coin) };

  /** What a worker is started with; nothing of it goes on once `isMine` says that the worker is gone. */
  const commonOf = (isMine: () => boolean) => {
    launches += 1;
    return {
      settings,
      clock: { now: clock.now, after: (ms: number, task: () => void) => clock.after(ms, () => isMine() && task()) },
      ledger,
      exchange: link.exchange,
      reads: link.reads,
      market,
      instruments,
      nextNonce: () => {
        nonce = Math.max(clock.now(), nonce + 1);
        return nonce;
      },
      digest: (text: string) => createHash('sha256').update(text).digest('hex'),
      log: silent,
      ...(means.requestLifeMs === undefined ? {} : { requestLifeMs: means.requestLifeMs }),
      report: (report: BotReport) => reports.push(report),
      onBug: (error: unknown) => bugs.push(error),
      launch: launches,
    };
  };
  const toMarket = (wallMs: number): number => wallMs;
  const to = (isMine: () => boolean, deliver: (message: PeerMessage) => void) => ({
    send: (message: PeerMessage) => queueMicrotask(() => isMine() && deliver(message)),
  });
  const newSignalLoop = (): SignalLoop => {
    signals += 1;
    const mine = signals;
    const isMine = (): boolean => mine === signals;
    return createSignalLoop({
      ...commonOf(isMine),
      peer: to(isMine, (message) => guard.whenAwake(() => fillLoop?.onPeer(message))),
      queue,
      wallToMarket: toMarket,
      marketToWall: toMarket,
      marketToIso: (ms) => new Date(ms).toISOString(),
      controlBots: [settings.id],
      ...(means.onEmergency === undefined ? {} : { onEmergency: means.onEmergency }),
      breathe: () => new Promise((resolve) => setImmediate(resolve)),
    });
  };
  const newFillLoop = (): FillLoop => {
    guards += 1;
    const mine = guards;
    const isMine = (): boolean => mine === guards;
    const common = commonOf(isMine);
    return createFillLoop({
      ...common,
      clock: guard.clockOf(common.clock),
      exchange: guard.portsOf(common.exchange),
      reads: guard.portsOf(common.reads),
      peer: to(isMine, (message) => {
        if (message.kind === 'on-guard') guardHeardMs = clock.now();
        signalLoop?.onPeer(message);
      }),
      fundingFrom: START_MS,
      ...(means.watch === undefined ? {} : { watch: means.watch }),
    });
  };
  const start = async (): Promise<void> => {
    signalLoop = newSignalLoop();
    fillLoop = newFillLoop();
    const ready = Promise.all([fillLoop.start(), signalLoop.start()]);
    let isReady = false;
    ready.then(
      () => {
        isReady = true;
      },
      (error: unknown) => bugs.push(error),
    );
    for (let waited = 0; !isReady && waited < START_MS_MAX; waited += 100) await clock.advance(100);
    if (!isReady) throw new Error(`the bot was not ready within ${START_MS_MAX} ms of market time`);
  };

  const level = (coin: string, px: number, sz: string): Level => {
    const instrument = instruments.get(coin);
    if (instrument === undefined) throw new Error(`no instrument ${coin}`);
    return { px: ticks(px), sz: parseSize(sz, instrument) ?? lots(0) };
  };
  const priceOf = (coin: string, px: string): number => {
    const instrument = instruments.get(coin);
    const value = instrument === undefined ? null : parsePrice(px, instrument);
    if (value === null) throw new Error(`bad price ${px}`);
    return value;
  };
  const feed = (event: MarketEvent): void => {
    venue.market(event);
    link.pump();
  };
  let tid = 1;
  const lastBooks = new Map<string, { bid: string; ask: string; size: string }>();

  const endWorkers = (): void => {
    signals += 1;
    guards += 1;
  };

  const world: World = {
    clock,
    venue,
    link,
    ledger,
    queue,
    reports,
    bugs,
    guard,
    get guardHeardMs() {
      return guardHeardMs;
    },
    book(coin, bid, ask, size = '10') {
      lastBooks.set(coin, { bid, ask, size });
      const step = 10 ** (6 - (instruments.get(coin)?.szDecimals ?? 0));
      const side = (best: number, sign: number) => Array.from({ length: 20 }, (_, i) => level(coin, best + sign * i * step, size));
      const atMs = clock.now();
      feed({ kind: 'book', coin, atMs, exchangeTimeMs: atMs, bids: side(priceOf(coin, bid), -1), asks: side(priceOf(coin, ask), 1) });
    },
    touchBooks() {
      for (const [coin, { bid, ask, size }] of lastBooks) world.book(coin, bid, ask, size);
    },
    async hold(ms, everyMs = 1_000) {
      for (let left = ms; left > 0; left -= everyMs) {
        world.touchBooks();
        await world.advance(Math.min(everyMs, left));
      }
    },
    granted: (hasStream) => fillLoop?.granted(hasStream),
    streamEvent: (event) => fillLoop?.onStream(event),
    print(coin, side, px, sz) {
      const atMs = clock.now();
      const { px: at, sz: size } = level(coin, priceOf(coin, px), sz);
      feed({ kind: 'prints', coin, atMs, prints: [{ side, px: at, sz: size, tid: tid++, exchangeTimeMs: atMs }] });
    },
    signal: (row) => queue.insertRow({ created_at: new Date(clock.now()).toISOString(), bot_name: settings.id, ...row }),
    row(id) {
      const found = queue.allRows().find((candidate) => candidate.id === id);
      if (found === undefined) throw new Error(`no row ${id}`);
      return found;
    },
    placeByHand(coin, side, px, sz, { tif = 'Gtc', reduceOnly = false } = {}) {
      const asset = instruments.get(coin)?.assetId;
      if (asset === undefined) throw new Error(`no instrument ${coin}`);
      const order = { asset, side, px, sz, reduceOnly, cloid: null, type: { kind: 'limit', tif } } as const;
      venue.execute(USER, { type: 'order', orders: [order], grouping: 'na' }, clock.now());
      link.pump();
    },
    armedLots: () =>
      venue
        .openOrders(USER)
        .filter((order) => order.tpsl === 'sl' && !order.waitingForFill)
        .reduce((sum, order) => sum + order.sz, 0),
    async advance(ms) {
      for (let left = ms; left > 0; left -= 250) {
        await clock.advance(Math.min(250, left));
        venue.advance(clock.now());
        link.pump();
        await settleTasks();
      }
      if (bugs.length > 0) throw bugs[0];
    },
    leave: async () => await signalLoop?.drain(),
    restartSignal() {
      signalLoop = newSignalLoop();
      signalLoop.start().catch((error: unknown) => bugs.push(error));
      // A new line between the two, and the word of who sees that a guard is there.
      signalLoop.onPeer({ kind: 'trades-changed' });
      signalLoop.onPeer({ kind: 'on-guard' });
      guard.whenAwake(() => fillLoop?.onPeer({ kind: 'trades-changed' }));
    },
    async restart() {
      endWorkers();
      await settleTasks();
      await start();
    },
    async close() {
      endWorkers();
      await settleTasks();
      ledger.close();
      queue.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
  world.book('BTC', '100000', '100010');
  world.book('ETH', '4000', '4001');
  await start();
  return world;
}

function viewOf(venue: Venue, instruments: Instruments, coin: string): MarketView | null {
  const instrument = instruments.get(coin);
  if (instrument === undefined) return null;
  const state = venue.assetMarket(instrument.assetId);
  return {
    coin,
    bids: state.bids,
    asks: state.asks,
    bid: state.bids[0] ?? null,
    ask: state.asks[0] ?? null,
    lastPrint: state.lastPrint,
    mark: state.mark === null ? null : fineTicks(state.mark),
    fundingRateE10: state.fundingRateE10,
    exchangeTimeMs: state.bookTimeMs,
    receivedAtMs: state.bookTimeMs,
  };
}
