import { microUsd, parseDecimal } from '@hyperfleet/trading';
import type { ActionReply, OrderStatusReply, Venue, VenueAction } from '../matching/contract.ts';
import type { L1Effect, ParsedAction } from './action-form.ts';
import type { AgentBook } from './agents.ts';
import type { Bank } from './bank.ts';
import { plain } from './decimal-text.ts';
import { type Address, parseAddress } from './fields.ts';
import type { TypedField } from './signature.ts';
import { withoutSpot } from './spot.ts';
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

const SUB_ACCOUNT_VOLUME = 100_000;
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
export function perform(desk: Desk, user: Address, parsed: ParsedAction, nowMs: number): ExchangeReply {
  return parsed.signing === 'user' ? performUserSigned(desk, user, parsed, nowMs) : performL1(desk, user, parsed.effect, nowMs);
}

type VenueEffect = Extract<L1Effect, { kind: 'venue' }>;

function performVenue({ venue, bank }: Desk, user: Address, effect: VenueEffect, nowMs: number): ExchangeReply {
  if (effect.priority) return err('Insufficient delegatable balance for priority order');
  if (effect.builder !== null && bank.maxBuilderFee(user, effect.builder.address) < effect.builder.fee) {
    return err('Builder fee has not been approved.');
  }
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
      return err('Referral code not registered');
    case 'reserveRequestWeight': {
      // A price past every balance is refused as any other that is too high.
      const price = microUsd(Math.min(effect.weight * REQUEST_PRICE, Number.MAX_SAFE_INTEGER));
      const refusal = bank.charge(user, price, nowMs);
      if (refusal === null) bank.reserveRequests(user, effect.weight);
      return settle(refusal);
    }
    case 'createSubAccount':
      return createSubAccount(desk, user, effect.name);
    case 'subAccountModify': {
      const sub = bank.subAccount(effect.user);
      if (sub?.master !== user) return err(`Sub-account ${effect.user} is not registered to ${user}`);
      sub.name = effect.name;
      return OK;
    }
    case 'subAccountTransfer': {
      if (bank.subAccount(effect.user)?.master !== user) return err(`Invalid sub-account transfer from ${user} to ${effect.user}`);
      const [from, to] = effect.isDeposit ? [user, effect.user] : [effect.user, user];
      return settle(bank.send(from, to, microUsd(effect.microUsd), 'subAccountTransfer', nowMs));
    }
    case 'subAccountSpotTransfer':
      return unsupported('Spot transfer between sub-accounts');
    case 'vaultTransfer':
      return err(`Vault not registered: ${effect.vault}`);
    case 'agentSendAsset':
      return sendBetweenDexs(
        desk,
        user,
        { destination: effect.destination, from: effect.from, to: effect.to, amount: effect.amount },
        nowMs,
      );
    case 'twapOrder':
      return twapError('twapOrder', wouldIncrease(desk, user, effect) ? 'Reduce-only TWAP order would increase position.' : NO_TWAP);
    case 'twapCancel':
      return twapError('twapCancel', NO_TWAP);
    case 'agentSetAbstraction':
      return effect.abstraction === 'i' ? OK : unsupported('Account abstraction');
    case 'evmUserModify':
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

function createSubAccount({ venue, bank }: Desk, user: Address, name: string): ExchangeReply {
  const volume = venue.volume(user);
  if (volume < SUB_ACCOUNT_VOLUME * 1e6) {
    return err(
      `Cannot create sub-accounts until enough volume traded. Required: $${SUB_ACCOUNT_VOLUME}. Traded: $${plain(Math.trunc(volume / 10_000), 2)}.`,
    );
  }
  if (name.length < 1 || name.length > 16) return err('Sub-account name must be between 1 and 16 characters long');
  return { status: 'ok', response: { type: 'createSubAccount', data: bank.createSubAccount(user, name).address } };
}

interface Sending {
  readonly destination: Address;
  readonly from: string;
  readonly to: string;
  readonly amount: string;
}

/** sendAsset and agentSendAsset: USDC between one's own perp and spot, or from perp to another account's perp. */
function sendBetweenDexs({ bank }: Desk, user: Address, sending: Sending, nowMs: number): ExchangeReply {
  const usd = parseDecimal(sending.amount, 6, 'truncate');
  if (usd === null) return err('Invalid amount.');
  const { from, to, destination } = sending;
  if (destination === user && from !== to) {
    if (from === '' && to === 'spot') return settle(bank.classTransfer(user, microUsd(usd), false, nowMs));
    if (from === 'spot' && to === '') return settle(bank.classTransfer(user, microUsd(usd), true, nowMs));
  }
  if (from === '' && to === '') return settle(bank.send(user, destination, microUsd(usd), 'internalTransfer', nowMs));
  return unsupported(`A transfer from dex "${from}" to "${to}"`);
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
  const amount = (): number | null => parseDecimal(text(fields, 'amount'), 6, 'truncate');
  switch (action.type) {
    case 'usdClassTransfer':
      return classTransfer(desk, user, fields, nowMs);
    case 'usdSend': {
      const to = addressOf(fields, 'destination');
      const usd = amount();
      if (to === null || usd === null) return err('Invalid transfer.');
      return settle(bank.send(user, to, microUsd(usd), 'internalTransfer', nowMs));
    }
    case 'withdraw3': {
      const usd = amount();
      return usd === null ? err('Invalid transfer.') : settle(bank.withdraw(user, microUsd(usd), action.nonce, nowMs));
    }
    case 'sendAsset': {
      const destination = addressOf(fields, 'destination');
      if (destination === null) return err('Invalid transfer.');
      const sending = { destination, from: text(fields, 'sourceDex'), to: text(fields, 'destinationDex'), amount: text(fields, 'amount') };
      return sendBetweenDexs(desk, user, sending, nowMs);
    }
    case 'spotSend':
      return unsupported('Spot transfer');
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
      bank.approveBuilder(user, builder, rate);
      return OK;
    }
    case 'userSetAbstraction':
      return text(fields, 'abstraction') === 'disabled' ? OK : unsupported('Account abstraction');
    default:
      return action.type satisfies never;
  }
}

function classTransfer({ bank }: Desk, user: Address, fields: readonly TypedField[], nowMs: number): ExchangeReply {
  const signed = text(fields, 'amount');
  const forSub = SUB_ACCOUNT_AMOUNT.exec(signed);
  const owner = forSub === null ? user : parseAddress(forSub[2]);
  const usd = parseDecimal(forSub?.[1] ?? signed, 6, 'truncate');
  if (owner === null || usd === null) return err('Invalid transfer.');
  if (forSub !== null && bank.subAccount(owner)?.master !== user) return err(`Sub-account ${owner} is not registered to ${user}`);
  const toPerp = fields.some((field) => field.name === 'toPerp' && field.value === true);
  return settle(bank.classTransfer(owner, microUsd(usd), toPerp, nowMs));
}
