import { createNonceCell, createRequestBudget, fetchInstruments, openAccountReads, openRequestBudget } from '@hyperfleet/hyperliquid';
import { createBookMemory, openMarketReader } from '@hyperfleet/market-data';
import { type Supervised, supervise } from '@hyperfleet/supervisor';
import type { Clock, Instruments } from '@hyperfleet/trading';
import { assertNever } from '../assert-never.ts';
import type { Board } from '../board/screen.ts';
import { createReplayClock } from '../clock.ts';
import type { BotData, MarketDataData, MarketDataProtocol } from '../protocol.ts';
import { REQUEST_TIMES } from '../workers/feed-times.ts';
import { type BotPair, startBotPair } from './bot-pair.ts';
import type { BotAccount, House } from './house.ts';
import { type Newsroom, openNewsroom } from './newsroom.ts';
import { type RunningVenue, STARTING_MS, startVenue } from './paper-venue.ts';
import { settingsOf } from './settings.ts';
import { WORKER_LIMITS } from './worker-limits.ts';

/** What ends a run from inside. */
export interface FleetEvents {
  readonly onMarketEnded: () => void;
  readonly onVenueLost: () => void;
}

/** The fleet at work. */
export interface RunningFleet {
  readonly clock: Clock;
  readonly clockMapping: RunningVenue['clock'];
  readonly venue: RunningVenue;
  readonly marketData: Supervised<MarketDataProtocol>;
  readonly pairs: readonly BotPair[];
  readonly newsroom: Newsroom;
  readonly instruments: Instruments;
  readonly budget: SharedArrayBuffer;
  /** One sentence for each worker past its restart budget. */
  readonly given: string[];
  /** Bots that can no longer work. */
  readonly haltedBots: Set<string>;
  readonly sessionId: number;
}

/** A reason of halting written by us is taken back at the next start; one written by a person is not. */
const HALT_REASON = 'a worker is past its restart budget';

/** Starts everything: the venue, the clock, the market's thread, and each bot's two. Rejects when the venue cannot be started. */
export async function startFleet(house: House, board: Board, events: FleetEvents): Promise<RunningFleet> {
  const { plan, ledger, sink, log } = house;
  const { fleet, recording } = plan;
  const given: string[] = [];
  const haltedBots = new Set<string>();
  let newsroom: Newsroom | null = null;

  const lost = (worker: string, reason: string): void => {
    const first = reason.split('\n')[0] ?? reason;
    log.error('worker halted', { worker, reason });
    given.push(`worker ${worker} is past its restart budget: ${first}`);
    newsroom?.tell('fleet', `worker ${worker} is given up: ${first}`, 'bad');
  };
  const restarted = (worker: string, reason: string): void => {
    log.warn('worker restarts', { worker, reason });
    newsroom?.tell('fleet', `worker ${worker} restarts: ${reason.split('\n')[0] ?? reason}`, 'attention');
  };

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
      onRestart: restarted,
      onHalted(worker, reason) {
        lost(worker, reason);
        events.onVenueLost();
      },
    },
  );
  const clock = createReplayClock(venue.clock);
  const sessionId = ledger.beginClockSession({ wallMs: Date.now() + STARTING_MS, marketMs: clock.now(), speed: fleet.speed });
  const budget = createRequestBudget();
  const instruments = await traded(
    house,
    await fetchInstruments({ url: venue.url, clock, budget: openRequestBudget(budget), ...REQUEST_TIMES }),
  );
  const books = createBookMemory([...instruments.keys()]);
  newsroom = openNewsroom({
    botIds: plan.bots.map(({ id }) => id),
    ledger,
    clock,
    market: openMarketReader(books.buffer),
    instruments,
    board,
    startMs: recording.marketStartMs,
    endMs: recording.endMs,
    speed: fleet.speed,
  });
  const told = newsroom;

  const marketData = supervise<MarketDataProtocol>({
    name: 'market-data',
    entry: new URL('../workers/market-data.worker.ts', import.meta.url),
    launch: () => ({
      workerData: {
        url: venue.url,
        clock: venue.clock,
        coins: [...instruments.keys()],
        instruments,
        books: books.buffer,
      } satisfies MarketDataData,
    }),
    ...WORKER_LIMITS,
    restart: fleet.restart,
    onMessage(message) {
      switch (message.kind) {
        case 'log':
          sink.write(message.record);
          return;
        case 'feed':
          if (message.state.kind === 'disconnected') told.tell('fleet', `market feed lost: ${message.state.reason}`, 'attention');
          return;
        default:
          assertNever(message);
      }
    },
    onRestart: (reason) => restarted('market-data', reason),
    onHalted: (reason) => lost('market-data', reason),
  });

  const pairs = await Promise.all(house.accounts.map((account) => startBot(account)));

  async function startBot(account: BotAccount): Promise<BotPair> {
    const { id } = account;
    const config = plan.bots.find((bot) => bot.id === id);
    if (config === undefined) throw new Error(`no configuration for ${id}`);
    const state = ledger.botState(id);
    if (state.tradingState === 'halted' && state.reason === HALT_REASON) ledger.setBotState(id, { tradingState: 'active', reason: null });
    const reads = openAccountReads({
      url: venue.url,
      clock,
      budget: openRequestBudget(budget),
      ...REQUEST_TIMES,
      account: addressOf(account),
      instruments,
    });
    const { takerPpm } = await reads.feeRates();
    // Noted before the first order can go out: what it was worth when this bot first saw it.
    if (state.equityStart === null) ledger.setBotState(id, { equityStart: (await reads.account()).equity });
    reads.close();
    const data: BotData = {
      settings: settingsOf(config, fleet, { accountAddress: account.address, takerPpm }),
      privateKey: account.privateKey,
      url: venue.url,
      isMainnet: false,
      clock: venue.clock,
      instruments,
      books: books.buffer,
      nonceCell: createNonceCell(),
      budget,
      ledgerPath: plan.files.ledger,
      signalsPath: fleet.signalsDb,
      botIds: plan.bots.map((bot) => bot.id),
      fundingFromMs: recording.marketStartMs,
    };
    return startBotPair(data, fleet.restart, {
      log: sink.write,
      onReport: (_half, report) => told.hear(id, report),
      onReady: () => told.restored(id),
      onRestart(worker, reason) {
        told.restarting(id);
        restarted(worker, reason);
      },
      onHalted(worker, reason) {
        haltedBots.add(id);
        told.halted(id);
        // Its sibling goes on: a guard without a way in still guards. Nothing new is entered by half a bot.
        ledger.setBotState(id, { tradingState: 'halted', reason: HALT_REASON });
        lost(worker, reason);
      },
    });
  }

  return { clock, clockMapping: venue.clock, venue, marketData, pairs, newsroom, instruments, budget, given, haltedBots, sessionId };
}

export const addressOf = ({ address }: Pick<BotAccount, 'address'>): `0x${string}` => `0x${address.slice(2)}`;

/** The coins of the recording, as the venue's meta has them. */
async function traded({ plan }: House, listed: Instruments): Promise<Instruments> {
  const coins = new Set(plan.recording.instruments.map(({ coin }) => coin));
  return new Map([...listed].filter(([coin]) => coins.has(coin)));
}
