import { createChance } from '@hyperfleet/paper-exchange';

/** Price levels a dollar apart, half of them bids. */
export const PRICE_LEVELS = 100;
/** Orders the mix begins with and never falls below, filled ones that are still to be cancelled among them. */
export const STANDING = 2_000;

/** One operation of the mix. The same object is filled anew for each. */
export interface Operation {
  kind: 'limit' | 'cancel' | 'market';
  /** Whose it is: 0 up to the number of accounts. */
  account: number;
  isBuy: boolean;
  /** Dollars from the middle, away from the other side; of limit orders. */
  away: number;
  /** The place a limit order is kept under until a cancel names it. Cancels that come too late belong to the mix. */
  place: number;
}

/** Gives the next operation. */
type OrderMix = () => Operation;

/** 45 % limit orders, 45 % cancels and 10 % market orders: the same stream, whoever executes it. */
export function createOrderMix(accounts: number): OrderMix {
  const chance = createChance(1);
  /** Places of the orders that stand, in any order, and whose they are. */
  const standing: number[] = [];
  const owners: number[] = [];
  const free: number[] = [];
  const operation: Operation = { kind: 'limit', account: 0, isBuy: true, away: 0, place: 0 };
  return () => {
    const roll = chance(100);
    operation.kind = roll >= 90 ? 'market' : roll < 45 || standing.length < STANDING ? 'limit' : 'cancel';
    operation.account = chance(accounts);
    operation.isBuy = chance(2) === 0;
    if (operation.kind === 'limit') {
      const place = free.pop() ?? owners.length;
      owners[place] = operation.account;
      operation.away = 1 + chance(PRICE_LEVELS / 2);
      operation.place = place;
      standing.push(place);
    } else if (operation.kind === 'cancel') {
      const index = chance(standing.length);
      const chosen = standing[index];
      const last = standing.pop();
      if (chosen === undefined || last === undefined) throw new RangeError('nothing stands that could be cancelled');
      if (chosen !== last) standing[index] = last;
      operation.account = owners[chosen] ?? 0;
      operation.place = chosen;
      free.push(chosen);
    }
    return operation;
  };
}
