import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a running fleet writes each second about itself, decimal strings for money. */
export interface FleetStatus {
  readonly atWallMs: number;
  readonly bots: readonly {
    readonly id: string;
    readonly state: string;
    readonly equityUsd: string | null;
    readonly health?: string | null;
    readonly healthReasons?: readonly string[];
    readonly hearing?: 'stream' | 'poll' | null;
    /** Null while no round trip is measured. */
    readonly nakedBoundMs?: number | null;
  }[];
  /** Mark price by coin. */
  readonly marks: Readonly<Record<string, string>>;
}

/** The status file of a data directory; null where there is none or it is unreadable. */
export function readStatus(dataDir: string): FleetStatus | null {
  try {
    const value: unknown = JSON.parse(readFileSync(join(dataDir, 'status.json'), 'utf8'));
    if (typeof value !== 'object' || value === null || !('bots' in value) || !Array.isArray(value.bots)) return null;
    return { marks: {}, atWallMs: 0, ...value } as FleetStatus;
  } catch {
    return null;
  }
}
