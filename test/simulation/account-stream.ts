/** What the venue tells of an account by itself. */
import type { VenueEvent } from '@hyperfleet/paper-exchange';
import type { AccountEvent } from '@hyperfleet/trading';
import { accountView, fillView, orderUpdate } from '../support/venue-words.ts';
import type { Life } from './life.ts';
import type { LinkOptions } from './link-events.ts';

/** Newest fills a stream tells when it (re)subscribes. */
const SNAPSHOT_FILLS = 20;

/** The account stream: in order unless the weather has it otherwise, and silent while it is stalled. */
export function createAccountStream({ venue, clock, user, chance, weather, events }: LinkOptions) {
  let listener: { readonly life: Life; readonly onEvent: (event: AccountEvent) => void } | null = null;
  let deafUntilMs = 0;
  let lastMs = 0;
  let session = 0;

  const deliver = (event: AccountEvent, delayMs: number): void => {
    const to = listener;
    const of = session;
    if (to === null) return;
    clock.after(delayMs, () => {
      if (of === session) to.life.hang.whenAwake(() => to.life.alive && to.onEvent(event));
    });
  };
  const inOrder = (event: AccountEvent): void => {
    lastMs = Math.max(lastMs, clock.now() + chance.int(5, 150));
    deliver(event, lastMs - clock.now());
  };
  const comeBack = (afterMs: number): void => {
    session += 1;
    deafUntilMs = clock.now() + afterMs;
    events.trouble('stream', afterMs);
    const of = session;
    clock.after(afterMs, () => {
      if (of !== session) return;
      deliver({ kind: 'fills', fills: venue.fills(user).slice(-SNAPSHOT_FILLS).map(fillView), isSnapshot: true }, 0);
      deliver({ kind: 'connected' }, 0);
      if (listener !== null) events.connected(listener.life);
    });
  };
  const messageOf = (event: VenueEvent): AccountEvent | null => {
    if (event.kind === 'fill') return { kind: 'fills', fills: [fillView(event.fill)], isSnapshot: false };
    if (event.kind === 'account') return { kind: 'account', account: accountView(venue, user, clock.now()) };
    if (event.kind === 'order') return { kind: 'orders', updates: [orderUpdate(event.order, event.status, event.timeMs)] };
    return null;
  };

  return {
    connect(life: Life, onEvent: (event: AccountEvent) => void): void {
      listener = { life, onEvent };
      comeBack(chance.int(50, 300));
    },
    hear(event: VenueEvent): void {
      if (listener === null || clock.now() < deafUntilMs) return;
      const message = messageOf(event);
      if (message === null) return;
      if (!weather.strikes('stream')) {
        inOrder(message);
        return;
      }
      const luck = chance.int(0, 9);
      events.note(`fault stream ${luck}`);
      // Twice, later than what comes after it, or the last that is heard before a silence.
      if (luck < 4) inOrder(message);
      if (luck < 8) {
        const delayMs = chance.int(100, 1_500);
        events.trouble('stream', delayMs);
        deliver(message, delayMs);
        return;
      }
      this.stall(chance.int(500, 4_000));
    },
    stall(ms: number): void {
      if (listener === null) return;
      session += 1;
      deafUntilMs = clock.now() + ms;
      events.trouble('stream', ms);
      const of = session;
      clock.after(ms, () => {
        if (of !== session) return;
        deliver({ kind: 'disconnected', reason: 'silent' }, 0);
        comeBack(chance.int(50, 800));
      });
    },
  };
}
