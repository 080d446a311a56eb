/** The order books of the npm registry, and the least any book must do, under one stream of operations. */
import { OrderBook as HftBook, Side as HftSide } from 'hft-limit-order-book';
import { OrderBook as NodejsBook, Side as NodejsSide } from 'nodejs-order-book';
import { createOrderMix } from './order-mix.ts';

const MID_USD = 100_000;
const LIMIT_LOTS = 200;
const MARKET_LOTS = 100;

interface Book {
  limit(id: string, isBuy: boolean, price: number): { readonly err: unknown };
  market(isBuy: boolean): { readonly err: unknown };
  cancel(id: string): unknown;
}

/** A book under the mix. */
export interface BookMix {
  /** Draws so many operations. */
  draw(times: number): void;
  /** Executes the next operation that was drawn. */
  step(): void;
}

/** hft-limit-order-book: one book, no accounts, no money. */
export function hftMix(): BookMix {
  const book = new HftBook();
  const side = (isBuy: boolean) => (isBuy ? HftSide.BUY : HftSide.SELL);
  return bookMix({
    limit: (id, isBuy, price) => book.limit({ id, side: side(isBuy), size: LIMIT_LOTS, price }),
    market: (isBuy) => book.market({ side: side(isBuy), size: MARKET_LOTS }),
    cancel: (id) => book.cancel(id),
  });
}

/** nodejs-order-book, the later one of the same author: the same, with a guard against trades with oneself that stays off. */
export function nodejsMix(): BookMix {
  const book = new NodejsBook();
  const side = (isBuy: boolean) => (isBuy ? NodejsSide.BUY : NodejsSide.SELL);
  return bookMix({
    limit: (id, isBuy, price) => book.limit({ id, side: side(isBuy), size: LIMIT_LOTS, price }),
    market: (isBuy) => book.market({ side: side(isBuy), size: MARKET_LOTS }),
    cancel: (id) => book.cancel(id),
  });
}

function bookMix(book: Book): BookMix {
  const { draw, next } = createOrderMix(1);
  /** An order is named after its place, which is free again once a cancel has named it. */
  const ids: string[] = [];
  const step = (): void => {
    const { kind, isBuy, away, place } = next();
    if (kind === 'cancel') {
      book.cancel(ids[place] ?? '');
      return;
    }
    let done: { readonly err: unknown };
    if (kind === 'limit') {
      ids[place] ??= String(place);
      done = book.limit(ids[place], isBuy, isBuy ? MID_USD - away : MID_USD + away);
    } else done = book.market(isBuy);
    if (done.err !== null) throw new Error(`a book refused a ${kind} order: ${String(done.err)}`);
  };
  return { draw, step };
}

/** A `Map` that notes an order under its place and forgets it. */
export function mapMix(): BookMix {
  const { draw, next } = createOrderMix(1);
  const book = new Map<number, { readonly px: number; readonly sz: number }>();
  const step = (): void => {
    const { kind, away, place } = next();
    if (kind === 'limit') book.set(place, { px: MID_USD - away, sz: LIMIT_LOTS });
    else if (kind === 'cancel') book.delete(place);
  };
  return { draw, step };
}
