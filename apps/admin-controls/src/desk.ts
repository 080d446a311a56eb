import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { dataDirHolder, type LedgerHandle, openLedger, openSignalQueue, type SignalQueueHandle } from '@hyperfleet/store';
import { type FleetStatus, readStatus } from './status-file.ts';

/** What a verb works on. */
export interface Desk {
  readonly ledger: LedgerHandle;
  /** The signals database, opened when it is first asked for: what is there may be known without it. Throws StoreError. */
  queue(): SignalQueueHandle;
  /** Bots the target names, by their configured ids. */
  readonly bots: readonly string[];
  /** The target was ALL. */
  readonly all: boolean;
  /** Whether a fleet runs on this data directory, and what it last said of itself. */
  readonly running: { readonly pid: number } | null;
  readonly status: FleetStatus | null;
  readonly json: boolean;
  readonly wait: boolean;
  readonly foreign: boolean;
  print(line: string): void;
}

export interface DeskPaths {
  readonly dataDir: string;
  readonly signalsDb: string;
}

/** Opens the ledger of a data directory, and its signals database when it is needed. Throws an Error saying what is missing. */
export function openDesk(
  paths: DeskPaths,
  rest: Pick<Desk, 'bots' | 'all' | 'json' | 'wait' | 'foreign' | 'print'>,
): Desk & { close(): void } {
  const ledgerPath = join(paths.dataDir, 'ledger.db');
  if (!existsSync(ledgerPath)) {
    throw new Error(
      `no fleet has ever run on ${paths.dataDir} (there is no ledger.db); start one with npm start, or name its directory with --data-dir`,
    );
  }
  const ledger = openLedger(ledgerPath);
  let queue: SignalQueueHandle | null = null;
  const holder = dataDirHolder(paths.dataDir);
  return {
    ...rest,
    ledger,
    queue() {
      queue ??= openSignalQueue(paths.signalsDb);
      return queue;
    },
    running: holder === null ? null : { pid: holder.pid },
    status: readStatus(paths.dataDir),
    close() {
      queue?.close();
      ledger.close();
    },
  };
}

/** A fleet writes its status each second, ms of wall time; one this old was written by a fleet that cannot write, or hangs. */
const STALE_MS = 5_000;

/** How long ago a running fleet last said how it stands, ms, where that is too long ago to be how it stands now; else null. */
export function staleMs({ running, status }: Pick<Desk, 'running' | 'status'>): number | null {
  const ageMs = running === null || status === null ? 0 : Date.now() - status.atWallMs;
  return ageMs > STALE_MS ? ageMs : null;
}

/** The line every answer ends with: whether anybody is there to act, and from when what it says of itself is. */
export function runningLine(desk: Pick<Desk, 'running' | 'status'>): string {
  if (desk.running === null) return 'The fleet is not running.';
  const line = `The fleet is running (process ${desk.running.pid}).`;
  const ageMs = staleMs(desk);
  if (ageMs === null) return line;
  const age = `${Math.round(ageMs / 1_000)} s ago`;
  return `${line} What it says of itself is as of ${age}: it writes that each second, and has not been able to since; see its output and fleet.log.`;
}
