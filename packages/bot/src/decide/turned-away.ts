/**
 * Orders whose request was turned away as a whole for what passes: no way to the venue, a limit, a halt, a life or a nonce that was over
 * (PROTOCOL §2, §4). It says nothing of the order, so it is no try of it: it is sent again as soon as that may help.
 */
import type { OrderRecord } from '@hyperfleet/trading';

const PREFIX = 'turned away: ';
const FIRST_REST_MS = 250;

/** The reason an order keeps of a refusal that passes. */
export const turnedAway = (reason: string): string => `${PREFIX}${reason}`;

export const isTurnedAway = (order: OrderRecord): boolean => order.state === 'rejected' && (order.reason ?? '').startsWith(PREFIX);

/**
 * How long a role waits for its next try, ms, where the last of its orders were turned away: twice as long for each of them, `longestMs`
 * at most. 0 or less where it need not wait.
 */
export function restMsAfter(orders: readonly OrderRecord[], nowMs: number, longestMs: number): number {
  const last = orders.at(-1);
  const inARow = orders.length - 1 - orders.findLastIndex((order) => !isTurnedAway(order));
  if (last === undefined || inARow === 0) return 0;
  return Math.min(FIRST_REST_MS * 2 ** (inARow - 1), longestMs) - (nowMs - last.recordedAtMs);
}
