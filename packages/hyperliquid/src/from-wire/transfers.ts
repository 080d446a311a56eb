/** Reader of userNonFundingLedgerUpdates: what of it moved the cash an account trades with (PROTOCOL §8). */
import { microUsd, type Transfer } from '@hyperfleet/trading';
import type { Address } from '../signer.ts';
import { addressAt, arrayAt, type Fields, flagAt, objectAt, type Parsed, parsed, textAt, unreadable, usdAt, wholeAt } from './fields.ts';

/** Whose rows they are, and where that account's collateral is. */
export interface TransferOwner {
  readonly account: Address;
  readonly hasSpotCollateral: boolean;
}

/** Whether an end of a `send` is the collateral of the main dex, whose name is the empty text. */
function isOurPlace(dex: unknown, at: string, { hasSpotCollateral }: TransferOwner): boolean {
  if (typeof dex !== 'string') return unreadable(at, dex, 'the name of a dex');
  return dex === '' || (hasSpotCollateral && dex === 'spot');
}

/**
 * The rows that moved the account's cash, in the order they came. Rows of other tokens and other dexes move nothing here; of a kind nobody
 * has described the effect is not known, and what it moved shows as a difference.
 */
export function parseTransfers(rows: unknown, owner: TransferOwner): Parsed<readonly Transfer[]> {
  return parsed(() =>
    arrayAt(rows, 'ledger').flatMap((value, index): Transfer[] => {
      const at = `ledger[${index}]`;
      const row = objectAt(value, at);
      const delta = objectAt(row.delta, `${at}.delta`);
      const type = textAt(delta.type, `${at}.delta.type`);
      const usd = microUsd(effectOf(type, delta, { at: `${at}.delta`, owner }));
      if (usd === 0) return [];
      const key = `${textAt(row.hash, `${at}.hash`)} ${type} ${usd}`;
      return [{ key, timeMs: wholeAt(row.time, `${at}.time`), usd, words: wordsOf(type, delta, owner) }];
    }),
  );
}

interface Place {
  readonly at: string;
  readonly owner: TransferOwner;
}

function effectOf(type: string, delta: Fields, place: Place): number {
  const { at, owner } = place;
  const usd = (field: string): number => usdAt(delta[field], `${at}.${field}`);
  switch (type) {
    case 'deposit':
    case 'vaultDistribution':
      return usd('usdc');
    case 'withdraw':
    case 'vaultCreate':
      return -(usd('usdc') + usd('fee'));
    case 'vaultDeposit':
      return -usd('usdc');
    case 'vaultWithdraw':
      return isParty(delta.user, `${at}.user`, owner) ? usd('netWithdrawnUsd') : 0;
    case 'accountClassTransfer':
      if (owner.hasSpotCollateral) return 0;
      return flagAt(delta.toPerp, `${at}.toPerp`) ? usd('usdc') : -usd('usdc');
    case 'subAccountTransfer':
      return between(delta, place, { sent: usd('usdc'), received: usd('usdc') });
    case 'internalTransfer':
      return between(delta, place, { sent: usd('usdc') + usd('fee'), received: usd('usdc') });
    case 'spotTransfer':
      return owner.hasSpotCollateral ? tokenTransfer(delta, place, { from: true, to: true }) : 0;
    case 'send': {
      const from = isOurPlace(delta.sourceDex, `${at}.sourceDex`, owner);
      return tokenTransfer(delta, place, { from, to: isOurPlace(delta.destinationDex, `${at}.destinationDex`, owner) });
    }
    case 'rewardsClaim':
      return owner.hasSpotCollateral && delta.token === 'USDC' ? usd('amount') : 0;
    default:
      return 0;
  }
}

const isParty = (value: unknown, at: string, { account }: TransferOwner): boolean => addressAt(value, at) === account;

function between(delta: Fields, { at, owner }: Place, sums: { readonly sent: number; readonly received: number }): number {
  const sent = isParty(delta.user, `${at}.user`, owner) ? sums.sent : 0;
  return (isParty(delta.destination, `${at}.destination`, owner) ? sums.received : 0) - sent;
}

/** USDC between pockets: `from` and `to` say which end is this account's collateral. A charge is the sender's, in USDC unless a token is named. */
function tokenTransfer(delta: Fields, { at, owner }: Place, ours: { readonly from: boolean; readonly to: boolean }): number {
  if (delta.token !== 'USDC') return 0;
  const amount = usdAt(delta.amount, `${at}.amount`);
  const isUsdFee = delta.feeToken === '' || delta.feeToken === 'USDC' || delta.feeToken === undefined;
  const fee = isUsdFee ? usdAt(delta.fee, `${at}.fee`) : 0;
  const sent = ours.from && isParty(delta.user, `${at}.user`, owner) ? amount + fee : 0;
  return (ours.to && isParty(delta.destination, `${at}.destination`, owner) ? amount : 0) - sent;
}

function wordsOf(type: string, delta: Fields, { account }: TransferOwner): string {
  if (type === 'withdraw') return 'withdrawal';
  if (type === 'accountClassTransfer') return delta.toPerp === true ? 'transfer from spot' : 'transfer to spot';
  const { user, destination, vault } = delta;
  if (typeof vault === 'string') return `${type} of vault ${vault}`;
  if (typeof destination !== 'string' || typeof user !== 'string') return type;
  return user.toLowerCase() === account ? `${type} to ${destination}` : `${type} from ${user}`;
}
