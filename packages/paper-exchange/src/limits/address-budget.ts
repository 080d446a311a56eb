import { formatDecimal } from '@hyperfleet/trading';
import type { Address, Venue } from '../matching/contract.ts';
import type { ParsedAction } from '../wire/action-form.ts';
import type { Bank } from '../wire/bank.ts';
import { requestCost } from '../wire/perform.ts';

/** An account past its limit is let through once in so long (PROTOCOL §10). */
const THROTTLED_EVERY_MS = 10_000;
/** How many cancels an account may send beyond its limit, where twice the limit is not less (PROTOCOL §10). */
const EXTRA_CANCELS = 100_000;

/** Whether an action only cancels: such may go on past the limit of the others (PROTOCOL §10). */
export const isCancel = (action: ParsedAction): boolean =>
  action.signing === 'l1' &&
  action.effect.kind === 'venue' &&
  (action.effect.action.type === 'cancel' || action.effect.action.type === 'cancelByCloid');

/**
 * The venue's refusal of an action whose account has spent its requests, or null when it may act at `nowMs`: below the limit,
 * or 10 s of market time after the last accepted action of its kind (PROTOCOL §10). Changes nothing.
 */
export function budgetRefusal(
  { venue, bank }: { readonly venue: Venue; readonly bank: Bank },
  user: Address,
  action: ParsedAction,
  nowMs: number,
): string | null {
  const cap = bank.requestsAllowed(user);
  const cancels = isCancel(action);
  const limit = cancels ? Math.min(cap + EXTRA_CANCELS, 2 * cap) : cap;
  const sent = bank.requestsUsed(user) - bank.requestsReserved(user) + requestCost(action);
  if (sent <= limit || nowMs - bank.lastActionMs(user, cancels) >= THROTTLED_EVERY_MS) return null;
  const traded = formatDecimal(Math.floor(venue.volume(user) / 10_000), 2);
  return `Too many cumulative requests sent (${sent} > ${limit}) for cumulative volume traded $${traded}. Place taker orders to free up 1 request per USDC traded.`;
}
