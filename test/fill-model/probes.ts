/**
 * Passive probes: small post-only orders at the touch and a few ticks behind it, laid into a recorded market again and again,
 * to see when the matching core says they filled. Each distance has a venue of its own, so that no probe takes another's print.
 */
import { createVenue, type MarketEvent, type Venue } from '@hyperfleet/paper-exchange';
import {
  formatPrice,
  formatSize,
  type Instrument,
  type Level,
  type Lots,
  microUsd,
  roundPrice,
  type Side,
  type Ticks,
  ticks,
} from '@hyperfleet/trading';

/** One order of the study, from its placing to its fill or its end. */
export interface Probe {
  readonly coin: string;
  readonly side: Side;
  /** Price steps behind the touch at its placing; 0 joins it. */
  readonly distance: number;
  readonly px: Ticks;
  readonly sz: Lots;
  readonly bornMs: number;
  /** The order of its birth among the events: only events after this one can fill it. */
  readonly bornAfter: number;
  /** Exchange time of the depth it came to: older prints were over by then. */
  readonly depthMs: number;
  /** Recorded lots at its price when it came. */
  readonly depthAhead: number;
  /** The event that filled it wholly, or null. */
  readonly filledBy: number | null;
  readonly filledMs: number | null;
  readonly endMs: number;
}

export interface ProbeOptions {
  readonly instruments: readonly Instrument[];
  readonly events: Iterable<MarketEvent>;
  readonly distances: readonly number[];
  /** Market time after which an unfilled probe is taken away and laid anew at the touch of then. */
  readonly lifeMs: number;
  /** As the venue's setting of that name: true for a market that tells its trades. */
  readonly fillsByPrintsOnly: boolean;
}

interface Lane {
  readonly venue: Venue;
  readonly distance: number;
  readonly live: Map<string, Probe & { readonly oid: number }>;
}

const BUYER = '0x00000000000000000000000000000000000000b1';
const SELLER = '0x00000000000000000000000000000000000000a5';
const OWNER = { buy: BUYER, sell: SELLER } as const;
const SIDES = ['buy', 'sell'] as const;
/** Micro-dollars a probe is worth: above the venue's ten-dollar minimum at any price. */
const PROBE_NOTIONAL = 15_000_000;

/** Lays probes through the whole market and tells of each how it ended. Time is market time. */
export function layProbes({ instruments, events, distances, lifeMs, fillsByPrintsOnly }: ProbeOptions): Probe[] {
  const lanes = distances.map((distance): Lane => {
    const venue = createVenue({ instruments, settings: { fillsByPrintsOnly, maxFillsKept: 16, maxOrdersKept: 64 } });
    return { venue, distance, live: new Map() };
  });
  const ended: Probe[] = [];
  let place = 0;
  let started = false;
  for (const event of events) {
    const instrument = instruments.find(({ coin }) => coin === event.coin);
    for (const lane of lanes) {
      lane.venue.market(event);
      if (!started) for (const side of SIDES) lane.venue.fund(OWNER[side], microUsd(1_000_000_000_000), event.atMs);
      collectFills(lane, { ended, place });
      if (instrument !== undefined && event.kind === 'book') renew(lane, { instrument, nowMs: event.atMs, place, lifeMs, ended });
    }
    started = true;
    place += 1;
  }
  return ended;
}

function collectFills(lane: Lane, { ended, place }: { readonly ended: Probe[]; readonly place: number }): void {
  for (const happened of lane.venue.drain()) {
    if (happened.kind !== 'order' || happened.status !== 'filled') continue;
    const key = `${happened.order.coin} ${happened.order.side}`;
    const probe = lane.live.get(key);
    if (probe === undefined || probe.oid !== happened.order.oid) continue;
    lane.live.delete(key);
    ended.push({ ...probe, filledBy: place, filledMs: happened.timeMs, endMs: happened.timeMs });
  }
}

interface Renewal {
  readonly instrument: Instrument;
  readonly nowMs: number;
  readonly place: number;
  readonly lifeMs: number;
  readonly ended: Probe[];
}

/** At a book of the coin: takes away what is over its time and lays a probe where none stands. */
function renew(lane: Lane, { instrument, nowMs, place, lifeMs, ended }: Renewal): void {
  const { venue } = lane;
  for (const side of SIDES) {
    const key = `${instrument.coin} ${side}`;
    const old = lane.live.get(key);
    if (old !== undefined && nowMs - old.bornMs < lifeMs) continue;
    if (old !== undefined) {
      venue.execute(OWNER[side], { type: 'cancel', cancels: [{ asset: instrument.assetId, oid: old.oid }] }, nowMs);
      lane.live.delete(key);
      ended.push({ ...old, endMs: nowMs });
    }
    const laid = lay(lane, { instrument, side, nowMs, place });
    if (laid !== null) lane.live.set(key, laid);
  }
  venue.drain();
}

interface Laying {
  readonly instrument: Instrument;
  readonly side: Side;
  readonly nowMs: number;
  readonly place: number;
}

function lay({ venue, distance }: Lane, { instrument, side, nowMs, place }: Laying): (Probe & { readonly oid: number }) | null {
  const { bids, asks, inGap, bookTimeMs } = venue.assetMarket(instrument.assetId);
  const levels: readonly Level[] = side === 'buy' ? bids : asks;
  const touch = levels[0]?.px;
  if (touch === undefined || inGap) return null;
  let px = touch;
  for (let step = 0; step < distance; step += 1) {
    px = side === 'buy' ? roundPrice(ticks(px - 1), 'down', instrument) : roundPrice(ticks(px + 1), 'up', instrument);
  }
  const sz = Math.ceil(PROBE_NOTIONAL / px) as Lots;
  const reply = venue.execute(
    OWNER[side],
    {
      type: 'order',
      grouping: 'na',
      orders: [
        {
          asset: instrument.assetId,
          side,
          px: formatPrice(px, instrument),
          sz: formatSize(sz, instrument),
          reduceOnly: false,
          type: { kind: 'limit', tif: 'Alo' },
          cloid: null,
        },
      ],
    },
    nowMs,
  );
  const status = reply.status === 'ok' && reply.response.type === 'order' ? reply.response.data.statuses[0] : undefined;
  if (status === undefined || typeof status === 'string' || !('resting' in status)) return null;
  const depthAhead = levels.find((level) => level.px === px)?.sz ?? 0;
  return {
    coin: instrument.coin,
    side,
    distance,
    px,
    sz,
    bornMs: nowMs,
    bornAfter: place,
    depthMs: bookTimeMs,
    depthAhead,
    filledBy: null,
    filledMs: null,
    endMs: nowMs,
    oid: status.resting.oid,
  };
}
