import { lots, type MicroUsd, microUsd } from '@hyperfleet/trading';
import { type Account, defaultLeverage } from './account.ts';
import {
  cancelOrders,
  modifyOrder,
  modifyOrders,
  scheduleCancel,
  showOrder,
  topUpIsolatedMargin,
  updateIsolatedMargin,
  updateLeverage,
} from './changing.ts';
import type { ActionReply, Address, MarginedInstrument, Venue, VenueAction, VenueSettings } from './contract.ts';
import { accountOf, beginTransaction, type Core, createCore } from './core.ts';
import { takeMarketEvent } from './feeding.ts';
import { setDiscounts, viewFees } from './fees.ts';
import { touch } from './fills.ts';
import { intervene } from './intervening.ts';
import { freeMargin } from './margin.ts';
import { openInterest } from './open-interest.ts';
import { snapshot } from './order-record.ts';
import { placeOrders } from './placing.ts';
import { advanceTo, endStep } from './schedule.ts';
import { viewAccount, viewAudit, viewMarket } from './views.ts';

/** The venue's settings where nothing else is asked for: base fee tier, the resting funding rate, a mark every 3 s (PROTOCOL §7, §11). */
export const defaultVenueSettings: VenueSettings = {
  takerFeePpm: 450,
  makerFeePpm: 150,
  feeTiers: [
    { volumeUsd: 5_000_000, takerFeePpm: 400, makerFeePpm: 120 },
    { volumeUsd: 25_000_000, takerFeePpm: 350, makerFeePpm: 80 },
    { volumeUsd: 100_000_000, takerFeePpm: 300, makerFeePpm: 40 },
    { volumeUsd: 500_000_000, takerFeePpm: 280, makerFeePpm: 0 },
    { volumeUsd: 2_000_000_000, takerFeePpm: 260, makerFeePpm: 0 },
    { volumeUsd: 7_000_000_000, takerFeePpm: 240, makerFeePpm: 0 },
  ],
  makerTiers: [
    { makerSharePpm: 5_000, makerFeePpm: -10 },
    { makerSharePpm: 15_000, makerFeePpm: -20 },
    { makerSharePpm: 30_000, makerFeePpm: -30 },
  ],
  referralDiscountPpm: 0,
  stakingDiscountPpm: 0,
  fundingRateE10: 125_000,
  fundingBy: 'premium',
  markIntervalMs: 3_000,
  liquidationCooldown: 'pause',
  priceBand: 0.95,
  maxFillsKept: 10_000,
  maxOrdersKept: 10_000,
  maxOpenOrders: 1_000,
  openOrderVolumeUsd: 5_000_000,
  openOrderCap: 5_000,
  openInterestCapsUsd: {},
  openInterestGrowthUsd: {},
  outsideInterestUsd: 0,
  satisfiedTrigger: 'fires',
  smallReduceOnly: 'whole-position',
  duplicateCloid: 'taken',
  modifyError: 'text',
  fillsByPrintsOnly: false,
  subAccountVolumeUsd: 100_000,
  referralCodes: [],
  withdrawFee: 1_000_000,
  activationFee: 1_000_000,
  scheduleCancelVolume: true,
};

export interface VenueOptions {
  readonly instruments: readonly MarginedInstrument[];
  /** What differs from `defaultVenueSettings`. */
  readonly settings?: Partial<VenueSettings>;
}

function execute(core: Core, account: Account, action: VenueAction): ActionReply {
  switch (action.type) {
    case 'order':
      return placeOrders(core, account, action);
    case 'cancel':
    case 'cancelByCloid':
      return cancelOrders(core, account, action);
    case 'modify':
      return modifyOrder(core, account, action);
    case 'batchModify':
      return modifyOrders(core, account, action);
    case 'updateLeverage':
      return updateLeverage(core, account, action);
    case 'updateIsolatedMargin':
      return updateIsolatedMargin(core, account, action);
    case 'topUpIsolatedOnlyMargin':
      return topUpIsolatedMargin(core, account, action);
    case 'scheduleCancel':
      return scheduleCancel(core, account, action);
    case 'noop':
      return { status: 'ok', response: { type: 'default' } };
    default:
      return assertNever(action);
  }
}

function assertNever(action: never): never {
  throw new Error(`unexpected action ${JSON.stringify(action)}`);
}

function fund(core: Core, user: Address, usd: MicroUsd): void {
  if (!Number.isSafeInteger(usd) || usd <= 0) throw new RangeError(`deposit of ${usd} micro-dollars: give a whole number above zero`);
  const account = accountOf(core, user);
  account.cash = microUsd(account.cash + usd);
  core.totals.deposits += usd;
  const event = { kind: 'ledger', user, timeMs: core.nowMs, usd, type: 'deposit' } as const;
  account.ledger.push(event);
  core.events.push(event);
  touch(core, account);
}

function withdraw(core: Core, account: Account | undefined, usd: MicroUsd): boolean {
  if (account === undefined || !Number.isSafeInteger(usd) || usd <= 0) return false;
  if (usd > Math.min(viewAccount(account).withdrawable, freeMargin(account))) return false;
  account.cash = microUsd(account.cash - usd);
  core.totals.deposits -= usd;
  touch(core, account);
  return true;
}

/**
 * A venue in memory: pure, so the same inputs in the same order give the same outputs, ids included. Events gather until
 * `drain`, so whoever runs one for long must drain it.
 */
export function createVenue(options: VenueOptions): Venue {
  const settings = { ...defaultVenueSettings, ...options.settings };
  const core = createCore(options.instruments, settings);
  const marketOf = (asset: number) => {
    const market = core.byAsset.get(asset);
    if (market === undefined) throw new RangeError(`asset ${asset} is not among the instruments`);
    return market;
  };
  return {
    settings,
    instruments: options.instruments,
    get nowMs() {
      return Math.max(0, core.nowMs);
    },
    advance: (nowMs) => advanceTo(core, nowMs),
    market(event) {
      advanceTo(core, event.atMs);
      beginTransaction(core);
      takeMarketEvent(core, event);
      endStep(core);
    },
    fund(user, usd, nowMs) {
      advanceTo(core, nowMs);
      fund(core, user, usd);
      endStep(core);
    },
    withdraw(user, usd, nowMs) {
      advanceTo(core, nowMs);
      const paid = withdraw(core, core.accounts.get(user), usd);
      endStep(core);
      return paid;
    },
    intervene(user, intervention, nowMs) {
      advanceTo(core, nowMs);
      beginTransaction(core);
      const done = intervene(core, user, intervention);
      endStep(core);
      return done;
    },
    execute(user, action, nowMs) {
      advanceTo(core, nowMs);
      const account = core.accounts.get(user);
      if (account === undefined) return { status: 'err', response: `User or API Wallet ${user} does not exist.` };
      beginTransaction(core);
      const reply = execute(core, account, action);
      endStep(core);
      return reply;
    },
    drain() {
      const events = core.events;
      core.events = [];
      return events;
    },
    exists: (user) => core.accounts.has(user),
    account: (user) => viewAccount(core.accounts.get(user)),
    assetMarket: (asset) => viewMarket(marketOf(asset)),
    openInterest: (asset) => lots(openInterest(core, marketOf(asset))),
    openOrders(user) {
      const account = core.accounts.get(user);
      return account === undefined
        ? []
        : account.open
            .list()
            .sort((a, b) => b.oid - a.oid)
            .map(snapshot);
    },
    order(user, id) {
      const account = core.accounts.get(user);
      return account === undefined ? null : showOrder(account, id);
    },
    historicalOrders: (user) =>
      (core.accounts.get(user)?.history.newestFirst() ?? []).map((order) => ({
        order,
        status: order.status,
        statusTimestampMs: order.statusTimestampMs,
      })),
    fills: (user, sinceMs) => core.accounts.get(user)?.fills.list(sinceMs) ?? [],
    fundings: (user) => core.accounts.get(user)?.fundings.list() ?? [],
    ledger: (user) => core.accounts.get(user)?.ledger.list() ?? [],
    volume: (user) => microUsd(core.accounts.get(user)?.volume ?? 0),
    fees: (user) => viewFees(core, core.accounts.get(user)),
    setDiscounts(user, discounts) {
      setDiscounts(core, accountOf(core, user), discounts);
    },
    linkSubAccount(sub, master) {
      core.masters.set(sub, master);
      const known = core.accounts.get(sub);
      if (known !== undefined) known.fees = accountOf(core, master).fees;
    },
    marginTiers: (asset) => marketOf(asset).tiers.map(({ lowerBound, maxLeverage }) => ({ lowerBoundUsd: lowerBound / 1e6, maxLeverage })),
    builderRewards: (builder) => microUsd(core.builderRewards.get(builder) ?? 0),
    takeBuilderRewards(builder) {
      const owed = core.builderRewards.get(builder) ?? 0;
      core.builderRewards.delete(builder);
      core.totals.deposits -= owed;
      return microUsd(owed);
    },
    leverage(user, asset) {
      const market = marketOf(asset);
      const holding = core.accounts.get(user)?.holdings.get(asset);
      return holding === undefined ? defaultLeverage(market.instrument) : { leverage: holding.leverage, isCross: holding.isCross };
    },
    audit: () => viewAudit(core),
  };
}
