import type { Connection } from '../database.ts';

/** One run of the fleet: how wall time and market time went beside each other. All times ms since the epoch. */
export interface ClockSession {
  readonly id: number;
  readonly wallStartMs: number;
  readonly marketStartMs: number;
  /** Market milliseconds in one wall millisecond. */
  readonly speed: number;
  /** The newest moment noted of this run. */
  readonly wallLastMs: number;
  readonly marketLastMs: number;
}

type Sessions = readonly ClockSession[];

/**
 * Market time at which a row written at this wall time counts as created, ms, whole, seen from the newest run. While a run
 * lasts, a row ages at the run's speed; between runs and before the first one it ages as the wall goes, so that what was
 * written overnight is old in the morning although the replayed market stood still, and what was written a minute before a
 * fast replay began is a minute old. Without any run the two times are the same. Sessions oldest first.
 */
export function wallToMarket(sessions: Sessions, wallMs: number): number {
  const newest = sessions.at(-1);
  if (newest === undefined) return wallMs;
  if (wallMs >= newest.wallStartMs) return Math.round(newest.marketStartMs + (wallMs - newest.wallStartMs) * newest.speed);
  let ageMs = 0;
  let fromMs = newest.wallStartMs;
  for (const { wallStartMs, wallLastMs, speed } of sessions.slice(0, -1).reverse()) {
    ageMs += fromMs - Math.min(fromMs, Math.max(wallMs, wallLastMs));
    if (wallMs >= wallLastMs) return Math.round(newest.marketStartMs - ageMs);
    ageMs += (wallLastMs - Math.max(wallMs, wallStartMs)) * speed;
    if (wallMs >= wallStartMs) return Math.round(newest.marketStartMs - ageMs);
    fromMs = wallStartMs;
  }
  return Math.round(newest.marketStartMs - ageMs - (fromMs - wallMs));
}

/** Wall time of a market time, ms, whole: the inverse, with the newest run whose market had begun by then. */
export function marketToWall(sessions: Sessions, marketMs: number): number {
  const first = sessions[0];
  if (first === undefined) return marketMs;
  let current = first;
  for (const session of sessions) if (session.marketStartMs <= marketMs) current = session;
  return Math.round(current.wallStartMs + (marketMs - current.marketStartMs) / current.speed);
}

const SELECT = `
  SELECT id, wall_start_ms AS wallStartMs, market_start_ms AS marketStartMs, speed, wall_last_ms AS wallLastMs, market_last_ms AS marketLastMs
  FROM clock_sessions ORDER BY id`;

/** The table `clock_sessions`. */
export function createClockTable(db: Connection) {
  const insert = db.prepare<[number, number, number, number, number]>(
    'INSERT INTO clock_sessions (wall_start_ms, market_start_ms, speed, wall_last_ms, market_last_ms) VALUES (?, ?, ?, ?, ?)',
  );
  const touch = db.prepare<[number, number, number]>('UPDATE clock_sessions SET wall_last_ms = ?, market_last_ms = ? WHERE id = ?');
  const move = db.prepare<[number, number, number]>('UPDATE clock_sessions SET wall_start_ms = ?, wall_last_ms = ? WHERE id = ?');
  const all = db.prepare<[], ClockSession>(SELECT);
  return {
    begin(start: { wallMs: number; marketMs: number; speed: number }): number {
      const { wallMs, marketMs, speed } = start;
      return Number(insert.run(wallMs, marketMs, speed, wallMs, marketMs).lastInsertRowid);
    },
    touch: (id: number, wallMs: number, marketMs: number): void => void touch.run(wallMs, marketMs, id),
    move: (id: number, wallMs: number): void => void move.run(wallMs, wallMs, id),
    all: (): readonly ClockSession[] => all.all(),
  };
}
