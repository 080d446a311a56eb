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

const marketIn = (session: ClockSession, wallMs: number): number => session.marketStartMs + (wallMs - session.wallStartMs) * session.speed;

/**
 * Market time of a wall time, ms, whole. Inside a run it is linear; between runs the market stood still, after the last
 * noted moment of a run that died it goes on at most to where the next one began; before the first run it is taken to have
 * run at that one's speed, so that a row written just before the start ages as one written just after. Without any run the
 * two are the same. Sessions oldest first.
 */
export function wallToMarket(sessions: Sessions, wallMs: number): number {
  const first = sessions[0];
  if (first === undefined) return wallMs;
  let current = first;
  let next: ClockSession | undefined;
  for (const session of sessions) {
    if (session.wallStartMs <= wallMs) current = session;
    else {
      next = session === first ? undefined : session;
      break;
    }
  }
  const linear = Math.round(marketIn(current, wallMs));
  return next === undefined ? linear : Math.min(linear, Math.max(next.marketStartMs, current.marketLastMs));
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
  const all = db.prepare<[], ClockSession>(SELECT);
  return {
    begin(start: { wallMs: number; marketMs: number; speed: number }): number {
      const { wallMs, marketMs, speed } = start;
      return Number(insert.run(wallMs, marketMs, speed, wallMs, marketMs).lastInsertRowid);
    },
    touch: (id: number, wallMs: number, marketMs: number): void => void touch.run(wallMs, marketMs, id),
    all: (): readonly ClockSession[] => all.all(),
  };
}
