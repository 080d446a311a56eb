import type { VenueEvent } from '../../matching/contract.ts';
import { formatOf, frontendOrders, historicalOrders, orderRow } from '../info-account.ts';
import { basicOrderRow } from '../rows.ts';
import { ofUser, SILENCE } from './channel.ts';

const stateOf = (event: Extract<VenueEvent, { kind: 'order' }>) => ({ status: event.status, statusTimestamp: event.timeMs });

/** No user field and no snapshot; an order that fills at once has `open` and `filled` in one array (PROTOCOL §9). */
const orderUpdates = ofUser((_user, sources) => ({
  snapshot: () => null,
  push(occasion) {
    if (occasion.kind !== 'orders') return SILENCE;
    return [
      occasion.events.map((event) => ({ order: basicOrderRow(event.order, formatOf(sources)(event.order.coin)), ...stateOf(event) })),
    ];
  },
}));

const openOrders = ofUser((user, sources) => {
  const data = () => ({ dex: '', user, orders: frontendOrders(sources, user) });
  return { snapshot: data, push: (occasion) => (occasion.kind === 'open-orders' ? [data()] : SILENCE) };
});

const userHistoricalOrders = ofUser((user, sources) => ({
  snapshot: () => ({ isSnapshot: true, user, orderHistory: historicalOrders(sources, user) }),
  push(occasion) {
    if (occasion.kind !== 'orders') return SILENCE;
    return [{ user, orderHistory: occasion.events.map((event) => ({ order: orderRow(sources, event.order), ...stateOf(event) })) }];
  },
}));

// There are no TWAP orders here: their channels begin, and stay, empty.
const twapStates = ofUser((user) => ({ snapshot: () => ({ dex: '', user, states: [] }), push: () => SILENCE }));
const userTwapHistory = ofUser((user) => ({ snapshot: () => ({ isSnapshot: true, user, history: [] }), push: () => SILENCE }));
const userTwapSliceFills = ofUser((user) => ({ snapshot: () => ({ isSnapshot: true, user, twapSliceFills: [] }), push: () => SILENCE }));

/** Channels that tell an account's orders (PROTOCOL §9). */
export const ORDER_CHANNELS = { orderUpdates, openOrders, userHistoricalOrders, twapStates, userTwapHistory, userTwapSliceFills } as const;
