/** Brings one bot up on its own: what goes wrong with it costs its siblings nothing. */
import { createAddressBudget, createNonceCell, VenueReadError } from '@hyperfleet/hyperliquid';
import { StoreError } from '@hyperfleet/store';
import { createRestartCounter } from '@hyperfleet/supervisor';
import type { BotData } from '../protocol.ts';
import type { BotAccount } from './accounts.ts';
import { type BotPair, type BotPairEvents, startBotPair } from './bot-pair.ts';
import { type FirstLook, firstLook, HALT_REASON, rememberedLook, UnfitAccountError, unfitHalt } from './first-look.ts';
import type { Floor } from './floor.ts';
import { settingsOf } from './settings.ts';
import { botReadyMs } from './worker-limits.ts';

/** A bot that has been started; its workers may still wait for what must be known before them. */
export interface StartedBot extends BotPair {
  /** Asks the venue what the bot began without asking. Does nothing where it was asked, or has been asked since. */
  lookAgain(): Promise<void>;
}

/**
 * Starts a bot: looks at its account, within its restart budget, then starts its two workers. The bot is told of at once and
 * comes to life when its account could be read; one whose account never can, or is unfit, is halted with the reason. What the venue
 * said lately it is not asked again (`rememberedLook`). Nothing is asked before its `turn`.
 */
export function startBot(floor: Floor, account: BotAccount, turn: Promise<void> = Promise.resolve()): StartedBot {
  const { id } = account;
  let pair: BotPair | null = null;
  let isEnding = false;
  let remembered: FirstLook | null = null;
  let look: FirstLook | null = null;
  let lookingAgain: Promise<unknown> = Promise.resolve();
  const ended = Promise.withResolvers<void>();
  const looked = Promise.race([turn, ended.promise]).then(async () => {
    if (isEnding) return;
    remembered = rememberedLook(floor, account);
    look = remembered ?? (await lookPatiently(floor, account, () => isEnding));
  });
  const ready = looked.then(() => {
    if (look === null || isEnding) return;
    const { restart, speed } = floor.house.plan.fleet;
    const how = { restart, readyTimeoutMs: botReadyMs(floor.streams.bots, speed) };
    const data = dataOf(floor, account);
    const first = look;
    pair = startBotPair(() => data(look ?? first), how, eventsOf(floor, id));
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
    renew: (reason) => pair?.renew(reason),
    async lookAgain() {
      const known = remembered;
      if (known === null || isEnding) return;
      const again = lookOnce(floor, account);
      lookingAgain = again;
      const now = await again;
      if (now === null || isEnding) return;
      remembered = null;
      look = now;
      // Where its money lies decides how the account is read: both workers begin anew with it.
      if (now.hasSpotCollateral !== known.hasSpotCollateral) pair?.renew('its collateral has moved between perps and spot');
    },
    async drain(timeoutMs) {
      isEnding = true;
      ended.resolve();
      await looked;
      await lookingAgain;
      await pair?.drain(timeoutMs);
    },
  };
}

/** A look at the account of a bot at work; null when it could not be had. One that is unfit is halted and keeps its guard. */
async function lookOnce(floor: Floor, account: BotAccount): Promise<FirstLook | null> {
  const { id } = account;
  try {
    return await firstLook(floor, account);
  } catch (error) {
    if (error instanceof UnfitAccountError) {
      floor.house.ledger.setBotState(id, { tradingState: 'halted', reason: unfitHalt(error) });
      floor.newsroom.halted(id);
      floor.watch.halted(id, error.message);
    } else if (error instanceof VenueReadError || error instanceof StoreError)
      floor.house.log.warn('account not looked at', { bot: id, reason: error.message });
    else throw error;
    return null;
  }
}

/** What its workers are started with; made anew for each start. Its key travels in it and nowhere else. */
function dataOf(floor: Floor, account: BotAccount): (look: FirstLook) => Omit<BotData, 'launch'> {
  const { plan } = floor.house;
  const { id } = account;
  const config = plan.bots.find((bot) => bot.id === id);
  if (config === undefined) throw new Error(`no configuration for ${id}`);
  const settings = (takerPpm: number) =>
    settingsOf(config, plan.fleet, { accountAddress: account.address, signerAddress: account.signer, takerPpm });
  const data = {
    privateKey: account.privateKey,
    url: floor.venue.url,
    isMainnet: false,
    clock: floor.venue.clock.mapping,
    pace: floor.venue.pace,
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
  return ({ takerPpm, hasSpotCollateral }) => ({
    ...data,
    settings: settings(takerPpm),
    hasSpotCollateral,
    hasStream: floor.slots.has(id),
  });
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
      // While it begins anew it has yet to say.
      else if (report.state === 'active' || report.state === 'paused') watch.recovered(id);
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
