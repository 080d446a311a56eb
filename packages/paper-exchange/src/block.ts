import type { Latency } from './limits/latency.ts';
import { isRecord } from './wire/fields.ts';

/**
 * What an action counts as within its block (PROTOCOL §6): 0 brings no order that may take, 1 cancels, 2 brings a Gtc or an Ioc.
 */
type Turn = 0 | 1 | 2;

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const field = (value: unknown, name: string): unknown => (isRecord(value) ? value[name] : undefined);

/** Whether an order as sent goes to the book and may take there: a limit that is no Alo. A trigger sleeps first. */
function mayTake(order: unknown): boolean {
  const limit = field(field(order, 't'), 'limit');
  return limit !== undefined && field(limit, 'tif') !== 'Alo';
}

function turnOf(action: unknown): Turn {
  // Without always_place the new order of a modify becomes an Alo, whatever it says (PROTOCOL §3).
  const mayPlace = field(action, 'a') === true;
  switch (field(action, 'type')) {
    case 'order':
      return list(field(action, 'orders')).some(mayTake) ? 2 : 0;
    case 'modify':
      return mayPlace && mayTake(field(action, 'order')) ? 2 : 0;
    case 'batchModify':
      return mayPlace && list(field(action, 'modifies')).some((it) => mayTake(field(it, 'order'))) ? 2 : 0;
    case 'cancel':
    case 'cancelByCloid':
      return 1;
    default:
      return 0;
  }
}

/**
 * The order in which the actions of one block take effect: first those that bring no Gtc and no Ioc, then cancels, then the
 * rest, each group in order of arrival (PROTOCOL §6). Takes the actions as they were sent, fit or not; gives their places,
 * each once.
 */
export function orderBlock(actions: readonly unknown[]): readonly number[] {
  const places: Record<Turn, number[]> = { 0: [], 1: [], 2: [] };
  for (const [place, action] of actions.entries()) places[turnOf(action)].push(place);
  return [...places[0], ...places[1], ...places[2]];
}

/** `orderBlock` where there are blocks; without them each action is a block of its own and none overtakes another. */
export const blockOrder =
  (latency: () => Latency) =>
  (actions: readonly unknown[]): readonly number[] =>
    latency().blockMs === 0 ? actions.map((_, place) => place) : orderBlock(actions);
