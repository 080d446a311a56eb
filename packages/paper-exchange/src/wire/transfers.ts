import { microUsd, parseDecimal } from '@hyperfleet/trading';
import type { Sending } from './action-form.ts';
import type { Bank, Pocket } from './bank.ts';
import { type Address, parseAddress } from './fields.ts';
import { SPOT_META } from './spot.ts';

/** What a transfer needs of the desk. */
interface Money {
  readonly bank: Bank;
}

const INVALID = 'Invalid transfer.';
const onlyUsdc = 'Only USDC can be transferred on this exchange.';

/** Micro-dollars of an amount as signed: at most six decimals count; null when it is none above zero. */
export function parseUsd(amount: string): ReturnType<typeof microUsd> | null {
  const usd = parseDecimal(amount, 6, 'truncate');
  return usd === null || usd <= 0 ? null : microUsd(usd);
}

const [USDC] = SPOT_META.tokens;

/** `USDC` or `USDC:0x…` with its id (PROTOCOL §2.3). */
const isUsdc = (token: string): boolean => token === USDC?.name || token.toLowerCase() === `${USDC?.name}:${USDC?.tokenId}`.toLowerCase();

const perp = (user: Address): Pocket => ({ user, place: 'perp' });
const spot = (user: Address): Pocket => ({ user, place: 'spot' });

interface Payment {
  readonly from: Address;
  readonly to: Address | null;
  readonly amount: string;
}

/** usdSend: perp USDC to another account's perp. Returns the venue's error text, or null when done. */
export function sendUsd({ bank }: Money, { from, to, amount }: Payment, nowMs: number): string | null {
  const usd = parseUsd(amount);
  if (to === null || usd === null) return INVALID;
  return bank.move({ from: perp(from), to: perp(to), usd, as: { type: 'internalTransfer' } }, nowMs);
}

/** spotSend: spot USDC to another account's spot. */
export function sendSpot({ bank }: Money, { from, to, amount, token }: Payment & { readonly token: string }, nowMs: number): string | null {
  const usd = parseUsd(amount);
  if (to === null || usd === null) return INVALID;
  if (!isUsdc(token)) return onlyUsdc;
  return bank.move({ from: spot(from), to: spot(to), usd, as: { type: 'spotTransfer' } }, nowMs);
}

/** sendAsset and agentSendAsset: USDC between perp ("") and spot of any two accounts (PROTOCOL §2.3). */
export function sendAsset({ bank }: Money, user: Address, sending: Sending, nowMs: number): string | null {
  const { destination, sourceDex, destinationDex, token, amount, fromSubAccount, nonce } = sending;
  const usd = parseUsd(amount);
  if (usd === null) return INVALID;
  if (!isUsdc(token)) return onlyUsdc;
  const source = fromSubAccount === '' ? user : parseAddress(fromSubAccount);
  if (source === null) return INVALID;
  if (source !== user && bank.subAccount(source)?.master !== user) return `Sub-account ${source} is not registered to ${user}`;
  const [from, to] = [pocketOf(source, sourceDex), pocketOf(destination, destinationDex)];
  if (from === null || to === null) return `A transfer from dex "${sourceDex}" to "${destinationDex}" is not supported by this exchange.`;
  return bank.move({ from, to, usd, as: { type: 'send', sourceDex, destinationDex, nonce } }, nowMs);
}

const pocketOf = (user: Address, dex: string): Pocket | null => (dex === '' ? perp(user) : dex === 'spot' ? spot(user) : null);

interface SubTransfer {
  readonly sub: Address;
  readonly isDeposit: boolean;
}

const partiesOf = (master: Address, { sub, isDeposit }: SubTransfer): readonly [from: Address, to: Address] =>
  isDeposit ? [master, sub] : [sub, master];

/** subAccountTransfer: perp USDC between a master and its sub-account, in micro-dollars. */
export function moveToSub(
  { bank }: Money,
  master: Address,
  move: SubTransfer & { readonly microUsd: number },
  nowMs: number,
): string | null {
  const [from, to] = partiesOf(master, move);
  if (bank.subAccount(move.sub)?.master !== master) return `Invalid sub-account transfer from ${from} to ${to}`;
  return bank.move({ from: perp(from), to: perp(to), usd: microUsd(move.microUsd), as: { type: 'subAccountTransfer' } }, nowMs);
}

/** subAccountSpotTransfer: spot USDC between a master and its sub-account. */
export function moveSpotToSub(
  { bank }: Money,
  master: Address,
  move: SubTransfer & { readonly token: string; readonly amount: string },
  nowMs: number,
): string | null {
  const [from, to] = partiesOf(master, move);
  if (bank.subAccount(move.sub)?.master !== master) return `Invalid sub-account transfer from ${from} to ${to}`;
  const usd = parseUsd(move.amount);
  if (usd === null) return INVALID;
  return isUsdc(move.token) ? bank.move({ from: spot(from), to: spot(to), usd, as: { type: 'spotTransfer' } }, nowMs) : onlyUsdc;
}
