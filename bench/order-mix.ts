import { createChance } from '@hyperfleet/paper-exchange';

/** Price levels a dollar apart, half of them bids. */
export const PRICE_LEVELS = 100;
/** Orders the mix begins with and never falls below, filled ones that are still to be cancelled among them. */
export const STANDING = 2_000;

const KINDS = ['limit', 'cancel', 'market'] as const;
type Kind = (typeof KINDS)[number];

/** One operation of the mix. The same object is filled anew for each. */
export interface Operation {
  kind: Kind;
  /** Whose it is: 0 up to the number of accounts. */
  account: number;
  isBuy: boolean;
  /** Dollars from the middle, away from the other side; of limit orders. */
  away: number;
  /** The place a limit order is kept under until a cancel names it. Cancels that come too late belong to the mix. */
  place: number;
}

interface OrderMix {
  /** Draws so many operations, to be done before the clock runs: what drawing costs is no engine's. */
  draw(times: number): void;
  /** Gives the next operation that was drawn. */
  next(): Operation;
}

/** Numbers an operation is noted as. */
const WIDTH = 5;

/** 45 % limit orders, 45 % cancels and 10 % market orders: the same stream, whoever executes it. */
export function createOrderMix(accounts: number): OrderMix {
  const chance = createChance(1);
  /** Places of the orders that stand, in any order, and whose they are. */
  const standing: number[] = [];
  const owners: number[] = [];
  const free: number[] = [];
  const operation: Operation = { kind: 'limit', account: 0, isBuy: true, away: 0, place: 0 };
  let drawn = new Int32Array(0);
  let at = 0;

  function drawOne(): Operation {
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
  }

  return {
    draw(times) {
      if (at < drawn.length) throw new RangeError(`${(drawn.length - at) / WIDTH} operations wait already`);
      drawn = new Int32Array(times * WIDTH);
      for (at = 0; at < drawn.length; at += WIDTH) {
        const { kind, account, isBuy, away, place } = drawOne();
        drawn.set([KINDS.indexOf(kind), account, isBuy ? 1 : 0, away, place], at);
      }
      at = 0;
    },
    next() {
      operation.kind = KINDS[drawn[at] ?? -1] ?? nothingDrawn();
      operation.account = drawn[at + 1] ?? 0;
      operation.isBuy = drawn[at + 2] === 1;
      operation.away = drawn[at + 3] ?? 0;
      operation.place = drawn[at + 4] ?? 0;
      at += WIDTH;
      return operation;
    },
  };
}

function nothingDrawn(): never {
  throw new RangeError('every operation that was drawn is done: draw more');
}
