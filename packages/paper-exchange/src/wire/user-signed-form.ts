import { address, boolean, decimal, integer, isAbsent, type JsonObject, string, Unfit, word } from './fields.ts';
import type { TypedField } from './signature.ts';

/** A user-signed action, read: its typed data and its own nonce (PROTOCOL §2.3). */
export interface UserSignedAction {
  readonly type: UserSignedType;
  /** `Name` of the primary type, e.g. `UsdSend`. */
  readonly name: string;
  readonly chain: 'Mainnet' | 'Testnet';
  readonly chainId: bigint;
  readonly fields: readonly TypedField[];
  /** The action's own nonce or time, which must equal the envelope's. */
  readonly nonce: number;
  /** The action as kept in the journal. */
  readonly canonical: JsonObject;
}

type UserSignedType =
  | 'usdSend'
  | 'spotSend'
  | 'withdraw3'
  | 'usdClassTransfer'
  | 'sendAsset'
  | 'approveAgent'
  | 'approveBuilderFee'
  | 'userSetAbstraction'
  | 'userDexAbstraction'
  | 'userPortfolioMargin';

type FieldType = TypedField['type'];

interface Form {
  readonly name: string;
  readonly fields: readonly (readonly [name: string, type: FieldType])[];
  /** Fields that count as "" when absent or null. */
  readonly blank?: readonly string[];
}

const DESTINATION = ['destination', 'string'] as const;
const AMOUNT = ['amount', 'string'] as const;
const NONCE = ['nonce', 'uint64'] as const;
const TIME = ['time', 'uint64'] as const;
const USER = ['user', 'address'] as const;
const ENABLED = ['enabled', 'bool'] as const;

/** Fields after `hyperliquidChain`, in the order of PROTOCOL §2.3. */
const FORMS: Readonly<Record<UserSignedType, Form>> = {
  usdSend: { name: 'UsdSend', fields: [DESTINATION, AMOUNT, TIME] },
  spotSend: { name: 'SpotSend', fields: [DESTINATION, ['token', 'string'], AMOUNT, TIME] },
  withdraw3: { name: 'Withdraw', fields: [DESTINATION, AMOUNT, TIME] },
  usdClassTransfer: { name: 'UsdClassTransfer', fields: [AMOUNT, ['toPerp', 'bool'], NONCE] },
  sendAsset: {
    name: 'SendAsset',
    fields: [
      DESTINATION,
      ['sourceDex', 'string'],
      ['destinationDex', 'string'],
      ['token', 'string'],
      AMOUNT,
      ['fromSubAccount', 'string'],
      NONCE,
    ],
  },
  approveAgent: { name: 'ApproveAgent', fields: [['agentAddress', 'address'], ['agentName', 'string'], NONCE], blank: ['agentName'] },
  approveBuilderFee: { name: 'ApproveBuilderFee', fields: [['maxFeeRate', 'string'], ['builder', 'address'], NONCE] },
  userSetAbstraction: { name: 'UserSetAbstraction', fields: [USER, ['abstraction', 'string'], NONCE] },
  userDexAbstraction: { name: 'UserDexAbstraction', fields: [USER, ENABLED, NONCE] },
  userPortfolioMargin: { name: 'UserPortfolioMargin', fields: [USER, ENABLED, NONCE] },
};

/** The user-signed actions there are. */
export const USER_SIGNED_TYPES: readonly string[] = Object.keys(FORMS);

const isUserSigned = (type: string): type is UserSignedType => Object.hasOwn(FORMS, type);

const CHAIN_ID = /^0x[0-9a-fA-F]{1,16}$/;

function readField(from: JsonObject, key: string, type: FieldType): TypedField {
  switch (type) {
    case 'string':
      return { name: key, type, value: string(from, key) };
    case 'address':
      return { name: key, type, value: address(from, key) };
    case 'uint64':
      return { name: key, type, value: integer(from, key) };
    case 'bool':
      return { name: key, type, value: boolean(from, key) };
    default:
      return type satisfies never;
  }
}

const SUB_ACCOUNT_SUFFIX = / subaccount:0x[0-9a-fA-F]{40}$/;

/** Reads a user-signed action, or null when `type` names none of them. Throws `Unfit`. */
export function readUserSigned(type: string, from: JsonObject): UserSignedAction | null {
  if (!isUserSigned(type)) return null;
  const form = FORMS[type];
  const signatureChainId = string(from, 'signatureChainId');
  if (!CHAIN_ID.test(signatureChainId)) throw new Unfit('signatureChainId: expected a hex number');
  const chain = word(from, 'hyperliquidChain', ['Mainnet', 'Testnet']);
  const rest = form.fields.map(([key, fieldType]): TypedField => {
    if (form.blank?.includes(key) && isAbsent(from, key)) return { name: key, type: 'string', value: '' };
    return readField(from, key, fieldType);
  });
  const fields: readonly TypedField[] = [{ name: 'hyperliquidChain', type: 'string', value: chain }, ...rest];
  const last = rest.at(-1);
  if (last?.type !== 'uint64') throw new Unfit('nonce: expected a whole number');
  checkAmount(from);
  return {
    type,
    name: form.name,
    chain,
    chainId: BigInt(signatureChainId),
    fields,
    nonce: last.value,
    canonical: { type, signatureChainId, ...Object.fromEntries(fields.map((field) => [field.name, field.value])) },
  };
}

/** An amount must read as a decimal, apart from the sub-account form of usdClassTransfer (PROTOCOL §2.3). */
function checkAmount(from: JsonObject): void {
  if (typeof from.amount !== 'string') return;
  decimal({ amount: from.amount.replace(SUB_ACCOUNT_SUFFIX, '') }, 'amount');
}
