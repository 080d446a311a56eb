import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../testing/temp-dir.ts';
import { type ClockSession, marketToWall, wallToMarket } from './clock-sessions.ts';
import { openLedger } from './open-ledger.ts';

/** A run of ten wall seconds at speed 10, then 90 s of nothing, then a run at speed 20 from where the market stood. */
const SESSIONS: readonly ClockSession[] = [
  { id: 1, wallStartMs: 1_000_000, marketStartMs: 50_000_000, speed: 10, wallLastMs: 1_010_000, marketLastMs: 50_100_000 },
  { id: 2, wallStartMs: 1_100_000, marketStartMs: 50_100_000, speed: 20, wallLastMs: 1_105_000, marketLastMs: 50_200_000 },
];

describe('wall time on the market clock', () => {
  it('runs at the speed of the newest run while it lasts, past its newest note too', () => {
    expect(wallToMarket(SESSIONS, 1_102_000)).toBe(50_140_000);
    expect(wallToMarket(SESSIONS, 1_110_000)).toBe(50_300_000);
  });

  it('ages a row as the wall goes while nothing ran', () => {
    expect(wallToMarket(SESSIONS, 1_100_000)).toBe(50_100_000);
    expect(wallToMarket(SESSIONS, 1_099_000)).toBe(50_100_000 - 1_000);
    expect(wallToMarket(SESSIONS, 1_010_000)).toBe(50_100_000 - 90_000);
  });

  it('ages a row of an earlier run at that run’s speed, and the pause after it as the wall went', () => {
    expect(wallToMarket(SESSIONS, 1_004_000)).toBe(50_100_000 - 90_000 - 6_000 * 10);
  });

  it('ages a row written before the first run as the wall went, so that a fast replay expires nothing young', () => {
    expect(wallToMarket(SESSIONS, 999_000)).toBe(50_100_000 - 90_000 - 10_000 * 10 - 1_000);
    const [first] = SESSIONS as [ClockSession];
    expect(wallToMarket([first], 940_000)).toBe(50_000_000 - 60_000);
  });

  it('is the wall’s own where nothing ever ran', () => {
    expect(wallToMarket([], 5)).toBe(5);
    expect(marketToWall([], 5)).toBe(5);
  });

  it('never goes back, and inside the newest run comes back from the market to the same millisecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: 990_000, max: 1_120_000 }), fc.integer({ min: 0, max: 10_000 }), (wallMs, later) => {
        expect(wallToMarket(SESSIONS, wallMs + later)).toBeGreaterThanOrEqual(wallToMarket(SESSIONS, wallMs));
        if (wallMs >= 1_100_000) expect(marketToWall(SESSIONS, wallToMarket(SESSIONS, wallMs))).toBe(wallMs);
      }),
    );
  });

  it('is remembered by the ledger', () => {
    const ledger = openLedger(join(tempDir(), 'ledger.db'));
    const id = ledger.beginClockSession({ wallMs: 100, marketMs: 7_000, speed: 2.5 });
    ledger.touchClockSession(id, 200, 7_250);
    const [session] = ledger.clockSessions();
    expect(session).toEqual({ id, wallStartMs: 100, marketStartMs: 7_000, speed: 2.5, wallLastMs: 200, marketLastMs: 7_250 });
    ledger.close();
  });
});
