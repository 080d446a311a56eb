import { createNonceCell, createRequestBudget, fetchInstruments, openAccountReads, openRequestBudget } from '@hyperfleet/hyperliquid';
import { createBookMemory, openMarketReader } from '@hyperfleet/market-data';
import { StoreError } from '@hyperfleet/store';
import type { Supervised } from '@hyperfleet/supervisor';
import type { Clock, Instruments } from '@hyperfleet/trading';
import type { Board } from '../board/screen.ts';
import { type ClockMapping, createReplayClock } from '../clock.ts';
import type { BotData, MarketDataProtocol } from '../protocol.ts';
import { REQUEST_TIMES } from '../workers/feed-times.ts';
import { type BotPair, startBotPair } from './bot-pair.ts';
import type { BotAccount, House } from './house.ts';
import { startMarketData } from './market-data.ts';
import { type Newsroom, openNewsroom } from './newsroom.ts';
import { type RunningVenue, startVenue } from './paper-venue.ts';
import { settingsOf } from './settings.ts';

/** What ends a run from inside. */
export interface FleetEvents {
  readonly onMarketEnded: () => void;
  readonly onVenueLost: () => void;
}

/** The fleet at work. */
export interface RunningFleet extends Floor {
  readonly marketData: Supervised<MarketDataProtocol>;
  readonly pairs: readonly BotPair[];
  readonly sessionId: number;
}

/** What the workers stand on: the venue, the clock, and the memory they share. */
interface Floor {
  readonly house: House;
  readonly venue: RunningVenue;
  readonly clock: Clock;
  readonly instruments: Instruments;
  readonly books: SharedArrayBuffer;
  readonly budget: SharedArrayBuffer;
  readonly newsroom: Newsroom;
  readonly watch: Watch;
}

/** Who was lost: kept for the end of the run. */
interface Watch {
  /** One sentence for each worker past its restart budget. */
  readonly given: string[];
  /** Bots that can no longer work. */
  readonly haltedBots: Set<string>;
  lost(worker: string, reason: string): void;
  restarted(worker: string, reason: string): void;
}

/** A halt written by us is taken back at the next start; one written by a person is not. */
const HALT_REASON = 'a worker is past its restart budget';

const firstLine = (text: string): string => text.split('\n')[0] ?? text;

/** The market waits for the bots to get to their places, but no longer than this, wall time: one may never get ready. */
const STARTING_MS_MAX = 20_000;

/**
 * Lets the market begin once every bot is at its place, or has been given up, or the longest wait is over. Returns the
 * running clock.
 */
export async function openMarket({ house, venue, pairs, sessionId }: RunningFleet): Promise<ClockMapping> {
  const late = new Promise<void>((resolve) => setTimeout(resolve, STARTING_MS_MAX).unref());
  await Promise.race([Promise.allSettled(pairs.map(({ ready }) => ready)), late]);
  const mapping = venue.clock.open();
  house.ledger.moveClockSession(sessionId, Date.now());
  return mapping;
}

/** Starts everything: the venue, the clock, the market's thread, and each bot's two. Rejects when the venue cannot be started. */
export async function startFleet(house: House, board: Board, events: FleetEvents): Promise<RunningFleet> {
  const { plan, ledger, sink } = house;
  const { fleet, recording } = plan;
  const news: { room: Newsroom | null } = { room: null };
  const watch = createWatch(house, (text, mood) => news.room?.tell('fleet', text, mood));
  const venue = await startVenue(
    {
      recording: plan.recordingPath,
      journalPath: plan.files.journal,
      standingMs: house.beginMs,
      accounts: house.accounts.map(({ address, usd }) => ({ address, usd })),
    },
    { speed: fleet.speed, restart: fleet.restart },
    {
      log: sink.write,
      onMarketEnded: events.onMarketEnded,
      onRestart: watch.restarted,
      onHalted(worker, reason) {
        watch.lost(worker, reason);
        events.onVenueLost();
      },
    },
  );
  const clock = createReplayClock(venue.clock.mapping);
  // Begins, for now, when the market must begin at the latest: what is written until then ages as the wall goes.
  const sessionId = ledger.beginClockSession({ wallMs: Date.now() + STARTING_MS_MAX, marketMs: clock.now(), speed: fleet.speed });
  const budget = createRequestBudget();
  const listed = await fetchInstruments({ url: venue.url, clock, budget: openRequestBudget(budget), ...REQUEST_TIMES });
  const instruments = recorded(house, listed);
  const books = createBookMemory([...instruments.keys()]).buffer;
  const newsroom = openNewsroom({
    botIds: plan.bots.map(({ id }) => id),
    ledger,
    clock,
    market: openMarketReader(books),
    instruments,
    board,
    startMs: recording.marketStartMs,
    endMs: recording.endMs,
    speed: fleet.speed,
  });
  news.room = newsroom;
  const floor: Floor = { house, venue, clock, instruments, books, budget, newsroom, watch };
  const marketData = startMarketData(
    { url: venue.url, clock: venue.clock.mapping, coins: [...instruments.keys()], instruments, books },
    fleet.restart,
    {
      log: sink.write,
      onFeedLost: (reason) => newsroom.tell('fleet', `market feed lost: ${reason}`, 'attention'),
      onRestart: watch.restarted,
      onHalted: watch.lost,
    },
  );
  const pairs = await Promise.all(house.accounts.map((account) => startBot(floor, account)));
  return { ...floor, marketData, pairs, sessionId };
}

function createWatch({ log }: House, tell: (text: string, mood: 'bad' | 'attention') => void): Watch {
  const given: string[] = [];
  return {
    given,
    haltedBots: new Set(),
    lost(worker, reason) {
      log.error('worker halted', { worker, reason });
      given.push(`worker ${worker} is past its restart budget: ${firstLine(reason)}`);
      tell(`worker ${worker} is given up: ${firstLine(reason)}`, 'bad');
    },
    restarted(worker, reason) {
      log.warn('worker restarts', { worker, reason });
      tell(`worker ${worker} restarts: ${firstLine(reason)}`, 'attention');
    },
  };
}

/** The coins of the recording, as the venue's meta has them. */
function recorded({ plan }: House, listed: Instruments): Instruments {
  const coins = new Set(plan.recording.instruments.map(({ coin }) => coin));
  return new Map([...listed].filter(([coin]) => coins.has(coin)));
}

/** Starts a bot's two workers. Its key travels in their data and nowhere else. */
async function startBot(floor: Floor, account: BotAccount): Promise<BotPair> {
  const { house, newsroom, watch } = floor;
  const { plan, ledger, sink } = house;
  const { id } = account;
  const config = plan.bots.find((bot) => bot.id === id);
  if (config === undefined) throw new Error(`no configuration for ${id}`);
  const { takerPpm } = await firstLook(floor, account);
  const data: BotData = {
    settings: settingsOf(config, plan.fleet, { accountAddress: account.address, takerPpm }),
    privateKey: account.privateKey,
    url: floor.venue.url,
    isMainnet: false,
    clock: floor.venue.clock.mapping,
    instruments: floor.instruments,
    books: floor.books,
    nonceCell: createNonceCell(),
    budget: floor.budget,
    ledgerPath: plan.files.ledger,
    signalsPath: plan.fleet.signalsDb,
    botIds: plan.bots.map((bot) => bot.id),
    fundingFromMs: plan.recording.marketStartMs,
  };
  return startBotPair(data, plan.fleet.restart, {
    log: sink.write,
    onReport: (_half, report) => newsroom.hear(id, report),
    onReady: () => newsroom.restored(id),
    onRestart(worker, reason) {
      newsroom.restarting(id);
      watch.restarted(worker, reason);
    },
    onHalted(worker, reason) {
      watch.haltedBots.add(id);
      newsroom.halted(id);
      watch.lost(worker, reason);
      // Its sibling goes on: a guard without a way in still guards. Nothing new is entered by half a bot.
      try {
        ledger.setBotState(id, { tradingState: 'halted', reason: HALT_REASON });
      } catch (error) {
        // A disk that halted the bot may well refuse this too; that it is halted is told either way.
        if (!(error instanceof StoreError)) throw error;
        house.log.error('halt not recorded', { bot: id, code: error.code });
      }
    },
  });
}

/** Reads the account's fees, and notes what it is worth before the first order can go out. */
async function firstLook(floor: Floor, account: BotAccount): Promise<{ readonly takerPpm: number }> {
  const { ledger } = floor.house;
  const { id } = account;
  const state = ledger.botState(id);
  if (state.tradingState === 'halted' && state.reason === HALT_REASON) ledger.setBotState(id, { tradingState: 'active', reason: null });
  const reads = openReads(floor, account);
  try {
    const { takerPpm } = await reads.feeRates();
    if (state.equityStart === null) ledger.setBotState(id, { equityStart: (await reads.account()).equity });
    return { takerPpm };
  } finally {
    reads.close();
  }
}

/** A look at a bot's account from the main thread. */
export function openReads(
  { venue, clock, budget, instruments }: Pick<Floor, 'venue' | 'clock' | 'budget' | 'instruments'>,
  { address }: Pick<BotAccount, 'address'>,
): ReturnType<typeof openAccountReads> {
  const account: `0x${string}` = `0x${address.slice(2)}`;
  return openAccountReads({ url: venue.url, clock, budget: openRequestBudget(budget), ...REQUEST_TIMES, account, instruments });
}
