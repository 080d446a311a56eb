/** What must be known of an account and its key before the bot's workers begin: asked of the venue, or remembered from a while ago. */
import { KEY_HALT } from '@hyperfleet/bot';
import { type Address, openAccountReads, openRequestBudget } from '@hyperfleet/hyperliquid';
import { REQUEST_TIMES } from '../workers/feed-times.ts';
import type { BotAccount } from './accounts.ts';
import type { Floor } from './floor.ts';

/** A halt written by us is taken back at the next start; one written by a person is not. */
export const HALT_REASON = 'a worker is past its restart budget';
const UNFIT_HALT = 'the account is unfit: ';

/** The reason of a halt of a bot at work whose account turned out to be unfit. */
export const unfitHalt = (error: UnfitAccountError): string => `${UNFIT_HALT}${error.message}`;

/** What a pause, or its end, once wrote over the reason of a halt of ours. A person who halts a bot gives a reason. */
const OVERWRITTEN: ReadonlySet<string | null> = new Set(['PAUSE', 'CLOSE_ALL', null]);

const isOurHalt = (reason: string | null): boolean =>
  OVERWRITTEN.has(reason) || reason === HALT_REASON || reason?.startsWith(KEY_HALT) === true || reason?.startsWith(UNFIT_HALT) === true;

/** The account or key of a bot is not what it must be; asking again would not help. */
export class UnfitAccountError extends Error {
  override readonly name = 'UnfitAccountError';
}

/** What a bot's workers are told of their account. */
export interface FirstLook {
  readonly takerPpm: number;
  readonly hasSpotCollateral: boolean;
}

/** The venue draws fee tiers anew once a day; the rest changes by hand, once in an account's life. */
const KEPT_MS = 86_400_000;

/**
 * What the venue said of this account and this key less than a day ago, where nothing has happened since that would need another
 * look before the bot trades; else null. A fleet that was killed begins with it: sixteen looks weigh 672, and one IP gets back 20 a
 * second. The venue is asked all the same, once the fleet stands.
 */
export function rememberedLook({ house: { ledger } }: Pick<Floor, 'house'>, account: BotAccount): FirstLook | null {
  const look = ledger.accountLook(account.id);
  if (look === null || look.account !== account.address || look.signer !== account.signer) return null;
  const ageMs = Date.now() - look.atWallMs;
  if (ageMs < 0 || ageMs >= KEPT_MS) return null;
  const { tradingState, equityStart } = ledger.botState(account.id);
  // A halt may be of the key, and the report counts from the equity at the first look.
  if (tradingState === 'halted' || equityStart === null) return null;
  return { takerPpm: look.takerPpm, hasSpotCollateral: look.hasSpotCollateral };
}

/** Reads the account's fees, sees that account and key are what they are meant to be, and notes the equity before the first order. */
export async function firstLook(floor: Floor, account: BotAccount): Promise<FirstLook> {
  const { ledger } = floor.house;
  const { id } = account;
  const reads = openReads(floor, account);
  try {
    await checkKey(reads, account);
    const { takerPpm } = await reads.feeRates();
    const state = ledger.botState(id);
    if (state.tradingState === 'halted' && isOurHalt(state.reason)) ledger.setBotState(id, { tradingState: 'active', reason: null });
    if (state.equityStart === null) ledger.setBotState(id, { equityStart: (await reads.account()).equity });
    const look = { takerPpm, hasSpotCollateral: await reads.hasSpotCollateral() };
    ledger.rememberAccountLook(id, { account: account.address, signer: account.signer, ...look, atWallMs: Date.now() });
    return look;
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
