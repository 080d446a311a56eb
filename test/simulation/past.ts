/** What the venue tells when it is asked: reads that may fail, and may tell of a moment a little while ago. */
import { VenueReadError } from '@hyperfleet/hyperliquid';
import type { VenueEvent, VenueOrder } from '@hyperfleet/paper-exchange';
import type { AccountReads, AccountView } from '@hyperfleet/trading';
import { accountView, fillView, foldedStatus, openOrderView } from '../support/venue-words.ts';
import type { Life } from './life.ts';
import { type LinkOptions, TIMEOUT_MS } from './link-events.ts';

const CLOSED_KEPT = 200;

/** Reads of one account. What has gone is remembered for those that tell of a moment before. */
export function createPast({ venue, clock, user, chance, weather, events }: LinkOptions) {
  const accounts: { readonly atMs: number; readonly view: AccountView }[] = [];
  const closed: { readonly atMs: number; readonly order: VenueOrder }[] = [];
  /** Children that were last seen to wait for their parent: one that ended with it was not armed before. */
  const waiting = new Set<number>();

  const read = <T>(life: Life, tell: (asOfMs: number) => T): Promise<T> =>
    new Promise((resolve, reject) => {
      const heard = (answer: () => void): void => life.hang.whenAwake(() => life.alive && answer());
      const fault = weather.readFault();
      const afterMs = fault === 'timed-out' ? TIMEOUT_MS : chance.int(20, 200);
      if (fault !== null) events.trouble(`read ${fault}`, afterMs);
      clock.after(afterMs, () => {
        if (fault !== null) {
          heard(() => reject(new VenueReadError(fault === 'failed' ? 'VENUE_DOWN' : 'VENUE_TIMEOUT', 'the read failed')));
          return;
        }
        if (!life.alive) return;
        const lagMs = weather.lagMs();
        if (lagMs > 0) events.trouble('lag', lagMs);
        const told = tell(clock.now() - lagMs);
        heard(() => resolve(told));
      });
    });

  const accountAt = (asOfMs: number): AccountView => {
    if (asOfMs === clock.now()) return accountView(venue, user, asOfMs);
    return accounts.findLast(({ atMs }) => atMs <= asOfMs)?.view ?? accountView(venue, user, asOfMs);
  };
  const openAt = (asOfMs: number): readonly VenueOrder[] => {
    const open = venue.openOrders(user);
    if (asOfMs === clock.now()) return open;
    const gone = closed.filter(({ atMs, order }) => atMs > asOfMs && order.timestampMs <= asOfMs).map(({ order }) => order);
    return [...gone, ...open.filter((order) => order.timestampMs <= asOfMs)];
  };

  return {
    remember(event: VenueEvent): void {
      if (event.kind === 'order' && event.status === 'open') {
        if (event.order.waitingForFill) waiting.add(event.order.oid);
        else waiting.delete(event.order.oid);
      }
      if (weather.rate('lag') === 0 && accounts.length === 0) return;
      if (event.kind === 'account') {
        accounts.push({ atMs: clock.now(), view: accountView(venue, user, clock.now()) });
        if (accounts.length > CLOSED_KEPT) accounts.shift();
      }
      if (event.kind === 'order' && event.status !== 'open' && event.status !== 'triggered') {
        const { sz, origSz, oid } = event.order;
        closed.push({ atMs: clock.now(), order: { ...event.order, sz: sz > 0 ? sz : origSz, waitingForFill: waiting.has(oid) } });
        if (closed.length > CLOSED_KEPT) closed.shift();
      }
    },
    readsOf: (life: Life): AccountReads => ({
      account: () => read(life, accountAt),
      openOrders() {
        events.asks(life, 'open orders', clock.now());
        return read(life, (asOfMs) => openAt(asOfMs).map(openOrderView));
      },
      orderByCloid: (cloid) =>
        read(life, (asOfMs) => {
          const order = venue.order(user, cloid);
          if (order === null || order.timestampMs > asOfMs) return { kind: 'unknown-oid' };
          const isOld = order.statusTimestampMs > asOfMs;
          const word = isOld ? 'open' : order.status;
          const { oid, origSz } = order;
          return {
            kind: 'known',
            oid,
            status: foldedStatus(word),
            word,
            sz: isOld ? origSz : order.sz,
            origSz,
            timeMs: order.statusTimestampMs,
          };
        }),
      fillsSince(startMs) {
        events.asks(life, 'fills', startMs);
        return read(life, (asOfMs) => venue.fills(user, startMs).flatMap((fill) => (fill.timeMs <= asOfMs ? [fillView(fill)] : [])));
      },
      fundingSince: (startMs) =>
        read(life, (asOfMs) =>
          venue
            .fundings(user)
            .filter((payment) => payment.timeMs >= startMs && payment.timeMs <= asOfMs)
            .map(({ coin, timeMs, usd, szi }) => ({ coin, timeMs, usd, szi })),
        ),
      transfersSince: () => read(life, () => []),
      feeRates: () => read(life, () => ({ takerPpm: venue.settings.takerFeePpm, makerPpm: venue.settings.makerFeePpm })),
    }),
  };
}
