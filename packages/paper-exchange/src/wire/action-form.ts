import type { VenueAction } from '../matching/contract.ts';
import {
  type Address,
  address,
  array,
  boolean,
  cloid,
  decimal,
  integer,
  type JsonObject,
  object,
  optional,
  string,
  Unfit,
  word,
} from './fields.ts';
import { asset, readOid, readOrder } from './order-form.ts';
import { readUserSigned, USER_SIGNED_TYPES, type UserSignedAction } from './user-signed-form.ts';

/** USDC from one place to another, as sendAsset and agentSendAsset name it (PROTOCOL §2.3). */
export interface Sending {
  readonly destination: Address;
  readonly sourceDex: string;
  readonly destinationDex: string;
  readonly token: string;
  readonly amount: string;
  /** "" for the account itself. */
  readonly fromSubAccount: string;
  readonly nonce: number;
}

/** What an L1 action asks for, once read. */
export type L1Effect =
  | {
      readonly kind: 'venue';
      readonly action: VenueAction;
      /** Builder fee in tenths of a basis point, when the order names a builder. */
      readonly builder: { readonly address: Address; readonly fee: number } | null;
      /** Fast cancel (`f`), which is refused for trigger orders. */
      readonly fast: boolean;
      /** A priority fee stands in place of the grouping (PROTOCOL §3). */
      readonly priority: boolean;
    }
  | { readonly kind: 'setReferrer'; readonly code: string }
  | { readonly kind: 'registerReferrer'; readonly code: string }
  | { readonly kind: 'reserveRequestWeight'; readonly weight: number; readonly destination: Address | null }
  | { readonly kind: 'claimRewards' }
  | { readonly kind: 'createSubAccount'; readonly name: string }
  | { readonly kind: 'subAccountModify'; readonly user: Address; readonly name: string }
  | { readonly kind: 'subAccountTransfer'; readonly user: Address; readonly isDeposit: boolean; readonly microUsd: number }
  | {
      readonly kind: 'subAccountSpotTransfer';
      readonly user: Address;
      readonly isDeposit: boolean;
      readonly token: string;
      readonly amount: string;
    }
  | { readonly kind: 'vaultTransfer'; readonly vault: Address }
  | { readonly kind: 'agentSendAsset'; readonly sending: Sending }
  | { readonly kind: 'twapOrder'; readonly asset: number; readonly isBuy: boolean; readonly reduceOnly: boolean }
  | { readonly kind: 'twapCancel' }
  | { readonly kind: 'agentSetAbstraction'; readonly abstraction: string }
  | { readonly kind: 'agentEnableDexAbstraction' }
  | { readonly kind: 'classTransfer'; readonly microUsd: number; readonly toPerp: boolean }
  /** A preference about something that is not here: taken, and of no effect. */
  | { readonly kind: 'preference' };

export type ParsedAction =
  | { readonly signing: 'l1'; readonly type: string; readonly canonical: JsonObject; readonly effect: L1Effect }
  | ({ readonly signing: 'user' } & UserSignedAction);

interface L1Form {
  /** The fields after `type`, in the order of PROTOCOL §2.1. */
  readonly fields: JsonObject;
  readonly effect: L1Effect;
}

const venue = (
  action: VenueAction,
  extra: { builder?: { address: Address; fee: number } | null; fast?: boolean; priority?: boolean } = {},
): L1Effect => ({
  kind: 'venue',
  action,
  builder: extra.builder ?? null,
  fast: extra.fast ?? false,
  priority: extra.priority ?? false,
});

function readOrderAction(from: JsonObject): L1Form {
  const orders = array(from, 'orders').map(readOrder);
  const builder = optional(from, 'builder', (holder, key) => {
    const it = object(holder[key], key);
    return { b: address(it, 'b'), f: integer(it, 'f') };
  });
  const priority = typeof from.grouping === 'object' ? integer(object(from.grouping, 'grouping'), 'p') : null;
  const grouping = priority === null ? word(from, 'grouping', ['na', 'normalTpsl', 'positionTpsl']) : 'na';
  return {
    fields: {
      orders: orders.map((order) => order.canonical),
      grouping: priority === null ? grouping : { p: priority },
      ...(builder === null ? {} : { builder }),
    },
    effect: venue(
      { type: 'order', orders: orders.map((order) => order.input), grouping },
      { builder: builder === null ? null : { address: builder.b, fee: builder.f }, priority: priority !== null },
    ),
  };
}

/** An optional flag that must be left out of the hash when it is false (PROTOCOL §2.1). */
function flag(from: JsonObject, key: string): { readonly on: boolean; readonly field: JsonObject } {
  const on = optional(from, key, boolean) === true;
  return { on, field: on ? { [key]: true } : {} };
}

function readModify(value: unknown) {
  const from = object(value, 'modify');
  const oid = readOid(from);
  const order = readOrder(from.order);
  return { canonical: { oid, order: order.canonical }, modify: { oid, order: order.input } };
}

function readCancel(from: JsonObject): L1Form {
  const cancels = array(from, 'cancels').map((value) => {
    const it = object(value, 'cancel');
    return { a: asset(it, 'a'), o: integer(it, 'o') };
  });
  const f = flag(from, 'f');
  return {
    fields: { cancels, ...f.field },
    effect: venue({ type: 'cancel', cancels: cancels.map(({ a, o }) => ({ asset: a, oid: o })) }, { fast: f.on }),
  };
}

function readCancelByCloid(from: JsonObject): L1Form {
  const cancels = array(from, 'cancels').map((value) => {
    const it = object(value, 'cancel');
    return { asset: asset(it, 'asset'), cloid: cloid(it, 'cloid') };
  });
  const f = flag(from, 'f');
  return { fields: { cancels, ...f.field }, effect: venue({ type: 'cancelByCloid', cancels }, { fast: f.on }) };
}

function readLeverage(from: JsonObject): L1Form {
  const fields = { asset: asset(from, 'asset'), isCross: boolean(from, 'isCross'), leverage: integer(from, 'leverage', 0, 0xffff_ffff) };
  return { fields, effect: venue({ type: 'updateLeverage', ...fields }) };
}

function readIsolatedMargin(from: JsonObject): L1Form {
  const fields = {
    asset: asset(from, 'asset'),
    isBuy: boolean(from, 'isBuy'),
    ntli: integer(from, 'ntli', -Number.MAX_SAFE_INTEGER),
  };
  return { fields, effect: venue({ type: 'updateIsolatedMargin', ...fields }) };
}

function readTwap(from: JsonObject): L1Form {
  const it = object(from.twap, 'twap');
  const twap = {
    a: asset(it, 'a'),
    b: boolean(it, 'b'),
    s: decimal(it, 's'),
    r: boolean(it, 'r'),
    m: integer(it, 'm'),
    t: boolean(it, 't'),
  };
  return { fields: { twap }, effect: { kind: 'twapOrder', asset: twap.a, isBuy: twap.b, reduceOnly: twap.r } };
}

function readSubTransfer(from: JsonObject): L1Form {
  const fields = { subAccountUser: address(from, 'subAccountUser'), isDeposit: boolean(from, 'isDeposit'), usd: integer(from, 'usd') };
  return {
    fields,
    effect: { kind: 'subAccountTransfer', user: fields.subAccountUser, isDeposit: fields.isDeposit, microUsd: fields.usd },
  };
}

/** An amount of a transfer is a text, also to the hash: python writes `str(1.0)`, which is no shorter than it is. */
function amountText(from: JsonObject): string {
  decimal(from, 'amount');
  return string(from, 'amount');
}

function readAgentSend(from: JsonObject): L1Form {
  const destination = address(from, 'destination');
  const fields = {
    destination,
    sourceDex: string(from, 'sourceDex'),
    destinationDex: string(from, 'destinationDex'),
    token: string(from, 'token'),
    amount: amountText(from),
    fromSubAccount: string(from, 'fromSubAccount'),
    nonce: integer(from, 'nonce'),
  };
  return {
    fields,
    effect: { kind: 'agentSendAsset', sending: fields },
  };
}

const PREFERENCE: L1Effect = { kind: 'preference' };

const READERS: Readonly<Record<string, (from: JsonObject) => L1Form>> = {
  order: readOrderAction,
  cancel: readCancel,
  cancelByCloid: readCancelByCloid,
  modify: (from) => {
    const { canonical, modify } = readModify(from);
    const a = flag(from, 'a');
    return { fields: { ...canonical, ...a.field }, effect: venue({ type: 'modify', ...modify, alwaysPlace: a.on }) };
  },
  batchModify: (from) => {
    const modifies = array(from, 'modifies').map(readModify);
    const a = flag(from, 'a');
    return {
      fields: { modifies: modifies.map((it) => it.canonical), ...a.field },
      effect: venue({ type: 'batchModify', modifies: modifies.map((it) => it.modify), alwaysPlace: a.on }),
    };
  },
  scheduleCancel: (from) => {
    const time = optional(from, 'time', integer);
    return { fields: time === null ? {} : { time }, effect: venue({ type: 'scheduleCancel', timeMs: time }) };
  },
  updateLeverage: readLeverage,
  updateIsolatedMargin: readIsolatedMargin,
  topUpIsolatedOnlyMargin: (from) => ({
    fields: { asset: asset(from, 'asset'), leverage: decimal(from, 'leverage') },
    effect: venue({ type: 'topUpIsolatedOnlyMargin', asset: asset(from, 'asset'), leverage: decimal(from, 'leverage') }),
  }),
  reserveRequestWeight: (from) => {
    const weight = integer(from, 'weight');
    const destination = optional(from, 'destination', address);
    return {
      fields: { weight, ...(destination === null ? {} : { destination }) },
      effect: { kind: 'reserveRequestWeight', weight, destination },
    };
  },
  claimRewards: () => ({ fields: {}, effect: { kind: 'claimRewards' } }),
  noop: () => ({ fields: {}, effect: venue({ type: 'noop' }) }),
  setReferrer: (from) => ({ fields: { code: string(from, 'code') }, effect: { kind: 'setReferrer', code: string(from, 'code') } }),
  registerReferrer: (from) => ({
    fields: { code: string(from, 'code') },
    effect: { kind: 'registerReferrer', code: string(from, 'code') },
  }),
  setDisplayName: (from) => ({ fields: { displayName: string(from, 'displayName') }, effect: PREFERENCE }),
  spotUser: (from) => {
    // The venue's client in Rust still moves money between perp and spot by it.
    if (from.classTransfer !== undefined) {
      const it = object(from.classTransfer, 'classTransfer');
      const classTransfer = { usdc: integer(it, 'usdc'), toPerp: boolean(it, 'toPerp') };
      return { fields: { classTransfer }, effect: { kind: 'classTransfer', microUsd: classTransfer.usdc, toPerp: classTransfer.toPerp } };
    }
    const optOut = boolean(object(from.toggleSpotDusting, 'toggleSpotDusting'), 'optOut');
    return { fields: { toggleSpotDusting: { optOut } }, effect: PREFERENCE };
  },
  createSubAccount: (from) => ({
    fields: { name: string(from, 'name') },
    effect: { kind: 'createSubAccount', name: string(from, 'name') },
  }),
  subAccountTransfer: readSubTransfer,
  subAccountSpotTransfer: (from) => {
    const subAccountUser = address(from, 'subAccountUser');
    const rest = { isDeposit: boolean(from, 'isDeposit'), token: string(from, 'token'), amount: amountText(from) };
    return { fields: { subAccountUser, ...rest }, effect: { kind: 'subAccountSpotTransfer', user: subAccountUser, ...rest } };
  },
  subAccountModify: (from) => {
    const fields = { subAccountUser: address(from, 'subAccountUser'), name: string(from, 'name') };
    return { fields, effect: { kind: 'subAccountModify', user: fields.subAccountUser, name: fields.name } };
  },
  vaultTransfer: (from) => {
    const fields = { vaultAddress: address(from, 'vaultAddress'), isDeposit: boolean(from, 'isDeposit'), usd: integer(from, 'usd') };
    return { fields, effect: { kind: 'vaultTransfer', vault: fields.vaultAddress } };
  },
  twapOrder: readTwap,
  twapCancel: (from) => ({
    fields: { a: asset(from, 'a'), t: integer(from, 't') },
    effect: { kind: 'twapCancel' },
  }),
  agentSendAsset: readAgentSend,
  agentSetAbstraction: (from) => {
    const abstraction = word(from, 'abstraction', ['i', 'u', 'p']);
    return { fields: { abstraction }, effect: { kind: 'agentSetAbstraction', abstraction } };
  },
  agentEnableDexAbstraction: () => ({ fields: {}, effect: { kind: 'agentEnableDexAbstraction' } }),
  evmUserModify: (from) => ({ fields: { usingBigBlocks: boolean(from, 'usingBigBlocks') }, effect: PREFERENCE }),
};

/** Every action there is (PROTOCOL §2.1, §2.3). */
export const ACTION_TYPES: readonly string[] = [...Object.keys(READERS), ...USER_SIGNED_TYPES];

/**
 * Reads the `action` of an /exchange body: the canonical rebuild its hash is taken over, and what it asks for
 * (PROTOCOL §2.1, §2.3). Unknown extra keys are dropped, as typed deserialisation does. Throws `Unfit` for an unknown
 * action (multiSig among them) and for every field that does not fit.
 */
export function parseAction(value: unknown): ParsedAction {
  const from = object(value, 'action');
  const type = string(from, 'type');
  const user = readUserSigned(type, from);
  if (user !== null) return { signing: 'user', ...user };
  const read = Object.hasOwn(READERS, type) ? READERS[type] : undefined;
  if (read === undefined) throw new Unfit(`action: unknown type ${type.slice(0, 40)}`);
  const { fields, effect } = read(from);
  return { signing: 'l1', type, canonical: { type, ...fields }, effect };
}
