import type { Lots, Side, Ticks } from '@hyperfleet/trading';
import type { Account } from './account.ts';
import type { CoinMarket } from './coin-market.ts';
import type { BuilderTerms, ShownTif } from './contract.ts';

export interface TriggerTerms {
  readonly px: Ticks;
  readonly isMarket: boolean;
  readonly tpsl: 'tp' | 'sl';
  /** Fires when the mark is at or above, or at or below `px` (PROTOCOL §6). */
  readonly firesWhen: 'above' | 'below';
}

/** What an order is asked to be. */
export interface NewOrder {
  readonly account: Account;
  readonly market: CoinMarket;
  readonly side: Side;
  readonly px: Ticks;
  readonly sz: Lots;
  readonly reduceOnly: boolean;
  readonly cloid: string | null;
  readonly tif: ShownTif | null;
  readonly trigger: TriggerTerms | null;
  readonly isPositionTpsl: boolean;
  readonly builder?: BuilderTerms | null;
}

const TIFS: readonly (ShownTif | null)[] = [null, 'Gtc', 'Ioc', 'Alo', 'FrontendMarket', 'LiquidationMarket'];
/** The tif's index stands above the bits. */
const TIF_SHIFT = 8;

/** The yes-or-no terms of an order as bits of one number. */
export const TERM = {
  buy: 1,
  reduceOnly: 2,
  trigger: 4,
  stop: 8,
  market: 16,
  positionTpsl: 32,
  /** Came with size 0. */
  tracksPosition: 64,
  /** No term but a state: a child that waits for its parent. */
  waiting: 128,
} as const;

/** The terms of an order that are yes or no, or one of a few words, as one number. */
export function termBits({ side, sz, reduceOnly, isPositionTpsl, trigger, tif }: NewOrder): number {
  let bits = TIFS.indexOf(tif) << TIF_SHIFT;
  if (side === 'buy') bits |= TERM.buy;
  if (reduceOnly) bits |= TERM.reduceOnly;
  if (isPositionTpsl) bits |= TERM.positionTpsl;
  if (sz === 0) bits |= TERM.tracksPosition;
  if (trigger === null) return bits;
  return bits | TERM.trigger | (trigger.tpsl === 'sl' ? TERM.stop : 0) | (trigger.isMarket ? TERM.market : 0);
}

/** The tif among the terms; null for a trigger. */
export const tifOf = (bits: number): ShownTif | null => TIFS[bits >> TIF_SHIFT] ?? null;
