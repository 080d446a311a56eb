/** Brings one bot up on its own: what goes wrong with it costs its siblings nothing. */
import { KEY_HALT } from '@hyperfleet/bot';
import {
  type Address,
  createAddressBudget,
  createNonceCell,
  openAccountReads,
  openRequestBudget,
  VenueReadError,
} from '@hyperfleet/hyperliquid';
import { StoreError } from '@hyperfleet/store';
import { createRestartCounter } from '@hyperfleet/supervisor';
import type { BotData } from '../protocol.ts';
import { REQUEST_TIMES } from '../workers/feed-times.ts';
import { type BotPair, type BotPairEvents, startBotPair } from './bot-pair.ts';
import type { Floor } from './floor.ts';
import type { BotAccount } from './house.ts';
import { settingsOf } from './settings.ts';
import { botReadyMs } from './worker-limits.ts';

/** A halt written by us is taken back at the next start; one written by a person is not. */
const HALT_REASON = 'a worker is past its restart budget';

/** The account or key of a bot is not what it must be; asking again would not help. */
class UnfitAccountError extends Error {
  override readonly name = 'UnfitAccountError';
}

/**
 * Starts a bot: looks at its account, within its restart budget, then starts its two workers. The bot is told of at once and
 * comes to life when its account could be read; one whose account never can, or is unfit, is halted with the reason. Nothing is
 * asked before its `turn`.
 */
export function startBot(floor: Floor, account: BotAccount, turn: Promise<void> = Promise.resolve()): BotPair {
  const { id } = account;
  let pair: BotPair | null = null;
  let isEnding = false;
  const ended = Promise.withResolvers<void>();
  const looked = Promise.race([turn, ended.promise]).then(() => (isEnding ? null : lookPatiently(floor, account, () => isEnding)));
  const ready = looked.then((look) => {
    if (look === null || isEnding) return;
    const { restart, speed } = floor.house.plan.fleet;
    const how = { restart, readyTimeoutMs: botReadyMs(floor.streams.bots, speed) };
    pair = startBotPair(dataOf(floor, account, look), how, eventsOf(floor, id));
    return pair.ready;
  });
  ready.catch(() => undefined);
  return {
    id,
    get restarts() {
      return pair?.restarts ?? 0;
    },
    ready,
    get isReady() {
      return pair?.isReady ?? false;
    },
    wake: () => pair?.wake(),
    stream: (isGranted) => pair?.stream(isGranted) ?? false,
    async drain(timeoutMs) {
      isEnding = true;
      ended.resolve();
      await looked;
      await pair?.drain(timeoutMs);
    },
  };
}

/** What its workers are started with; made anew for each start. Its key travels in it and nowhere else. */
function dataOf(floor: Floor, account: BotAccount, { takerPpm, hasSpotCollateral }: FirstLook): () => Omit<BotData, 'launch'> {
  const { plan } = floor.house;
  const { id } = account;
  const config = plan.bots.find((bot) => bot.id === id);
  if (config === undefined) throw new Error(`no configuration for ${id}`);
  const data: Omit<BotData, 'hasStream' | 'launch'> = {
    settings: settingsOf(config, plan.fleet, { accountAddress: account.address, signerAddress: account.signer, takerPpm }),
    privateKey: account.privateKey,
    url: floor.venue.url,
    isMainnet: false,
    clock: floor.venue.clock.mapping,
    pace: floor.venue.pace,
    hasSpotCollateral,
    instruments: floor.instruments,
    books: floor.books,
    nonceCell: createNonceCell(),
    budget: floor.budget,
    addressBudget: createAddressBudget(),
    accountPollMs: accountPollMs(floor.streams.pollIntervalMs, plan.fleet.speed),
    onEmergency: plan.fleet.onEmergency,
    ledgerPath: plan.files.ledger,
    signalsPath: plan.fleet.signalsDb,
    botIds: plan.bots.map((bot) => bot.id),
    fundingFromMs: plan.recording.marketStartMs,
  };
  return () => ({ ...data, hasStream: floor.slots.has(id) });
}

/** In a fast replay a poll must leave the machine time to answer it, wall time. */
const POLL_WALL_MS = 30;
const accountPollMs = (marketMs: number, speed: number): number => Math.max(marketMs, POLL_WALL_MS * speed);

function eventsOf({ house, newsroom, watch, slots }: Floor, id: string): BotPairEvents {
  return {
    log: house.sink.write,
    onReport(_half, report) {
      newsroom.hear(id, report);
      if (report.kind === 'condition') {
        slots.risk(id, report.risk);
        slots.look();
      }
      if (report.kind !== 'state') return;
      if (report.state === 'halted') watch.halted(id, report.reason ?? 'for no reason told');
      else watch.recovered(id);
    },
    onDamaged: watch.damaged,
    onStreamClosed: () => slots.left(id),
    onReady: () => newsroom.restored(id),
    onRestart(worker, reason) {
      newsroom.restarting(id);
      watch.restarted(worker, reason);
    },
    onHalted(worker, reason) {
      giveUp({ house, newsroom, watch }, id);
      watch.lost(worker, reason);
    },
  };
}

/** Its sibling half goes on: a guard without a way in still guards. Nothing new is entered by half a bot. */
function giveUp({ house, newsroom, watch }: Pick<Floor, 'house' | 'newsroom' | 'watch'>, id: string): void {
  watch.haltedBots.add(id);
  newsroom.halted(id);
  try {
    house.ledger.setBotState(id, { tradingState: 'halted', reason: HALT_REASON });
  } catch (error) {
    // A disk that halted the bot may well refuse this too; that it is halted is told either way.
    if (!(error instanceof StoreError)) throw error;
    house.log.error('halt not recorded', { bot: id, code: error.code });
  }
}

interface FirstLook {
  readonly takerPpm: number;
  readonly hasSpotCollateral: boolean;
}

/** Looks at the account until it could be read; null when the restart budget is spent or the account is unfit. */
async function lookPatiently(floor: Floor, account: BotAccount, isEnding: () => boolean): Promise<FirstLook | null> {
  const { newsroom, watch } = floor;
  const { id } = account;
  const counter = createRestartCounter(floor.house.plan.fleet.restart);
  for (;;) {
    try {
      return await firstLook(floor, account);
    } catch (error) {
      if (error instanceof UnfitAccountError) {
        newsroom.halted(id);
        watch.halted(id, error.message);
        return null;
      }
      if (!(error instanceof VenueReadError)) throw error;
      const delayMs = isEnding() ? null : counter.next(performance.now());
      if (delayMs === null) {
        giveUp(floor, id);
        watch.lost(`${id}/start`, error.message);
        return null;
      }
      watch.restarted(`${id}/start`, error.message);
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }
}

/** Reads the account's fees, sees that account and key are what they are meant to be, and notes the equity before the first order. */
async function firstLook(floor: Floor, account: BotAccount): Promise<FirstLook> {
  const { ledger } = floor.house;
  const { id } = account;
  const reads = openReads(floor, account);
  try {
    await checkKey(reads, account);
    const { takerPpm } = await reads.feeRates();
    const state = ledger.botState(id);
    const isOurs = state.reason === HALT_REASON || (state.reason?.startsWith(KEY_HALT) ?? false);
    if (state.tradingState === 'halted' && isOurs) ledger.setBotState(id, { tradingState: 'active', reason: null });
    if (state.equityStart === null) ledger.setBotState(id, { equityStart: (await reads.account()).equity });
    return { takerPpm, hasSpotCollateral: await reads.hasSpotCollateral() };
  } finally {
    reads.close();
  }
}

/** Reads of the venue that a check of the key needs. */
type RoleReads = Pick<ReturnType<typeof openAccountReads>, 'account' | 'role'>;

/**
 * The venue answers questions about a mistyped address, and about an agent's, as if it held nothing (PROTOCOL §8), so what shows
 * nothing is asked about. Throws UnfitAccountError with what to correct.
 */
async function checkKey(reads: RoleReads, { address, signer }: BotAccount): Promise<void> {
  const isAgent = signer.toLowerCase() !== address.toLowerCase();
  if (isAgent) {
    const role = await reads.role(hex(signer));
    const master = role.kind === 'agent' ? role.master : null;
    if (master === null)
      throw new UnfitAccountError(
        `its key ${signer} is no agent of ${address}: approve it at the venue or correct accountEnv, and start again`,
      );
    if (master.toLowerCase() !== address.toLowerCase())
      throw new UnfitAccountError(`its key ${signer} is an agent of ${master}, not of ${address}: correct accountEnv and start again`);
  }
  const view = await reads.account();
  if (view.equity !== 0 || view.positions.length > 0) return;
  const role = await reads.role(hex(address));
  switch (role.kind) {
    case 'user':
      return;
    case 'missing':
      throw new UnfitAccountError(`the venue knows no account ${address}: it is mistyped, or nothing was ever paid in`);
    case 'agent':
      throw new UnfitAccountError(
        `${address} is an agent of ${role.master}, not an account: write the address of its master in accountEnv`,
      );
    case 'vault':
    case 'sub-account':
      throw new UnfitAccountError(`${address} is a ${role.kind}, which this version does not trade for: name a main account`);
    default:
      role satisfies never;
  }
}

const hex = (address: string): Address => `0x${address.slice(2).toLowerCase()}`;

/** A look at a bot's account from the main thread. */
export function openReads(
  { venue, clock, pace, budget, instruments }: Pick<Floor, 'venue' | 'clock' | 'pace' | 'budget' | 'instruments'>,
  { address }: Pick<BotAccount, 'address'>,
): ReturnType<typeof openAccountReads> {
  return openAccountReads({
    url: venue.url,
    clock,
    pace,
    budget: openRequestBudget(budget),
    ...REQUEST_TIMES,
    account: hex(address),
    instruments,
  });
}
