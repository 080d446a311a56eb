import { microUsd, parseDecimal } from '@hyperfleet/trading';
import type { ActionReply, OrderStatusReply, Venue, VenueAction } from '../matching/contract.ts';
import type { L1Effect, ParsedAction, Sending } from './action-form.ts';
import type { AgentBook } from './agents.ts';
import type { Bank } from './bank.ts';
import { approveBuilder, refuseBuilder } from './builders.ts';
import { plain } from './decimal-text.ts';
import { type Address, parseAddress } from './fields.ts';
import type { TypedField } from './signature.ts';
import { withoutSpot } from './spot.ts';
import { moveSpotToSub, moveToSub, parseUsd, sendAsset, sendSpot, sendUsd } from './transfers.ts';
import type { UserSignedAction } from './user-signed-form.ts';

/** The body of an /exchange reply. */
export type ExchangeReply =
  | ActionReply
  | { readonly status: 'ok'; readonly response: { readonly type: 'createSubAccount'; readonly data: string } }
  | {
      readonly status: 'ok';
      readonly response: { readonly type: 'twapOrder' | 'twapCancel'; readonly data: { readonly status: { readonly error: string } } };
    };

/** What actions act on. */
export interface Desk {
  readonly venue: Venue;
  readonly bank: Bank;
  readonly agents: AgentBook;
}

const orderReply = (statuses: readonly OrderStatusReply[]): ActionReply => ({
  status: 'ok',
  response: { type: 'order', data: { statuses } },
});
const OK: ExchangeReply = { status: 'ok', response: { type: 'default' } };
const err = (response: string): ExchangeReply => ({ status: 'err', response });
const settle = (refusal: string | null): ExchangeReply => (refusal === null ? OK : err(refusal));
const unsupported = (what: string): ExchangeReply => err(`${what} is not supported by this exchange.`);

/** 0.0005 USDC a request (PROTOCOL §3). */
const REQUEST_PRICE = 500;

/** How many requests of the address budget an action costs: one for each order or cancel in it (PROTOCOL §10). */
export function requestCost(parsed: ParsedAction): number {
  if (parsed.signing === 'user' || parsed.effect.kind !== 'venue') return 1;
  const action = parsed.effect.action;
  switch (action.type) {
    case 'order':
      return Math.max(1, action.orders.length);
    case 'cancel':
    case 'cancelByCloid':
      return Math.max(1, action.cancels.length);
    case 'batchModify':
      return Math.max(1, action.modifies.length);
    case 'modify':
    case 'updateLeverage':
    case 'updateIsolatedMargin':
    case 'topUpIsolatedOnlyMargin':
    case 'scheduleCancel':
    case 'noop':
      return 1;
    default:
      return action satisfies never;
  }
}

/** Applies an authenticated action of an account at `nowMs` and gives the reply (PROTOCOL §3). */
export function perform(desk: Desk, who: Actor, parsed: ParsedAction, nowMs: number): ExchangeReply {
  if (parsed.signing === 'user') return performUserSigned(desk, who.user, parsed, nowMs);
  const refusal = refuseActor(desk, who, parsed.effect);
  return refusal === null ? performL1(desk, who.user, parsed.effect, nowMs) : err(refusal);
}

/** For whom an action is done, and the key it was signed with: the account's own, its master's, or an agent's. */
export interface Actor {
  readonly user: Address;
  readonly signer: Address;
}

/** What only a master's own key may do: money does not move, and accounts do not come to be, by an agent (PROTOCOL §2.2). */
const MASTER_ONLY: ReadonlySet<L1Effect['kind']> = new Set([
  'createSubAccount',
  'subAccountModify',
  'subAccountTransfer',
  'subAccountSpotTransfer',
  'vaultTransfer',
  'claimRewards',
  'registerReferrer',
  'classTransfer',
]);

/** Why this key may not do this for this account, in the venue's words, or null. */
function refuseActor({ venue, bank }: Desk, { user, signer }: Actor, effect: L1Effect): string | null {
  const sub = bank.subAccount(user);
  if (!MASTER_ONLY.has(effect.kind))
    return sub !== null && !venue.exists(user) ? `Must deposit before performing actions. User: ${user}` : null;
  if (sub !== null) return 'Sub-accounts cannot perform this action.';
  return signer === user ? null : `Must deposit before performing actions. User: ${user}`;
}

type VenueEffect = Extract<L1Effect, { kind: 'venue' }>;

function performVenue({ venue, bank }: Desk, user: Address, effect: VenueEffect, nowMs: number): ExchangeReply {
  if (effect.priority) return err('Insufficient delegatable balance for priority order');
  const builderRefusal = effect.builder === null ? null : refuseBuilder(bank, user, effect.builder);
  if (builderRefusal !== null) return err(builderRefusal);
  if (effect.fast) {
    const trigger = fastCancelOfTrigger(venue, user, effect.action);
    if (trigger) return err('Cannot fast cancel trigger orders.');
  }
  const { action, builder } = effect;
  return executeWithoutSpot(venue, user, action.type === 'order' && builder !== null ? { ...action, builder } : action, nowMs);
}

/** Orders of spot pairs are refused one by one, as the venue refuses an account without the tokens; the others go on. */
function executeWithoutSpot(venue: Venue, user: Address, action: VenueAction, nowMs: number): ExchangeReply {
  const split = withoutSpot(action);
  if (split === null) return venue.execute(user, action, nowMs);
  const reply = split.rest === null ? orderReply([]) : venue.execute(user, split.rest, nowMs);
  if (reply.status === 'err' || reply.response.type === 'default') return reply;
  const { statuses } = reply.response.data;
  // One status for several orders refuses the whole batch.
  return split.rest !== null && statuses.length !== split.rest.orders.length ? reply : orderReply(split.answer(statuses));
}

/** Whether a fast cancel names a trigger order, which the venue refuses (PROTOCOL §2.1). */
function fastCancelOfTrigger(venue: Venue, user: Address, action: VenueAction): boolean {
  if (action.type === 'cancel') return action.cancels.some((cancel) => venue.order(user, cancel.oid)?.isTrigger === true);
  if (action.type === 'cancelByCloid') return action.cancels.some((cancel) => venue.order(user, cancel.cloid)?.isTrigger === true);
  return false;
}

function performL1(desk: Desk, user: Address, effect: L1Effect, nowMs: number): ExchangeReply {
  const { bank } = desk;
  switch (effect.kind) {
    case 'venue':
      return performVenue(desk, user, effect, nowMs);
    case 'setReferrer':
      return settle(bank.setReferrer(user, effect.code, nowMs));
    case 'registerReferrer':
      return settle(bank.registerReferrer(user, effect.code));
    case 'claimRewards':
      return settle(bank.claimRewards(user, nowMs));
    case 'reserveRequestWeight': {
      const reader = effect.destination ?? user;
      if (!desk.venue.exists(reader)) return err(`User ${reader} does not exist.`);
      // A price past every balance is refused as any other that is too high.
      const price = microUsd(Math.min(effect.weight * REQUEST_PRICE, Number.MAX_SAFE_INTEGER));
      const refusal = bank.charge(user, price, nowMs);
      if (refusal === null) bank.reserveRequests(reader, effect.weight);
      return settle(refusal);
    }
    case 'createSubAccount':
      return createSubAccount(desk, user, effect.name);
    case 'subAccountModify': {
      const sub = bank.subAccount(effect.user);
      if (sub?.master !== user) return err(`Sub-account ${effect.user} is not registered to ${user}`);
      if (!isName(effect.name)) return err(BAD_NAME);
      sub.name = effect.name;
      return OK;
    }
    case 'subAccountTransfer':
      return settle(moveToSub(desk, user, { ...effect, sub: effect.user }, nowMs));
    case 'subAccountSpotTransfer':
      return settle(moveSpotToSub(desk, user, { ...effect, sub: effect.user }, nowMs));
    case 'vaultTransfer':
      return err(`Vault not registered: ${effect.vault}`);
    case 'agentSendAsset': {
      // An agent moves what its master has between the master's own accounts, and nowhere else (PROTOCOL §2.2).
      const { destination } = effect.sending;
      const isOwn = destination === user || bank.subAccount(destination)?.master === user;
      return isOwn ? settle(sendAsset(desk, user, effect.sending, nowMs)) : err('An agent can only send to its own account.');
    }
    case 'twapOrder':
      return twapError('twapOrder', wouldIncrease(desk, user, effect) ? 'Reduce-only TWAP order would increase position.' : NO_TWAP);
    case 'twapCancel':
      return twapError('twapCancel', NO_TWAP);
    case 'agentSetAbstraction':
      return effect.abstraction === 'i' ? OK : unsupported('Account abstraction');
    case 'classTransfer':
      return settle(bank.classTransfer(user, microUsd(effect.microUsd), effect.toPerp, nowMs));
    case 'agentEnableDexAbstraction':
      return unsupported('Account abstraction');
    case 'preference':
      return OK;
    default:
      return effect satisfies never;
  }
}

const NO_TWAP = 'TWAP orders are not supported by this exchange.';

const twapError = (type: 'twapOrder' | 'twapCancel', error: string): ExchangeReply => ({
  status: 'ok',
  response: { type, data: { status: { error } } },
});

/** Whether a reduce-only order of this side has no position to reduce (PROTOCOL §6). */
function wouldIncrease({ venue }: Desk, user: Address, order: Extract<L1Effect, { kind: 'twapOrder' }>): boolean {
  if (!order.reduceOnly) return false;
  const szi = venue.account(user).positions.find((position) => position.asset === order.asset)?.szi ?? 0;
  return order.isBuy ? szi >= 0 : szi <= 0;
}

const BAD_NAME = 'Sub-account name must be between 1 and 16 characters long';
const isName = (name: string): boolean => name.length >= 1 && name.length <= 16;

function createSubAccount({ venue, bank }: Desk, user: Address, name: string): ExchangeReply {
  const volume = venue.volume(user);
  const required = venue.settings.subAccountVolumeUsd;
  if (volume < required * 1e6) {
    return err(
      `Cannot create sub-accounts until enough volume traded. Required: $${required}. Traded: $${plain(Math.trunc(volume / 10_000), 2)}.`,
    );
  }
  if (!isName(name)) return err(BAD_NAME);
  return { status: 'ok', response: { type: 'createSubAccount', data: bank.createSubAccount(user, name).address } };
}

function text(fields: readonly TypedField[], name: string): string {
  const field = fields.find((candidate) => candidate.name === name);
  return field === undefined || typeof field.value !== 'string' ? '' : field.value;
}

const addressOf = (fields: readonly TypedField[], name: string): Address | null => parseAddress(text(fields, name));

const SUB_ACCOUNT_AMOUNT = /^(\S+) subaccount:(0x[0-9a-fA-F]{40})$/;
const PERCENT = /^(\d+(?:\.\d+)?)%$/;

function performUserSigned(desk: Desk, user: Address, action: UserSignedAction, nowMs: number): ExchangeReply {
  const { bank, agents } = desk;
  const { fields } = action;
  switch (action.type) {
    case 'usdClassTransfer':
      return classTransfer(desk, user, fields, nowMs);
    case 'usdSend':
      return settle(sendUsd(desk, { from: user, to: addressOf(fields, 'destination'), amount: text(fields, 'amount') }, nowMs));
    case 'withdraw3': {
      const usd = parseUsd(text(fields, 'amount'));
      return usd === null ? err('Invalid transfer.') : settle(bank.withdraw(user, usd, action.nonce, nowMs));
    }
    case 'sendAsset': {
      const destination = addressOf(fields, 'destination');
      return destination === null ? err('Invalid transfer.') : settle(sendAsset(desk, user, sendingOf(action, destination), nowMs));
    }
    case 'spotSend': {
      const payment = { from: user, to: addressOf(fields, 'destination'), amount: text(fields, 'amount') };
      return settle(sendSpot(desk, { ...payment, token: text(fields, 'token') }, nowMs));
    }
    case 'approveAgent': {
      const address = addressOf(fields, 'agentAddress');
      if (address === null) return err('Invalid agent address.');
      const subAccounts = bank.subAccountsOf(user).length;
      return settle(agents.approve({ master: user, address, name: text(fields, 'agentName'), subAccounts }, nowMs));
    }
    case 'approveBuilderFee': {
      const builder = addressOf(fields, 'builder');
      const percent = PERCENT.exec(text(fields, 'maxFeeRate'))?.[1];
      // A tenth of a basis point is 0.001 %.
      const rate = percent === undefined ? null : parseDecimal(percent, 3, 'truncate');
      if (builder === null || rate === null) return err('Invalid builder fee.');
      return settle(approveBuilder(desk, user, { address: builder, fee: rate }));
    }
    case 'userSetAbstraction':
      if (!isOwnAccount(desk, user, addressOf(fields, 'user')))
        return err(`Sub-account ${text(fields, 'user')} is not registered to ${user}`);
      return text(fields, 'abstraction') === 'disabled' ? OK : unsupported('Account abstraction');
    case 'userDexAbstraction':
    case 'userPortfolioMargin':
      if (!isOwnAccount(desk, user, addressOf(fields, 'user')))
        return err(`Sub-account ${text(fields, 'user')} is not registered to ${user}`);
      if (!fields.some((field) => field.name === 'enabled' && field.value === true)) return OK;
      return unsupported(action.type === 'userPortfolioMargin' ? 'Portfolio margin' : 'Account abstraction');
    default:
      return action.type satisfies never;
  }
}

const isOwnAccount = ({ bank }: Desk, user: Address, named: Address | null): boolean =>
  named === user || (named !== null && bank.subAccount(named)?.master === user);

const sendingOf = ({ fields, nonce }: UserSignedAction, destination: Address): Sending => ({
  destination,
  sourceDex: text(fields, 'sourceDex'),
  destinationDex: text(fields, 'destinationDex'),
  token: text(fields, 'token'),
  amount: text(fields, 'amount'),
  fromSubAccount: text(fields, 'fromSubAccount'),
  nonce,
});

function classTransfer({ bank }: Desk, user: Address, fields: readonly TypedField[], nowMs: number): ExchangeReply {
  const signed = text(fields, 'amount');
  const forSub = SUB_ACCOUNT_AMOUNT.exec(signed);
  const owner = forSub === null ? user : parseAddress(forSub[2]);
  const usd = parseUsd(forSub?.[1] ?? signed);
  if (owner === null || usd === null) return err('Invalid transfer.');
  if (forSub !== null && bank.subAccount(owner)?.master !== user) return err(`Sub-account ${owner} is not registered to ${user}`);
  const toPerp = fields.some((field) => field.name === 'toPerp' && field.value === true);
  return settle(bank.classTransfer(owner, usd, toPerp, nowMs));
}
