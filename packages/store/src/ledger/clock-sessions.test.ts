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
  it('runs at the speed of the run it falls into', () => {
    expect(wallToMarket(SESSIONS, 1_004_000)).toBe(50_040_000);
    expect(wallToMarket(SESSIONS, 1_102_000)).toBe(50_140_000);
  });

  it('goes on past the newest note of the run that still lasts', () => {
    expect(wallToMarket(SESSIONS, 1_110_000)).toBe(50_300_000);
  });

  it('stands still between two runs', () => {
    expect(wallToMarket(SESSIONS, 1_010_001)).toBe(50_100_000);
    expect(wallToMarket(SESSIONS, 1_099_999)).toBe(50_100_000);
  });

  it('goes on after the last note of a run that died, but not past where the next began', () => {
    const [first, second] = SESSIONS as [ClockSession, ClockSession];
    const died = [first, { ...second, marketStartMs: 50_103_000 }];
    expect(wallToMarket(died, 1_010_200)).toBe(50_102_000);
    expect(wallToMarket(died, 1_050_000)).toBe(50_103_000);
  });

  it('before the first run is as old as if it had run at that speed already', () => {
    expect(wallToMarket(SESSIONS, 999_000)).toBe(49_990_000);
  });

  it('is the wall’s own where nothing ever ran', () => {
    expect(wallToMarket([], 5)).toBe(5);
    expect(marketToWall([], 5)).toBe(5);
  });

  it('never goes back, and inside a run comes back from the market to the same millisecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: 990_000, max: 1_120_000 }), fc.integer({ min: 0, max: 10_000 }), (wallMs, later) => {
        expect(wallToMarket(SESSIONS, wallMs + later)).toBeGreaterThanOrEqual(wallToMarket(SESSIONS, wallMs));
        const inRun = wallMs < 1_010_000 || wallMs >= 1_100_000;
        if (inRun) expect(marketToWall(SESSIONS, wallToMarket(SESSIONS, wallMs))).toBe(wallMs);
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
