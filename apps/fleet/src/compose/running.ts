import { createRequestBudget, fetchInstruments, openRequestBudget } from '@hyperfleet/hyperliquid';
import { createBookMemory, openMarketReader } from '@hyperfleet/market-data';
import type { LedgerHandle } from '@hyperfleet/store';
import type { Supervised } from '@hyperfleet/supervisor';
import type { Instruments } from '@hyperfleet/trading';
import type { Board } from '../board/screen.ts';
import { type ClockMapping, createReplayClock } from '../clock.ts';
import type { Damage, MarketDataProtocol } from '../protocol.ts';
import { REQUEST_TIMES } from '../workers/feed-times.ts';
import type { BotPair } from './bot-pair.ts';
import type { Floor, Watch } from './floor.ts';
import type { House } from './house.ts';
import { startMarketData } from './market-data.ts';
import { type Newsroom, openNewsroom } from './newsroom.ts';
import { startVenue, venueRules } from './paper-venue.ts';
import { startBots } from './start-order.ts';
import { planStreams } from './stream-plan.ts';
import { createSlotKeeper } from './stream-slots.ts';

/** What ends a run from inside. */
export interface FleetEvents {
  readonly onMarketEnded: () => void;
  readonly onVenueLost: () => void;
  /** The ledger is damaged: nothing that is written from now on could be relied on. */
  readonly onLedgerDamaged: () => void;
  /** Resolves when somebody asks the fleet to stop. */
  readonly asked: Promise<string>;
}

/** The fleet at work. */
export interface RunningFleet extends Floor {
  readonly marketData: Supervised<MarketDataProtocol>;
  readonly pairs: readonly BotPair[];
  readonly sessionId: number;
}

const firstLine = (text: string): string => text.split('\n')[0] ?? text;

/** The market waits for the bots to get to their places, but no longer than this, wall time: one may never get ready. */
const STARTING_MS_MAX = 20_000;

/** What of a fleet is needed to let its market begin. */
export interface Beginning {
  readonly house: { readonly ledger: Pick<LedgerHandle, 'moveClockSession'> };
  readonly venue: { readonly clock: Pick<RunningFleet['venue']['clock'], 'open'> };
  readonly pairs: readonly Pick<BotPair, 'ready'>[];
  readonly sessionId: number;
}

/**
 * Lets the market begin once every bot is at its place, or has been given up, or the longest wait is over. Returns the
 * running clock; null when `isOver` by then, and the market stays shut: its venue stands still already.
 */
export async function openMarket({ house, venue, pairs, sessionId }: Beginning, isOver: () => boolean): Promise<ClockMapping | null> {
  const late = new Promise<void>((resolve) => setTimeout(resolve, STARTING_MS_MAX).unref());
  await Promise.race([Promise.allSettled(pairs.map(({ ready }) => ready)), late]);
  if (isOver()) return null;
  const mapping = venue.clock.open();
  house.ledger.moveClockSession(sessionId, Date.now());
  return mapping;
}

/** Starts everything: the venue, the clock, the market's thread, and each bot's two. Rejects when the venue cannot be started. */
export async function startFleet(house: House, board: Board, events: FleetEvents): Promise<RunningFleet> {
  const { plan, ledger, sink } = house;
  const { fleet, recording } = plan;
  const news: { room: Newsroom | null } = { room: null };
  const watch = createWatch(house, (text, mood) => news.room?.tell('fleet', text, mood), events.onLedgerDamaged);
  const venue = await startVenue(
    {
      recording: plan.recordingPath,
      journalPath: plan.files.journal,
      standingMs: house.beginMs,
      accounts: house.accounts.map(({ address, usd }) => ({ address, usd })),
      ...venueRules(fleet.paper),
    },
    { speed: fleet.speed, restart: fleet.restart },
    {
      log: sink.write,
      onMarketEnded: events.onMarketEnded,
      asked: events.asked,
      onRestart: watch.restarted,
      onHalted(worker, reason) {
        watch.lost(worker, reason);
        events.onVenueLost();
      },
    },
  );
  const clock = createReplayClock(venue.clock.mapping);
  const pace = createReplayClock(venue.pace);
  // Begins, for now, when the market must begin at the latest: what is written until then ages as the wall goes.
  const sessionId = ledger.beginClockSession({ wallMs: Date.now() + STARTING_MS_MAX, marketMs: clock.now(), speed: fleet.speed });
  const budget = createRequestBudget();
  const listed = await fetchInstruments({ url: venue.url, clock, pace, budget: openRequestBudget(budget), ...REQUEST_TIMES });
  const instruments = recorded(house, listed);
  const books = createBookMemory([...instruments.keys()]).buffer;
  const newsroom = openNewsroom({
    botIds: plan.bots.map(({ id }) => id),
    ledger,
    clock,
    market: openMarketReader(books),
    instruments,
    board,
    files: { ledger: plan.files.ledger, signals: fleet.signalsDb },
    startMs: recording.marketStartMs,
    endMs: recording.endMs,
    speed: fleet.speed,
  });
  news.room = newsroom;
  const streams = planStreams(plan.bots.length, fleet.reconcileIntervalMs);
  const byId = new Map<string, BotPair>();
  const slots = createSlotKeeper({
    ids: plan.bots.map(({ id }) => id),
    slots: streams.streams,
    now: clock.now,
    tell: (id, isGranted) => void byId.get(id)?.stream(isGranted),
  });
  const floor: Floor = { house, venue, clock, pace, instruments, books, budget, streams, slots, newsroom, watch };
  const marketData = startMarketData(
    { url: venue.url, clock: venue.clock.mapping, pace: venue.pace, coins: [...instruments.keys()], instruments, books, budget },
    fleet.restart,
    {
      log: sink.write,
      onFeedLost: (reason) => newsroom.tell('fleet', `market feed lost: ${reason}`, 'attention'),
      onFeedBack: () => newsroom.tell('fleet', 'the market feed is back'),
      onRestart: watch.restarted,
      onHalted: watch.lost,
    },
  );
  const pairs = startBots(floor);
  for (const pair of pairs) byId.set(pair.id, pair);
  return { ...floor, marketData, pairs, sessionId };
}

/** What follows from a damaged database, by which it is. */
const DAMAGED = {
  ledger: 'the fleet stops, protective stops rest at the venue',
  signals: 'no signal is read and no status shown until it is; positions stay protected',
} as const;

function createWatch({ log }: House, tell: (text: string, mood: 'bad' | 'attention') => void, onLedgerDamaged: () => void): Watch {
  const given: string[] = [];
  const damaged = new Set<Damage['file']>();
  const haltedBots = new Set<string>();
  return {
    given,
    haltedBots,
    halted(bot, reason) {
      log.error('bot halted', { bot, reason });
      haltedBots.add(bot);
      given.push(`${bot} is halted: ${reason}`);
      tell(`${bot} is halted: ${reason}`, 'bad');
    },
    recovered(bot) {
      if (!haltedBots.delete(bot)) return;
      const over = given.filter((sentence) => sentence.startsWith(`${bot} is halted: `));
      for (const sentence of over) given.splice(given.indexOf(sentence), 1);
      log.info('bot acts again', { bot });
      tell(`${bot} acts again`, 'attention');
    },
    lost(worker, reason) {
      log.error('worker halted', { worker, reason });
      given.push(`worker ${worker} is past its restart budget: ${firstLine(reason)}`);
      tell(`worker ${worker} is given up: ${firstLine(reason)}`, 'bad');
    },
    damaged({ file, reason }) {
      if (damaged.has(file)) return;
      damaged.add(file);
      log.error('database damaged', { file, reason });
      given.push(`${reason}: ${DAMAGED[file]}`);
      tell(`${reason}: ${DAMAGED[file]}`, 'bad');
      if (file === 'ledger') onLedgerDamaged();
    },
    restarted(worker, reason) {
      log.warn('worker restarts', { worker, reason });
      // Workers die of a damaged ledger one after the other until the fleet has stopped; it has been said why.
      if (damaged.has('ledger')) return;
      tell(`worker ${worker} restarts: ${firstLine(reason)}`, 'attention');
    },
  };
}

/** The coins of the recording, as the venue's meta has them. */
function recorded({ plan }: House, listed: Instruments): Instruments {
  const coins = new Set(plan.recording.instruments.map(({ coin }) => coin));
  return new Map([...listed].filter(([coin]) => coins.has(coin)));
}
