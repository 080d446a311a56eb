/**
 * Bots as a fleet wires them — both loops on the real ledger and signals file, the real adapter over real sockets, an agent's key each —
 * before a real paper exchange whose faults a test sets. Time and market by hand; only what the sockets need is waited for.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Address, createRequestBudget, openMarketFeed, openRequestBudget } from '@hyperfleet/hyperliquid';
import { createBookMemory, openBookWriter, openMarketReader } from '@hyperfleet/market-data';
import { createVenue, type FaultRule, openOrderSettings, type PaperExchange, type Venue } from '@hyperfleet/paper-exchange';
import { type LedgerHandle, openLedger, openSignalQueue, type SignalQueueHandle } from '@hyperfleet/store';
import { type Clock, microUsd } from '@hyperfleet/trading';
import { ExchangeClient } from '@nktkas/hyperliquid';
import { FEED_TIMES } from '../../apps/fleet/src/workers/feed-times.ts';
import { directTransport } from './direct-transport.ts';
import { openTestVenue, type SteppedClock } from './paper-venue.ts';
import { testWallet } from './wallet.ts';
import { INSTRUMENTS, type OpenBot, openBot, type Stage, type WiredBot, type WiredOptions } from './wired-bot.ts';

const COINS = ['BTC', 'ETH'];
/** Market time moves by so much, then the sockets have their turn. */
const STEP_MS = 100;
/** The venue tells a book so often. */
const BOOK_MS = 500;
/** Wall time a step leaves to what is under way, at most: what a fault holds back is not waited for. */
const UNDER_WAY_MS = 25;
const FUNDS = 10_000_000_000;

export interface WiredFleet {
  readonly clock: SteppedClock;
  readonly exchange: PaperExchange;
  readonly venue: Venue;
  readonly ledger: LedgerHandle;
  readonly queue: SignalQueueHandle;
  /** In the order they were named. */
  readonly bots: readonly WiredBot[];
  bot(id: string): WiredBot;
  fault(rule: FaultRule): number;
  /** Where a coin stands from now on. */
  price(coin: string, px: string): void;
  print(coin: string, side: 'buy' | 'sell', px: string, sz: string): void;
  /** No books of a coin from the market any more, or again. */
  quiet(coin: string, isQuiet: boolean): void;
  /** This machine's clock, and with it every bot's, is off the venue's by so much from now on. */
  setClockOff(ms: number): void;
  /** The account of a bot approves a key under the name its bot's has, which ends that one. */
  approve(bot: string, agent: Address): Promise<void>;
  /** The owner of a bot's account spends so many of its requests, with cancels of what never was (PROTOCOL §10). */
  spend(bot: string, requests: number): Promise<void>;
  signal(bot: string, row: Readonly<Record<string, string | number | null>>): number;
  row(id: number): Readonly<Record<string, unknown>>;
  /** Longest market time that a position of the bot was without its whole stop, as the venue measures it. */
  nakedMs(bot: string): number;
  /** Lets so much market time pass. */
  pass(ms: number): Promise<void>;
  /** Lets market time pass until it is so; rejects with what was waited for after `limitMs` of it (two minutes). */
  until(what: string, isSo: () => boolean, limitMs?: number): Promise<void>;
  close(): Promise<void>;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Counts the calls of a port that have not come back. */
function counting<T extends object>(port: T, count: (change: 1 | -1) => void): T {
  return new Proxy(port, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        const result: unknown = Reflect.apply(value, target, args);
        if (!(result instanceof Promise)) return result;
        count(1);
        return result.finally(() => count(-1));
      };
    },
  });
}

/** Opens a world of bots that have reconciled and hear their streams. */
export async function openWiredFleet(options: WiredOptions = {}): Promise<WiredFleet> {
  const dir = mkdtempSync(join(tmpdir(), 'hyperfleet-wired-'));
  const { limits } = options;
  const venue = createVenue({
    instruments: [...INSTRUMENTS.values()],
    ...(limits === undefined ? {} : { settings: openOrderSettings(limits) }),
  });
  const { exchange, clock, url } = await openTestVenue({ venue, told: COINS, ...(limits === undefined ? {} : { limits }) });
  const ledger = openLedger(join(dir, 'ledger.db'));
  const queue = openSignalQueue(join(dir, 'signals.db'));
  const memory = createBookMemory(COINS);
  const writer = openBookWriter(memory.buffer);
  const budget = openRequestBudget(createRequestBudget());
  const prices = new Map([
    ['BTC', '100000'],
    ['ETH', '4000'],
  ]);
  const muted = new Set<string>();
  const bugs: unknown[] = [];
  let offMs = 0;
  const ours: Clock = { now: () => clock.now() + offMs, after: clock.after };
  let underWay = 0;
  let isOver = false;
  let bookedMs = 0;
  const counted = <T extends object>(port: T): T =>
    counting(port, (change) => {
      underWay += change;
    });

  const tellBooks = (): void => {
    bookedMs = clock.now();
    for (const [coin, px] of prices) if (!muted.has(coin)) exchange.step({ coin, px });
  };
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= STEP_MS) {
      if (clock.now() - bookedMs >= BOOK_MS) tellBooks();
      clock.advance(Math.min(STEP_MS, left));
      await sleep(1);
      for (let waited = 0; underWay > 0 && waited < UNDER_WAY_MS; waited += 1) await sleep(1);
      await sleep(1);
    }
    if (bugs.length > 0) throw bugs[0];
  };
  const until = async (what: string, isSo: () => boolean, limitMs = 120_000): Promise<void> => {
    for (let waited = 0; !isSo(); waited += STEP_MS) {
      if (waited > limitMs) throw new Error(`in ${limitMs} ms of market time it never came to this: ${what}`);
      await pass(STEP_MS);
    }
  };

  const stage: Stage = {
    options,
    url,
    clock: ours,
    ledger,
    queue,
    budget,
    market: openMarketReader(memory.buffer),
    counted,
    bugs,
    isOver: () => isOver,
  };
  let ownerNonce = clock.now();
  const owner = (index: number): ExchangeClient => {
    ownerNonce += 1;
    const nonce = ownerNonce;
    return new ExchangeClient({ transport: directTransport(exchange), wallet: testWallet(70 + index), nonceManager: () => nonce });
  };
  const approve = async (index: number, agentAddress: Address): Promise<void> => {
    const end = options.keyLifeMs === undefined ? '' : ` valid_until ${clock.now() + options.keyLifeMs}`;
    await owner(index).approveAgent({ agentAddress, agentName: `bot${end}` });
  };
  const names = options.bots ?? ['Sentient'];
  const bots: OpenBot[] = [];
  for (const [index, id] of names.entries()) {
    const master = testWallet(70 + index);
    exchange.fund(master.address, microUsd(FUNDS));
    await approve(index, testWallet(80 + index).address);
    bots.push(openBot(stage, { id, index, ids: names, venue }));
  }
  const feed = openMarketFeed({
    url,
    clock: ours,
    coins: COINS,
    instruments: INSTRUMENTS,
    ...FEED_TIMES,
    onBook: (book, receivedAtMs) => writer.book(book.coin, { ...book, receivedAtMs }),
    onBbo: (bbo, receivedAtMs) => writer.bbo(bbo.coin, { ...bbo, receivedAtMs }),
    onPrints({ coin, prints }) {
      for (const { px, exchangeTimeMs } of prints) writer.print(coin, px, exchangeTimeMs);
    },
    onMark: ({ coin, mark, fundingRateE10 }) => writer.mark(coin, mark, fundingRateE10),
    onState(state) {
      if (state.kind === 'connected') writer.reconnected();
    },
  });
  tellBooks();
  let ready = false;
  Promise.all(bots.map((bot) => bot.start())).then(
    () => {
      ready = true;
    },
    (error: unknown) => bugs.push(error),
  );
  const botOf = (id: string): WiredBot => {
    const found = bots.find((bot) => bot.id === id);
    if (found === undefined) throw new Error(`no bot ${id}`);
    return found;
  };
  const fleet: WiredFleet = {
    clock,
    exchange,
    venue,
    ledger,
    queue,
    bots,
    bot: botOf,
    fault: (rule) => exchange.fault(rule),
    price(coin, px) {
      prices.set(coin, px);
      exchange.step({ coin, px });
    },
    print: (coin, side, px, sz) => exchange.step({ coin, print: { side, px, sz } }),
    quiet: (coin, isQuiet) => void (isQuiet ? muted.add(coin) : muted.delete(coin)),
    setClockOff(ms) {
      offMs = ms;
    },
    approve: (id, agent) => approve(names.indexOf(id), agent),
    async spend(id, requests) {
      const cancels = Array.from({ length: requests }, () => ({ a: 0, o: 1 }));
      const words = await owner(names.indexOf(id)).cancel({ cancels }).then(String, String);
      if (!words.includes('never placed')) throw new Error(`the requests were not spent: ${words.slice(0, 200)}`);
    },
    signal: (bot, row) => queue.insertRow({ created_at: new Date(ours.now()).toISOString(), bot_name: bot, ...row }),
    row(id) {
      const found = queue.allRows().find((candidate) => candidate.id === id);
      if (found === undefined) throw new Error(`no row ${id}`);
      return found;
    },
    nakedMs: (id) => exchange.audit().nakedTime[botOf(id).account]?.longestMs ?? 0,
    pass,
    until,
    async close() {
      isOver = true;
      await Promise.all([feed.close(), ...bots.map((bot) => bot.close())]);
      await exchange.close();
      ledger.close();
      queue.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
  await until('every bot is ready and hears its stream', () => ready && bots.every((bot) => bot.hears()));
  return fleet;
}
