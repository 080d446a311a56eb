/**
 * What the public prints alone say of a resting order: knows nothing of the matching core. Two bounds: the first print that
 * could have met the order at all (nobody stood before it), and the first by which it must have been met (everybody before it
 * stayed and traded first, or a print went beyond its price).
 */
import type { MarketEvent } from '@hyperfleet/paper-exchange';
import type { Probe } from './probes.ts';

export interface Verdict {
  /** Place of the first event that could have met the order, or null when none did in its life. */
  readonly possibleBy: number | null;
  readonly possibleMs: number | null;
  /** Place of the event by which it must have been wholly filled, or null. */
  readonly certainBy: number | null;
}

interface Timeline {
  readonly places: number[];
  readonly events: MarketEvent[];
}

/** Judges each probe against the events of its coin. `events` is the whole market, in the order the probes were laid in. */
export function judge(probes: readonly Probe[], events: readonly MarketEvent[]): Map<Probe, Verdict> {
  const timelines = new Map<string, Timeline>();
  events.forEach((event, place) => {
    const line = timelines.get(event.coin) ?? { places: [], events: [] };
    line.places.push(place);
    line.events.push(event);
    timelines.set(event.coin, line);
  });
  return new Map(probes.map((probe) => [probe, verdictOf(probe, timelines.get(probe.coin) ?? { places: [], events: [] })]));
}

function firstAfter(places: readonly number[], place: number): number {
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((places[middle] ?? 0) > place) high = middle;
    else low = middle + 1;
  }
  return low;
}

function verdictOf(probe: Probe, { places, events }: Timeline): Verdict {
  const sign = probe.side === 'buy' ? 1 : -1;
  let possible: { place: number; atMs: number } | null = null;
  let certainBy: number | null = null;
  let traded = 0;
  let beyond = 0;
  const seen = new Set<number>();
  let inGap = false;
  let matchFromMs = probe.depthMs;
  for (let i = firstAfter(places, probe.bornAfter); i < events.length; i += 1) {
    const event = events[i];
    const place = places[i];
    if (event === undefined || place === undefined || event.atMs > probe.endMs) break;
    if (event.kind === 'gap') inGap = true;
    if (event.kind === 'book' && inGap) {
      // What was traded while the feed was silent is told afterwards, and nobody could have followed it.
      inGap = false;
      matchFromMs = event.exchangeTimeMs;
    }
    if (event.kind !== 'prints' || inGap) continue;
    for (const print of event.prints) {
      if (seen.has(print.tid) || print.exchangeTimeMs < matchFromMs) continue;
      seen.add(print.tid);
      const isBeyond = print.px * sign < probe.px * sign;
      const isMeeting = print.px === probe.px && print.side === (sign === 1 ? 'sell' : 'buy');
      if (!isBeyond && !isMeeting) continue;
      possible ??= { place, atMs: event.atMs };
      if (isBeyond) beyond += print.sz;
      else traded += print.sz;
      if (beyond >= probe.sz || traded >= probe.depthAhead + probe.sz) certainBy ??= place;
    }
  }
  return { possibleBy: possible?.place ?? null, possibleMs: possible?.atMs ?? null, certainBy };
}
