/**
 * One bot with both its workers as they are, the matching core, and everything between them, held still after every event: nothing moves
 * until `events()` is asked what can happen and one of it is let happen. The same events in the same order give the same world.
 */
import { createHash } from 'node:crypto';
import { createFillLoop, createSignalLoop, type FillLoop, type Log, type PeerMessage, type SignalLoop } from '@hyperfleet/bot';
import { createVenue, type Venue } from '@hyperfleet/paper-exchange';
import {
  type AccountEvent,
  type Clock,
  type Cloid,
  FINE_PER_TICK,
  fineTicks,
  lots,
  type MarketView,
  microUsd,
  ticks,
} from '@hyperfleet/trading';
import { linkVenue, type VenueLink } from '../support/in-process-venue.ts';
import { BOT, BTC, DEPOSIT, ENTRY, ETH, PLACES, type Place, SETTINGS, START_MS, STEP_MS, USER } from './bracket.ts';
import { createMail, type Mail } from './mail.ts';
import { createMemoryLedger, type MemoryLedger } from './memory-ledger.ts';
import { createMemoryQueue, type MemoryQueue } from './memory-queue.ts';
import { createWire, type Request, type Wire, WORKERS, type WorkerName } from './wire.ts';

interface Timer {
  readonly worker: WorkerName;
  readonly dueMs: number;
  readonly task: () => void;
}

export interface World {
  readonly venue: Venue;
  readonly link: VenueLink;
  readonly ledger: MemoryLedger;
  readonly queue: MemoryQueue;
  readonly wire: Wire;
  readonly loops: { signal: SignalLoop; fill: FillLoop };
  /** Of all starts of workers, which was the last of each. */
  readonly launches: Readonly<Record<WorkerName, number>>;
  /** Could not even start, for lack of an answer; is started again when time passes. */
  readonly down: Record<WorkerName, boolean>;
  /** What the account's two channels have sent and the fill monitor has not heard. */
  readonly stream: { readonly orders: AccountEvent[][]; readonly fills: AccountEvent[][]; up: boolean };
  readonly timers: readonly Timer[];
  /** How often something has come between so far. */
  interventions: number;
  /** Part fills the entry has had. */
  parts: number;
  /** Rows and controls written so far. */
  readonly done: Set<string>;
  /** Errors that would have ended a thread, and promises broken by what was sent; empty as it should be. */
  readonly broken: string[];
  place: Place;
  /** How often something may have moved at the venue; what is read of it in between is the same. */
  readonly moves: number;
  /** Whether the witness looks on; not where what was seen before is done again. */
  watched: boolean;
  /** Orders on the book that somebody placed by hand. */
  foreignOrders: number;
  nowMs(): number;
  /** A client order id in words: role and attempt, with the signal's row where it is not the first. */
  name(cloid: string | null): string;
  /** Lets everything that is ready to run do so; what one worker tells the other is heard at once. */
  settle(): Promise<void>;
  move(to: Place): void;
  print(sz: number): void;
  /** Somebody places an order by hand, far off the market. */
  placeByHand(coin: 'BTC' | 'ETH'): void;
  writeEntry(): void;
  writeExit(): void;
  writeControl(command: string): void;
  deliver(channel: 'orders' | 'fills'): void;
  cut(): void;
  reconnect(): void;
  crash(worker: WorkerName): void;
  wait(): Promise<void>;
}

const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined, child: () => silent };
const digests = new Map<string, string>();

/** SHA-256, remembered: the same few ids are derived in every world. */
function digest(text: string): string {
  const known = digests.get(text) ?? createHash('sha256').update(text).digest('hex');
  digests.set(text, known);
  return known;
}

/** A tick comes after every promise that is ready has run, and those they made ready; nothing here waits for more than promises. */
const turn = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

/** What looks at each request as it is sent and as it lands; returns what is to be looked at once it has landed. */
export interface Witness {
  sent(world: World, request: Request): void;
  landing(world: World, request: Request): () => void;
}

/** A world in which both workers are up and at rest, and nothing has been asked of them. */
export async function openWorld(witness: Witness): Promise<World> {
  const world = buildWorld(witness);
  world.crash('fill');
  world.crash('signal');
  await world.settle();
  return world;
}

function buildWorld(witness: Witness): World {
  let nowMs = START_MS;
  let timers: Timer[] = [];
  let nonce = 0;
  let tid = 1;
  const generations: Record<WorkerName, number> = { signal: 0, fill: 0 };
  const launches: Record<WorkerName, number> = { signal: 0, fill: 0 };
  const broken: string[] = [];
  const mail: Record<WorkerName, Mail> = { signal: createMail(), fill: createMail() };
  const withMail = (): WorkerName | undefined => WORKERS.find((worker) => mail[worker].isThere());
  const venue = createVenue({ instruments: [BTC, ETH], settings: { maxFillsKept: 100, maxOrdersKept: 100 } });
  const ledger = createMemoryLedger('0'.repeat(32));
  const queue = createMemoryQueue('f'.repeat(32));
  const stream: World['stream'] = { orders: [], fills: [], up: true };
  /** The market as it was last looked at, as long as nothing has happened at the venue since. */
  let shown: MarketView | null = null;
  let moves = 0;
  const moved = (): void => {
    moves += 1;
    shown = null;
  };
  let batch: { orders: AccountEvent[]; fills: AccountEvent[] } = { orders: [], fills: [] };
  const link = linkVenue({
    venue,
    clock: { now: () => nowMs, after: () => () => undefined },
    user: USER,
    latencyMs: 0,
    isAccountHeard: false,
    onEvent(event) {
      moved();
      if (event.kind === 'orders') batch.orders.push(event);
      else if (event.kind === 'fills') batch.fills.push(event);
    },
  });
  /** What happened at the venue in one step is one message a channel. */
  const pump = (): void => {
    link.pump();
    moved();
    if (stream.up && batch.orders.length > 0) stream.orders.push(batch.orders);
    if (stream.up && batch.fills.length > 0) stream.fills.push(batch.fills);
    batch = { orders: [], fills: [] };
  };
  const names = new Map<string, string>();
  const name = (cloid: string | null): string => {
    if (cloid === null) return 'foreign';
    const known = names.get(cloid);
    if (known !== undefined) return known;
    const order = ledger.order(cloid as Cloid);
    if (order === null) return 'foreign';
    const row = ledger.trade(order.tradeId)?.signal.rowId ?? 0;
    const said = `${order.intent.role}#${order.intent.attempt}${row === 1 ? '' : ` of row ${row}`}`;
    names.set(cloid, said);
    return said;
  };
  const wire = createWire({
    link,
    name,
    nowMs: () => nowMs,
    cancelLifeMs: SETTINGS.expiresAfterMs,
    onSend: (request) => world.watched && witness.sent(world, request),
    onLand(request) {
      const landed = world.watched ? witness.landing(world, request) : () => undefined;
      return () => {
        pump();
        landed();
      };
    },
  });
  const onBug = (error: unknown): void => {
    broken.push(`a worker died of a bug: ${error instanceof Error ? error.message : String(error)}`);
  };
  const hear = (worker: WorkerName): void => {
    for (const message of mail[worker].take()) world.loops[worker].onPeer(message);
  };
  /** A beat says only that somebody is there: it is heard at once, and is no event. */
  const send = (to: WorkerName, message: PeerMessage): void => {
    if (message.kind === 'on-guard') world.loops[to]?.onPeer(message);
    else mail[to].put(message);
  };
  const depsOf = (worker: WorkerName) => {
    const mine = generations[worker];
    const alive = (): boolean => mine === generations[worker];
    const clock: Clock = {
      now: () => nowMs,
      after(delayMs, task) {
        const timer: Timer = { worker, dueMs: nowMs + Math.max(0, Math.ceil(delayMs)), task };
        if (alive()) timers.push(timer);
        return () => {
          timers = timers.filter((other) => other !== timer);
        };
      },
    };
    const to: WorkerName = worker === 'signal' ? 'fill' : 'signal';
    return {
      settings: SETTINGS,
      clock,
      ledger,
      ...wire.portsOf(worker),
      market: { view },
      instruments: new Map([[BTC.coin, BTC]]),
      nextNonce: () => {
        nonce = Math.max(nowMs, nonce + 1);
        return nonce;
      },
      digest,
      log: silent,
      peer: { send: (message: PeerMessage) => alive() && send(to, message) },
      report: () => undefined,
      launch: launches[worker],
      onBug: (error: unknown) => alive() && onBug(error),
    };
  };
  const view = (coin: string): MarketView | null => {
    if (coin !== BTC.coin) return null;
    if (shown !== null) return shown;
    const { bids, asks, lastPrint, mark, fundingRateE10, bookTimeMs } = venue.assetMarket(BTC.assetId);
    const [bid, ask] = [bids[0] ?? null, asks[0] ?? null];
    shown = {
      coin,
      bids,
      asks,
      bid,
      ask,
      lastPrint,
      mark: mark === null ? null : fineTicks(mark),
      fundingRateE10,
      exchangeTimeMs: bookTimeMs,
      receivedAtMs: bookTimeMs,
    };
    return shown;
  };
  const feedBook = (place: Place): void => {
    const bid = PLACES[place] * 10;
    const sz = lots(1_000_000);
    const mark = fineTicks((bid + 50) * FINE_PER_TICK);
    const bids = [{ px: ticks(bid), sz }];
    const asks = [{ px: ticks(bid + 100), sz }];
    venue.market({ kind: 'book', coin: BTC.coin, atMs: nowMs, exchangeTimeMs: nowMs, bids, asks });
    venue.market({ kind: 'mark', coin: BTC.coin, atMs: nowMs, mark, oracle: mark, fundingRateE10: null });
    pump();
  };
  const start = (worker: WorkerName): void => {
    generations[worker] += 1;
    launches[worker] = 1 + Math.max(launches.signal, launches.fill);
    const mine = generations[worker];
    timers = timers.filter((timer) => timer.worker !== worker);
    wire.forget(worker);
    world.down[worker] = false;
    const died = (error: unknown): void => {
      if (mine !== generations[worker]) return;
      if (error instanceof Error && 'retry' in error) world.down[worker] = true;
      else onBug(error);
    };
    if (worker === 'fill') {
      const deps = depsOf('fill');
      world.loops.fill = createFillLoop({ ...deps, fundingFrom: START_MS });
      world.loops.fill.start().catch(died);
      return;
    }
    world.loops.signal = createSignalLoop({
      ...depsOf('signal'),
      queue,
      wallToMarket: (ms) => ms,
      marketToWall: (ms) => ms,
      marketToIso: String,
      controlBots: [BOT],
      breathe: async () => undefined,
    });
    world.loops.signal.start().catch(died);
  };

  const world: World = {
    venue,
    link,
    ledger,
    queue,
    wire,
    // Both are started before the world is handed out.
    loops: {} as World['loops'],
    launches,
    down: { signal: false, fill: false },
    stream,
    get timers() {
      return timers;
    },
    get moves() {
      return moves;
    },
    interventions: 0,
    parts: 0,
    done: new Set(),
    broken,
    place: 'start',
    watched: true,
    foreignOrders: 0,
    nowMs: () => nowMs,
    name,
    async settle() {
      await turn();
      for (let worker = withMail(); worker !== undefined; worker = withMail()) {
        hear(worker);
        await turn();
      }
    },
    move(to) {
      world.place = to;
      // A snapshot of the same moment says nothing new to the venue.
      nowMs += 1;
      feedBook(to);
    },
    print(sz) {
      nowMs += 1;
      const print = { side: 'sell', px: ticks(989_990), sz: lots(sz), tid: tid++, exchangeTimeMs: nowMs } as const;
      venue.market({ kind: 'prints', coin: BTC.coin, atMs: nowMs, prints: [print] });
      pump();
    },
    placeByHand(coin) {
      const [asset, px] = coin === 'BTC' ? [BTC.assetId, '150000'] : [ETH.assetId, '8000'];
      const order = { asset, side: 'sell', px, sz: '0.01', reduceOnly: false, cloid: null, type: { kind: 'limit', tif: 'Gtc' } } as const;
      const reply = venue.execute(USER, { type: 'order', orders: [order], grouping: 'na' }, nowMs);
      if (reply.status !== 'ok' || JSON.stringify(reply).includes('error')) throw new Error(`by hand: ${JSON.stringify(reply)}`);
      world.foreignOrders += 1;
      pump();
    },
    writeEntry() {
      queue.insertRow({ ...ENTRY, bot_name: BOT, created_at: new Date(nowMs).toISOString() });
      world.loops.signal.wake();
    },
    writeExit() {
      queue.insertRow({ symbol: 'BTC', signal_type: 'exit', bot_name: BOT, created_at: new Date(nowMs).toISOString() });
      world.loops.signal.wake();
    },
    writeControl(command) {
      queue.insertControl(BOT, command, new Date(nowMs).toISOString());
      world.loops.signal.wake();
    },
    deliver(channel) {
      for (const event of stream[channel].splice(0).flat()) world.loops.fill.onStream(event);
    },
    cut() {
      stream.up = false;
      stream.orders.length = 0;
      stream.fills.length = 0;
      world.loops.fill.onStream({ kind: 'disconnected', reason: 'cut' });
    },
    reconnect() {
      stream.up = true;
      world.loops.fill.onStream({ kind: 'connected' });
    },
    crash(worker) {
      start(worker);
      // A new line between the two: what was said on the old one is lost, and both look at everything once.
      for (const side of WORKERS) {
        mail[side].take();
        mail[side].put({ kind: 'trades-changed' });
      }
      if (worker !== 'fill') return;
      stream.orders.length = 0;
      stream.fills.length = 0;
      stream.up = true;
    },
    async wait() {
      nowMs += STEP_MS;
      feedBook(world.place);
      wire.expire(nowMs);
      for (const worker of WORKERS) if (world.down[worker]) start(worker);
      const due = timers.filter(({ dueMs }) => dueMs <= nowMs).sort((a, b) => a.dueMs - b.dueMs);
      for (const timer of due) {
        // One that ran before may have called this one off.
        if (!timers.includes(timer)) continue;
        timers = timers.filter((other) => other !== timer);
        timer.task();
        await world.settle();
      }
    },
  };
  venue.fund(USER, microUsd(DEPOSIT), nowMs);
  feedBook('start');
  world.placeByHand('ETH');
  return world;
}
