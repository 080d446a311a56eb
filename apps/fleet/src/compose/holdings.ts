import type { LedgerHandle } from '@hyperfleet/store';
import {
  FINE_PER_TICK,
  type FineTicks,
  type Instruments,
  lots,
  type Market,
  type MicroUsd,
  microUsd,
  mulDiv,
  type OrderRecord,
  type PositionView,
  type Ticks,
} from '@hyperfleet/trading';
import type { Holding } from '../board/view.ts';

/** Positions and resting entries of a bot as the board shows them: what it holds from the venue, its orders from the ledger. */
export function holdingsOf(
  bot: string,
  positions: readonly PositionView[],
  see: { readonly ledger: LedgerHandle; readonly instruments: Instruments; readonly market: Market },
): readonly Holding[] {
  const orders = see.ledger.liveOrders(bot);
  const held = positions.flatMap((position) => {
    const instrument = see.instruments.get(position.coin);
    if (instrument === undefined || position.szi === 0) return [];
    const mark = see.market.view(position.coin)?.mark ?? null;
    const stop = tightestStop(orders, position);
    return {
      instrument,
      szi: position.szi,
      entryPx: position.entryPx,
      resting: false,
      direction: position.szi > 0 ? ('long' as const) : ('short' as const),
      stopPx: stop === null || stop.intent.kind.type !== 'stop-market' ? null : stop.intent.kind.triggerPx,
      isBreakeven: stop?.intent.role === 'breakeven',
      mark,
      unrealizedPnl: mark === null ? null : unrealized(position.szi, position.entryPx, mark),
    };
  });
  return [...held, ...restingEntries(orders, positions, see)];
}

function restingEntries(
  orders: readonly OrderRecord[],
  positions: readonly PositionView[],
  { instruments, market }: { readonly instruments: Instruments; readonly market: Market },
): readonly Holding[] {
  return orders.flatMap(({ intent, state }) => {
    const instrument = instruments.get(intent.coin);
    const isHeld = positions.some(({ coin, szi }) => coin === intent.coin && szi !== 0);
    if (instrument === undefined || isHeld || intent.role !== 'entry' || state !== 'resting') return [];
    return {
      instrument,
      szi: lots(0),
      entryPx: intent.px,
      resting: true,
      direction: intent.side === 'buy' ? ('long' as const) : ('short' as const),
      stopPx: null,
      isBreakeven: false,
      mark: market.view(intent.coin)?.mark ?? null,
      unrealizedPnl: null,
    };
  });
}

/** The stop that would go off first: the highest under a long, the lowest over a short. */
function tightestStop(orders: readonly OrderRecord[], { coin, szi }: PositionView): OrderRecord | null {
  const sign = szi > 0 ? 1 : -1;
  const trigger = ({ intent }: OrderRecord): number => (intent.kind.type === 'stop-market' ? intent.kind.triggerPx : 0);
  const stops = orders.filter(({ intent, state }) => intent.coin === coin && intent.kind.type === 'stop-market' && state === 'resting');
  return stops.sort((a, b) => sign * (trigger(b) - trigger(a)))[0] ?? null;
}

/** Value at the mark less cost, cut to the micro-dollar. */
const unrealized = (szi: number, entryPx: Ticks, mark: FineTicks): MicroUsd =>
  microUsd(mulDiv(szi, mark, FINE_PER_TICK, 'floor') - szi * entryPx);
