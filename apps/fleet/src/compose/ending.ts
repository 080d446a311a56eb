import { writeFileSync } from 'node:fs';
import { project } from '@hyperfleet/bot';
import { marketToWall } from '@hyperfleet/store';
import { bookingOf } from '@hyperfleet/trading';
import type { Feeding } from '../feed/feeding.ts';
import { buildReport, type EndedBot, type RunReport } from '../report/report.ts';
import { troubles } from '../report/verdict.ts';
import { openReads } from './first-look.ts';
import type { House } from './house.ts';
import { isSettled } from './idle.ts';
import { lostTroubles, type StandingCoin } from './lost-trades.ts';
import type { RunningFleet } from './running.ts';
import { CALL_MS, DRAIN_MS } from './worker-limits.ts';

/** How a run ended. */
export interface Ending {
  /** Null when the venue could not be asked any more. */
  readonly report: RunReport | null;
  /** What needs a person; empty when all is well. */
  readonly troubles: readonly string[];
}

/** How long flat trades get to be settled, wall time: a few round trips on a busy machine. */
const SETTLING_MS = 5_000;
const LOOK_EVERY_MS = 25;

/**
 * Brings the fleet to rest: no new signals, the market stands still, the step in hand of each bot is finished, and protective
 * stops stay at the venue. Then reads back what the venue did last, and adds up.
 */
export async function endFleet(
  house: House,
  running: RunningFleet,
  how: { readonly feeding: Feeding | null; readonly settle: boolean },
): Promise<Ending> {
  await how.feeding?.stop();
  if (how.settle) await settled(house, running);
  running.venue.worker.post({ kind: 'freeze' });
  await Promise.all(running.pairs.map((pair) => pair.drain(DRAIN_MS)));
  const ending = await account(house, running);
  await Promise.all([running.marketData.drain(DRAIN_MS), running.venue.worker.drain(DRAIN_MS)]);
  house.ledger.touchClockSession(running.sessionId, Date.now(), running.clock.now());
  return ending;
}

async function settled(house: House, { watch }: RunningFleet): Promise<void> {
  const untilMs = performance.now() + SETTLING_MS;
  const botIds = house.accounts.map(({ id }) => id);
  while (performance.now() < untilMs) {
    if (isSettled({ ledger: house.ledger, botIds, isHalted: (bot) => watch.haltedBots.has(bot) })) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

async function account(house: House, running: RunningFleet): Promise<Ending> {
  const { ledger, queue, plan } = house;
  try {
    await readBack(house, running);
    projectRest(house);
    const accounts = await running.venue.worker.call(
      'accounts',
      house.accounts.map(({ address }) => address),
      CALL_MS,
    );
    const { audit, nowMs } = await running.venue.worker.call('audit', null, CALL_MS);
    const bots = house.accounts.flatMap(({ id, address }, index): EndedBot[] => {
      const state = accounts[index];
      const restarts = running.pairs.find((pair) => pair.id === id)?.restarts ?? 0;
      return state === undefined ? [] : [{ id, address, state: running.newsroom.stateOf(id).state, restarts, account: state }];
    });
    const { speed } = plan.fleet;
    const marketStartMs = plan.recording.marketStartMs;
    const report = buildReport({
      ledger,
      rows: queue.allRows(),
      bots,
      audit,
      instruments: running.instruments,
      marketStartMs,
      nowMs,
      speed,
    });
    const lost = await leftByLostTrades(house, running, bots);
    return { report, troubles: [...troubles({ ledger, bots, audit, halted: running.watch.given }), ...lost] };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    house.log.error('could not add up', { reason });
    return { report: null, troubles: [...running.watch.given, `the run could not be added up: ${reason}`] };
  }
}

/** Fills and payments of the last moments, which the guards may not have heard before they ended. */
async function readBack(house: House, running: RunningFleet): Promise<void> {
  for (const bot of house.accounts) {
    const reads = openReads(running, bot);
    try {
      const fromMs = house.plan.recording.marketStartMs;
      house.ledger.recordFills(bot.id, bot.address, await reads.fillsSince(fromMs), null);
      house.ledger.recordFunding(bot.id, bot.address, await reads.fundingSince(fromMs));
      const openedMs = house.ledger.books(bot.address, Number.MAX_SAFE_INTEGER)?.openedMs ?? Number.POSITIVE_INFINITY;
      const transfers = (await reads.transfersSince(fromMs)).filter(({ timeMs }) => timeMs > openedMs);
      house.ledger.recordBookings(bot.id, bot.address, transfers.map(bookingOf));
    } finally {
      reads.close();
    }
  }
}

/** What stands at the venue of trades the ledger has lost; only bots that have such are asked about. */
async function leftByLostTrades({ lost, ledger, accounts }: House, running: RunningFleet, ended: readonly EndedBot[]): Promise<string[]> {
  const left: string[] = [];
  for (const bot of accounts.filter(({ id }) => lost.some((trade) => trade.bot === id))) {
    const held = ended.find(({ id }) => id === bot.id)?.account.positions ?? [];
    const reads = openReads(running, bot);
    try {
      const orders = (await reads.openOrders()).filter(({ coin }) => !held.some((position) => position.coin === coin));
      const ordered = [...new Set(orders.map(({ coin }) => coin))];
      const on: StandingCoin[] = [
        ...held.map(({ coin }) => ({ coin, what: 'position' as const })),
        ...ordered.map((coin) => ({ coin, what: 'order' as const })),
      ];
      left.push(...lostTroubles(lost, ledger, { bot: bot.id, on }));
    } finally {
      reads.close();
    }
  }
  return left;
}

/** Shows in `signals` what changed after the bots' last look. */
function projectRest({ ledger, queue, accounts }: House): void {
  const sessions = ledger.clockSessions();
  const marketToIso = (marketMs: number): string => new Date(marketToWall(sessions, marketMs)).toISOString();
  for (const { id } of accounts) while (project({ ledger, queue, marketToIso }, id));
}

/** Writes the report file. Throws when it cannot be written. */
export function writeReport(path: string, report: RunReport): void {
  writeFileSync(path, `${JSON.stringify(report, null, 2)}\n`);
}
