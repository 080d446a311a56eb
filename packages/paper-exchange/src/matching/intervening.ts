import { FINE_PER_TICK, lots, ticks } from '@hyperfleet/trading';
import { findLive, showOrder } from './changing.ts';
import { valuationPx } from './coin-market.ts';
import type { Address, Intervention, StatusWord } from './contract.ts';
import { type Core, createOrder } from './core.ts';
import { match } from './fills.ts';
import { cancelByVenue } from './lifecycle.ts';

/** Statuses with which the venue itself ends an order (PROTOCOL §6). */
export const VENUE_CANCELS: readonly StatusWord[] = [
  'canceled',
  'marginCanceled',
  'vaultWithdrawalCanceled',
  'openInterestCapCanceled',
  'selfTradeCanceled',
  'reduceOnlyCanceled',
  'siblingFilledCanceled',
  'delistedCanceled',
  'liquidatedCanceled',
  'scheduledCancel',
  'internalCancel',
];

/** Closes lots of a position against the house, as the venue's auto-deleveraging does (PROTOCOL §7). */
function deleverage(core: Core, user: Address, { asset, px, sz }: Extract<Intervention, { kind: 'deleverage' }>): boolean {
  const account = core.accounts.get(user);
  const holding = account?.holdings.get(asset);
  if (account === undefined || holding === undefined || holding.szi === 0) return false;
  const size = lots(Math.min(sz ?? Number.MAX_SAFE_INTEGER, Math.abs(holding.szi)));
  const mark = Math.max(1, Math.floor(valuationPx(holding.market, holding.entryPx) / FINE_PER_TICK));
  const order = createOrder(core, {
    account,
    market: holding.market,
    side: holding.szi > 0 ? 'sell' : 'buy',
    px: px ?? ticks(mark),
    sz: size,
    reduceOnly: true,
    cloid: null,
    tif: 'Ioc',
    trigger: null,
    isPositionTpsl: false,
  });
  order.announced = true;
  match(core, { taker: null, maker: order, px: order.px, sz: size, liquidation: null, dir: 'Auto-Deleveraging' });
  return true;
}

/** Does what the venue does to an account of its own accord. False, and nothing done, when there is nothing to do it to. */
export function intervene(core: Core, user: Address, intervention: Intervention): boolean {
  switch (intervention.kind) {
    case 'cancel': {
      const account = core.accounts.get(user);
      const order = account === undefined ? null : findLive(account, intervention.id);
      if (order === null) return false;
      cancelByVenue(core, order, intervention.status);
      return true;
    }
    case 'deleverage':
      return deleverage(core, user, intervention);
    case 'reuse-oid': {
      const account = core.accounts.get(user);
      const order = account === undefined ? null : showOrder(account, intervention.id);
      if (account === undefined || order === null || account.open.get(order.oid) !== null) return false;
      account.reusedOid = order.oid;
      return true;
    }
    default:
      return intervention satisfies never;
  }
}
