import type { RestartConfig } from '@hyperfleet/config';
import { type Supervised, supervise } from '@hyperfleet/supervisor';
import type { LogRecord } from '@hyperfleet/telemetry';
import { assertNever } from '../assert-never.ts';
import { type GatedClock, gateClock } from '../clock.ts';
import type { VenueData, VenueProtocol } from '../protocol.ts';
import { WORKER_LIMITS } from './worker-limits.ts';

/** Longest replay of a journal, wall time: days of a recorded market. */
const REPLAY_MS = 600_000;

/** The paper venue, up and running by the fleet's clock. */
export interface RunningVenue {
  readonly url: string;
  /** Stands until it is opened, when the bots are at their places. */
  readonly clock: GatedClock;
  readonly worker: Supervised<VenueProtocol>;
}

export interface VenueEvents {
  readonly log: (record: LogRecord) => void;
  readonly onMarketEnded: () => void;
  readonly onRestart: (worker: string, reason: string) => void;
  readonly onHalted: (worker: string, reason: string) => void;
}

/**
 * Starts the venue and makes the clock: replaying a journal takes its time, and no market passes meanwhile. A venue that dies
 * comes back on the same port, its market having gone on without it. Rejects when it cannot be started at all.
 */
export async function startVenue(
  data: Omit<VenueData, 'clock' | 'port'>,
  how: { readonly speed: number; readonly restart: RestartConfig },
  events: VenueEvents,
): Promise<RunningVenue> {
  let clock: GatedClock | null = null;
  let port = 0;
  const listening = Promise.withResolvers<{ url: string; nowMs: number }>();
  const worker = supervise<VenueProtocol>({
    name: 'paper-venue',
    entry: new URL('../workers/paper-venue.worker.ts', import.meta.url),
    launch: () => ({ workerData: { ...data, clock: clock?.mapping ?? null, port } satisfies VenueData }),
    ...WORKER_LIMITS,
    readyTimeoutMs: REPLAY_MS,
    restart: how.restart,
    onMessage(message) {
      switch (message.kind) {
        case 'log':
          events.log(message.record);
          return;
        case 'listening':
          port = message.port;
          listening.resolve(message);
          return;
        case 'market-ended':
          events.onMarketEnded();
          return;
        default:
          assertNever(message);
      }
    },
    onRestart: (reason) => events.onRestart('paper-venue', reason),
    onHalted: (reason) => events.onHalted('paper-venue', reason),
  });
  await worker.firstReady;
  const { url, nowMs } = await listening.promise;
  clock = gateClock(nowMs, how.speed);
  worker.post({ kind: 'go', clock: clock.mapping });
  return { url, clock, worker };
}
