/** A whole small world: several bots on one ledger and one signals file, a venue, a market, and what goes wrong between them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BotSettings } from '@hyperfleet/bot';
import { type Address, createVenue, type Venue } from '@hyperfleet/paper-exchange';
import { type LedgerHandle, openLedger, openSignalQueue, type SignalQueueHandle } from '@hyperfleet/store';
import { type Instrument, type Instruments, microUsd } from '@hyperfleet/trading';
import { sampleSettings } from '../support/bot-settings.ts';
import { type Chance, createChance } from './chance.ts';
import { createExcuses, type Excuses } from './excuses.ts';
import { createExecutor, type Executor } from './executor.ts';
import { createHand } from './hand.ts';
import { createJournal, type Journal } from './journal.ts';
import { type Link, openLink } from './link.ts';
import { type SimMarket, startMarket } from './market.ts';
import { createMemo } from './memo.ts';
import { createPair, type Pair } from './pair.ts';
import { createPosted, type Posted } from './posted.ts';
import { createSafeCopy } from './safe-copy.ts';
import { createWatch, type Watch, type WatchedBot } from './watch.ts';
import { type Climate, createWeather, type RequestFault, type Weather } from './weather.ts';

const INSTRUMENTS: readonly Instrument[] = [
  { coin: 'BTC', assetId: 0, szDecimals: 5, maxLeverage: 40, onlyIsolated: false, isDelisted: false },
  { coin: 'ETH', assetId: 1, szDecimals: 4, maxLeverage: 25, onlyIsolated: false, isDelisted: false },
  { coin: 'SOL', assetId: 5, szDecimals: 2, maxLeverage: 20, onlyIsolated: false, isDelisted: false },
];
/** Half an hour before a full hour and some, so that funding falls into most runs of any length. */
const START_MS = 1_757_015_880_000;
const DEPOSIT = 10_000_000_000;
/** A fill monitor that hangs is stood in for after so long, ms: three silent seconds, the beat before them, and two looks. */
const STAND_IN_MS = 6_000;
const NAMES = ['Sentient', 'Vulcan', 'Cassini'];

export interface SimBot extends WatchedBot {
  readonly settings: BotSettings;
  readonly pair: Pair;
  readonly link: Link;
}

export interface World {
  readonly seed: number;
  readonly executor: Executor;
  readonly chance: Chance;
  readonly weather: Weather;
  readonly venue: Venue;
  readonly market: SimMarket;
  readonly bots: readonly SimBot[];
  readonly posted: Posted;
  readonly watch: Watch;
  readonly excuses: Excuses;
  readonly journal: Journal;
  readonly coins: readonly string[];
  readonly deposits: Map<string, number>;
  /** What requests have met with so far, by kind. */
  readonly faults: ReadonlyMap<RequestFault, number>;
  readonly startMs: number;
  ledger(): LedgerHandle;
  queue(): SignalQueueHandle;
  /** Wall clock steps by this much, from now on. */
  stepClock(ms: number): void;
  /** The process ends and starts again; with `power` the newest commits of the signals file are gone as well. */
  restart(power: boolean): void;
  /** Makes what the signals file holds now safe from a power cut. */
  syncSignals(): void;
  /** Runs for so much market time; false when a promise was broken. */
  run(ms: number): Promise<boolean>;
  close(): void;
}

export interface WorldOptions {
  readonly seed: number;
  readonly climate: Climate;
  /** Standard deviation of a tick of the market. */
  readonly restlessness?: number;
  readonly print?: ((line: string) => void) | null;
  readonly startMs?: number;
}

function settingsOf(id: string, user: Address, chance: Chance): BotSettings {
  const limits = {
    riskPerTradePpm: chance.pick([5_000, 20_000]),
    maxLeverage: chance.pick([2, 5, 10, 20]),
    onStaleEntry: chance.pick(['rest', 'market', 'refuse'] as const),
  };
  const drawn = {
    entryLifeMs: chance.pick([30_000, 86_400_000]),
    breakeven: chance.happens(0.9),
    reconcileIntervalMs: chance.pick([10_000, 30_000, 60_000]),
  };
  return sampleSettings({ id, accountAddress: user, ...drawn }, limits);
}

/** Opens the stores of a world and knows how they survive. */
function openDisk(journal: Journal) {
  const dir = mkdtempSync(join(tmpdir(), 'hyperfleet-sim-'));
  const [ledgerPath, signalsPath] = [join(dir, 'ledger.db'), join(dir, 'signals.db')];
  const memo = createMemo();
  const open = () => ({
    ledger: openLedger(ledgerPath, { synchronous: 'OFF', alone: true, drawId: () => 'a'.repeat(32) }),
    queue: openSignalQueue(signalsPath, { synchronous: 'OFF', alone: true, drawId: () => 'b'.repeat(32) }),
  });
  let stores = open();
  const safe = createSafeCopy(signalsPath, join(dir, 'safe.db'));
  return {
    stores: () => stores,
    storesOf: (bot: string) => ({ ledger: memo.of(stores.ledger, bot), queue: memo.of(stores.queue, bot) }),
    rowsChanged: memo.rowsChanged,
    syncSignals: safe.sync,
    reopen(power: boolean): void {
      stores.ledger.close();
      safe.closing();
      stores.queue.close();
      if (power && safe.setBack()) journal.note('power cut: the signals file is set back');
      stores = open();
      memo.forget();
    },
    close(): void {
      stores.ledger.close();
      stores.queue.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Opens a world; its bots start at once, on market time. */
export function openWorld(options: WorldOptions): World {
  const startMs = options.startMs ?? START_MS;
  const chance = createChance(options.seed);
  const executor = createExecutor(startMs);
  const journal = createJournal(executor, startMs, options.print ?? null);
  const weather = createWeather(executor, chance.fork('weather'), options.climate);
  const venue = createVenue({ instruments: INSTRUMENTS });
  const excuses = createExcuses();
  const posted = createPosted();
  const disk = openDisk(journal);
  const instruments: Instruments = new Map(INSTRUMENTS.map((instrument) => [instrument.coin, instrument]));
  const deposits = new Map<string, number>();
  const bots: SimBot[] = [];
  const watch = createWatch({ venue, clock: executor, ledger: () => disk.stores().ledger, bots, excuses, posted });
  const faults = new Map<RequestFault, number>();
  let skewMs = 0;
  let processes = 0;
  const names = NAMES.slice(0, chance.fork('bots').happens(0.3) ? 3 : 2);

  const mayHang = ({ pair }: SimBot, at: 'second' | 'fill'): void => {
    const hangMs = weather.hangMs(at);
    if (hangMs !== null) pair.hang(hangMs);
  };
  const pump = (): void => {
    for (const event of venue.drain()) {
      const user =
        event.kind === 'fill' ? event.fill.user : event.kind === 'order' ? event.order.user : 'user' in event ? event.user : null;
      const bot = bots.find((candidate) => candidate.user === user);
      if (event.kind === 'fill') {
        const { coin, side, sz, px, cloid, tid, liquidation } = event.fill;
        journal.note(`fill ${bot?.id} ${coin} ${side} ${sz} at ${px} ${cloid} ${tid}${liquidation === null ? '' : ' liquidation'}`);
      }
      if (event.kind === 'order') journal.note(`order ${bot?.id} ${event.order.coin} ${event.order.oid} ${event.status}`);
      if (bot === undefined) continue;
      if (event.kind === 'fill') mayHang(bot, 'fill');
      watch.venueEvent(bot, event);
      bot.link.hear(event);
    }
  };
  const market = startMarket({
    venue,
    clock: executor,
    chance: chance.fork('market'),
    weather,
    restlessness: options.restlessness ?? 0.0006,
    onMoved: pump,
    onTrouble(coin, what, ms) {
      journal.note(`market ${coin} ${what} ${ms}`);
      excuses.add(null, coin, { fromMs: executor.now(), ms, what });
    },
  });
  for (const [index, id] of names.entries()) bots.push(openBot(id, index));

  function openBot(id: string, index: number): SimBot {
    const user: Address = `0x${String(index + 1).repeat(40)}`;
    const mine = chance.fork(id);
    const settings = settingsOf(id, user, mine);
    const trouble = (what: string, ms: number): void => excuses.add(id, null, { fromMs: executor.now(), ms, what });
    venue.fund(user, microUsd(DEPOSIT), executor.now());
    deposits.set(id, DEPOSIT);
    const self = (): SimBot => bot;
    const link = openLink({
      venue,
      clock: executor,
      user,
      chance: mine.fork('link'),
      weather,
      events: {
        sending(life, sending) {
          const what =
            sending.kind === 'place'
              ? sending.orders.map(({ role, coin, sz, px }) => `${role} ${coin} ${sz} at ${px}`).join(', ')
              : sending.cancels.join(' ');
          journal.note(`send ${id} ${sending.kind} ${what} ${sending.nonce}`);
          watch.sending(life, sending);
        },
        arriving: (sending) => watch.arriving(self(), sending),
        asks: (life, what, fromMs) => watch.reading.asks(self(), life, what, fromMs),
        connected: (life) => watch.reading.connected(self(), life),
        applied(sending, reply) {
          journal.note(`applied ${id} ${sending.nonce} ${JSON.stringify(reply)}`);
          watch.applied(self(), sending, reply);
        },
        nonceUsedTwice: (sending) => watch.nonceUsedTwice(self(), sending),
        trouble,
        fault: (fault) => faults.set(fault, (faults.get(fault) ?? 0) + 1),
        pump,
        note: (line) => journal.note(`${line} ${id}`),
      },
    });
    const pair = createPair({
      settings,
      bots: names,
      clock: executor,
      chance: mine.fork('pair'),
      weather,
      link,
      market,
      instruments,
      stores: () => disk.storesOf(id),
      skewMs: () => skewMs,
      events: {
        refused(method) {
          journal.note(`disk refuses ${id} ${method}`);
          trouble(`disk ${method}`, 0);
        },
        written: (_bot, method, args, result) => watch.written(self(), method, args, result),
        died(_bot, half, why, downMs) {
          journal.note(`died ${id} ${half}: ${why}, back in ${downMs}`);
          trouble(`${half} died`, downMs);
        },
        hangs(_bot, ms) {
          journal.note(`hangs ${id} for ${ms}`);
          trouble('hang', Math.min(ms, STAND_IN_MS));
        },
        wentOn() {
          journal.note(`goes on ${id}`);
          trouble('fill-monitor is back', 0);
        },
        ready(_bot, half) {
          journal.note(`ready ${id} ${half}`);
          trouble(`${half} is back`, 0);
        },
        bug: (_bot, half, error) =>
          watch.break(
            'no worker ends by a bug',
            `${id} ${half}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
          ),
        report(_bot, report) {
          if (report.kind === 'trade')
            journal.note(`bot ${id} ${report.coin} ${report.what} ${report.tradeId} ${JSON.stringify(report.detail)}`);
          if (report.kind === 'alert') journal.note(`alert ${id} ${report.phrase} ${JSON.stringify(report.detail)}`);
        },
      },
    });
    const bot: SimBot = {
      id,
      user,
      settings,
      pair,
      link,
      hand: createHand(venue, executor, { user, onActed: pump }),
      foreignClosing: false,
    };
    pair.start();
    return bot;
  }

  const everySecond = (): void => {
    venue.advance(executor.now());
    pump();
    watch.look();
    for (const bot of bots) mayHang(bot, 'second');
    executor.after(1_000, everySecond);
  };
  everySecond();

  return {
    seed: options.seed,
    executor,
    chance,
    weather,
    venue,
    market,
    bots,
    posted,
    watch,
    excuses,
    journal,
    coins: INSTRUMENTS.map(({ coin }) => coin),
    deposits,
    faults,
    startMs,
    ledger: () => disk.stores().ledger,
    queue() {
      // Whoever asks for it may write rows.
      disk.rowsChanged();
      return disk.stores().queue;
    },
    stepClock(ms) {
      journal.note(`clock steps ${ms}`);
      skewMs += ms;
    },
    restart(power) {
      journal.note(power ? 'machine crashes' : 'process crashes');
      for (const bot of bots) bot.pair.killAll('process');
      watch.restarted();
      disk.reopen(power);
      const downMs = chance.int(300, 2_000);
      processes += 1;
      const mine = processes;
      excuses.add(null, null, { fromMs: executor.now(), ms: downMs, what: 'process down' });
      executor.after(downMs, () => {
        if (mine === processes) for (const bot of bots) bot.pair.start();
      });
    },
    syncSignals: disk.syncSignals,
    run: (ms) => executor.runUntil(executor.now() + ms, () => watch.broken === null),
    close: disk.close,
  };
}
