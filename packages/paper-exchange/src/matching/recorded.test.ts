import { type Instrument, type Lots, microUsd, type Ticks } from '@hyperfleet/trading';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundledRecordingPath } from '../bundled-recording.ts';
import type { MarketEvent } from '../market/event.ts';
import { openRecording } from '../market/recording.ts';
import type { Address, Venue, VenueFill } from './contract.ts';
import { responseDecimal } from './validation.ts';
import { createVenue } from './venue.ts';

/** One account a coin and side rests a probe at the touch and moves it along every 5 s: a market maker of one lot size. */
const PROBE_EVERY_MS = 5_000;

interface Replayed {
  readonly venue: Venue;
  readonly events: readonly MarketEvent[];
  readonly fills: readonly VenueFill[];
  readonly instruments: readonly Instrument[];
}

const probeUser = (asset: number, side: 'buy' | 'sell'): Address =>
  `0x${String(asset).padStart(38, '0')}${side === 'buy' ? 'b1' : '51'}` as Address;

/** Ten to twenty dollars' worth and a bit, whatever the coin. */
const probeSize = (px: Ticks): Lots => Math.ceil(60_000_000 / px) as Lots;

function replay(): Replayed {
  const recording = openRecording(bundledRecordingPath);
  const { instruments } = recording.header;
  const venue = createVenue({ instruments });
  const events = [...recording.events()];
  let nextProbeMs = 0;
  for (const event of events) {
    venue.market(event);
    if (event.atMs < nextProbeMs) continue;
    nextProbeMs = event.atMs + PROBE_EVERY_MS;
    for (const instrument of instruments) moveProbes(venue, instrument, event.atMs);
    venue.drain();
  }
  const users = instruments.flatMap(({ assetId }) => [probeUser(assetId, 'buy'), probeUser(assetId, 'sell')]);
  return { venue, events, instruments, fills: users.flatMap((user) => venue.fills(user)) };
}

function moveProbes(venue: Venue, instrument: Instrument, nowMs: number): void {
  const { assetId, szDecimals } = instrument;
  const { bids, asks, inGap } = venue.assetMarket(assetId);
  for (const side of ['buy', 'sell'] as const) {
    const user = probeUser(assetId, side);
    if (!venue.exists(user)) venue.fund(user, microUsd(10_000_000_000_000), nowMs);
    const touch = (side === 'buy' ? bids : asks)[0]?.px;
    if (touch === undefined || inGap) continue;
    const cancels = venue.openOrders(user).map(({ oid }) => ({ asset: assetId, oid }));
    venue.execute(user, { type: 'cancel', cancels }, nowMs);
    const px = responseDecimal(touch, 6 - szDecimals);
    const sz = responseDecimal(probeSize(touch), szDecimals);
    const order = { asset: assetId, side, px, sz, reduceOnly: false, type: { kind: 'limit', tif: 'Alo' }, cloid: null } as const;
    venue.execute(user, { type: 'order', orders: [order], grouping: 'na' }, nowMs);
  }
}

describe('the bundled recording, with probes at the touch of every coin', () => {
  let run: Replayed;
  beforeAll(() => {
    run = replay();
  });

  it('fills probes on every coin, as makers, and makes or loses no money', () => {
    for (const { coin } of run.instruments) expect(run.fills.some((fill) => fill.coin === coin)).toBe(true);
    expect(run.fills.every((fill) => !fill.crossed)).toBe(true);
    expect(run.venue.audit().conservationErrorUsd).toBe(0);
  });

  it('gives no fill that neither a print at or beyond its price nor a crossing book could have given', () => {
    const byTime = Map.groupBy(run.events, (event) => `${event.coin} ${event.atMs}`);
    for (const fill of run.fills) {
      const sign = fill.side === 'buy' ? 1 : -1;
      const causes = byTime.get(`${fill.coin} ${fill.timeMs}`) ?? [];
      expect(causes.some((event) => couldFill(event, fill, sign))).toBe(true);
    }
  });

  it('hands out no more of a print than it had', () => {
    const printed = new Map<string, number>();
    for (const event of run.events) {
      if (event.kind !== 'prints') continue;
      const key = `${event.coin} ${event.atMs}`;
      printed.set(key, (printed.get(key) ?? 0) + event.prints.reduce((sum, print) => sum + print.sz, 0));
    }
    const crossing = new Set(run.events.flatMap((event) => (event.kind === 'prints' ? [] : [`${event.coin} ${event.atMs}`])));
    for (const [key, fills] of Map.groupBy(run.fills, (fill) => `${fill.coin} ${fill.timeMs}`)) {
      if (crossing.has(key)) continue;
      expect(fills.reduce((sum, fill) => sum + fill.sz, 0)).toBeLessThanOrEqual(printed.get(key) ?? 0);
    }
  });

  it('fills nobody in the gap', () => {
    const gaps = run.events.filter((event) => event.kind === 'gap');
    expect(gaps.length).toBeGreaterThan(0);
    for (const gap of gaps) {
      const inside = run.fills.filter((fill) => fill.coin === gap.coin && fill.timeMs >= gap.atMs && fill.timeMs < gap.untilMs);
      expect(inside).toEqual([]);
    }
  });
});

function couldFill(event: MarketEvent, fill: VenueFill, sign: 1 | -1): boolean {
  switch (event.kind) {
    case 'prints':
      return event.prints.some((print) => print.px * sign <= fill.px * sign);
    case 'book': {
      const best = (sign === 1 ? event.asks : event.bids)[0];
      return best !== undefined && best.px * sign <= fill.px * sign;
    }
    case 'bbo': {
      const best = sign === 1 ? event.ask : event.bid;
      return best !== null && best.px * sign <= fill.px * sign;
    }
    case 'gap':
    case 'mark':
      return false;
    default: {
      const never: never = event;
      throw new Error(`unexpected event ${JSON.stringify(never)}`);
    }
  }
}
