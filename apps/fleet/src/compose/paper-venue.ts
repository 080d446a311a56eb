import type { PaperConfig, RestartConfig } from '@hyperfleet/config';
import { limitSettings, NO_LATENCY, REAL_LATENCY } from '@hyperfleet/paper-exchange';
import { type Supervised, supervise } from '@hyperfleet/supervisor';
import type { LogRecord } from '@hyperfleet/telemetry';
import { assertNever } from '../assert-never.ts';
import { type ClockMapping, type GatedClock, gateClock, mapClock } from '../clock.ts';
import type { VenueData, VenueProtocol } from '../protocol.ts';
import { WORKER_LIMITS } from './worker-limits.ts';

/** Longest replay of a journal, wall time: days of a recorded market. */
const REPLAY_MS = 600_000;

/** The paper venue, up and running by the fleet's clock. */
export interface RunningVenue {
  readonly url: string;
  /** Stands until it is opened, when the bots are at their places. */
  readonly clock: GatedClock;
  /** The same speed, from now on and without a stop: what budgets are counted by. */
  readonly pace: ClockMapping;
  readonly worker: Supervised<VenueProtocol>;
}

export interface VenueEvents {
  readonly log: (record: LogRecord) => void;
  readonly onMarketEnded: () => void;
  readonly onRestart: (worker: string, reason: string) => void;
  readonly onHalted: (worker: string, reason: string) => void;
  /** Resolves when somebody asks the fleet to stop: the start is given up then. */
  readonly asked: Promise<string>;
}

/** The fleet was asked to stop before its venue was up; the message says why. */
export class StartGivenUp extends Error {
  override readonly name = 'StartGivenUp';
}

/** The limits and delays of the venue, as the configuration has them. */
export function venueRules({ limits, connections, latency }: PaperConfig): Pick<VenueData, 'limits' | 'latency'> {
  return {
    // Followed accounts are counted as on mainnet, though the testnet would not.
    limits: limitSettings({ on: limits, figures: { wsConnections: connections } }),
    latency: latency === 'real' ? REAL_LATENCY : latency === 'none' ? NO_LATENCY : latency,
  };
}

/**
 * Starts the venue and makes the clock: replaying a journal takes its time, and no market passes meanwhile. A venue that dies
 * comes back on the same port, its market having gone on without it. Rejects when it cannot be started at all, with StartGivenUp when
 * somebody asked the fleet to stop before.
 */
export async function startVenue(
  data: Omit<VenueData, 'clock' | 'port' | 'speed'>,
  how: { readonly speed: number; readonly restart: RestartConfig },
  events: VenueEvents,
): Promise<RunningVenue> {
  let clock: GatedClock | null = null;
  let port = 0;
  const listening = Promise.withResolvers<{ url: string; nowMs: number }>();
  const worker = supervise<VenueProtocol>({
    name: 'paper-venue',
    entry: new URL('../workers/paper-venue.worker.ts', import.meta.url),
    launch: () => ({ workerData: { ...data, clock: clock?.mapping ?? null, port, speed: how.speed } satisfies VenueData }),
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
  const givenUp = await Promise.race([worker.firstReady.then(() => null), events.asked]);
  if (givenUp !== null) {
    await worker.terminate();
    throw new StartGivenUp(givenUp);
  }
  const { url, nowMs } = await listening.promise;
  clock = gateClock(nowMs, how.speed);
  worker.post({ kind: 'go', clock: clock.mapping });
  return { url, clock, pace: mapClock(nowMs, how.speed), worker };
}
