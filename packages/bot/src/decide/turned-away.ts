/**
 * Orders whose request was turned away as a whole for what passes: no way to the venue, a limit, a halt, a life or a nonce that was over
 * (PROTOCOL §2, §4). It says nothing of the order, so it is no try of it: it is sent again as soon as that may help.
 */
import type { OrderRecord } from '@hyperfleet/trading';
import type { Said } from '../step.ts';

const PREFIX = 'turned away: ';
const FIRST_REST_MS = 250;
/** What is turned away so often in a row is told loudly, once: a person may have to act where the bot can only go on trying. */
const TOLD_AT = 3;

/** The reason an order keeps of a refusal that passes. */
export const turnedAway = (reason: string): string => `${PREFIX}${reason}`;

export const isTurnedAway = (order: OrderRecord): boolean => order.state === 'rejected' && (order.reason ?? '').startsWith(PREFIX);

/** How many at the end of these were turned away. */
const inARow = (orders: readonly OrderRecord[]): number => orders.length - 1 - orders.findLastIndex((order) => !isTurnedAway(order));

/** What is said of a role's next try where its last ones were turned away and nobody was told yet; nothing else. */
export function saidOfTurnedAway(what: 'stop' | 'close', orders: readonly OrderRecord[]): readonly Said[] {
  if (inARow(orders) !== TOLD_AT) return [];
  const reason = (orders.at(-1)?.reason ?? '').slice(PREFIX.length);
  return [{ event: `${what} turned away, tried on`, detail: { tries: TOLD_AT, reason } }];
}

/**
 * How long a role waits for its next try, ms, where the last of its orders were turned away: twice as long for each of them, `longestMs`
 * at most. 0 or less where it need not wait.
 */
export function restMsAfter(orders: readonly OrderRecord[], nowMs: number, longestMs: number): number {
  const last = orders.at(-1);
  const times = inARow(orders);
  if (last === undefined || times === 0) return 0;
  return Math.min(FIRST_REST_MS * 2 ** (times - 1), longestMs) - (nowMs - last.recordedAtMs);
}
