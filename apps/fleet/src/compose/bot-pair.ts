import { MessageChannel } from 'node:worker_threads';
import type { BotReport } from '@hyperfleet/bot';
import type { RestartConfig } from '@hyperfleet/config';
import { type Supervised, supervise } from '@hyperfleet/supervisor';
import type { LogRecord } from '@hyperfleet/telemetry';
import { assertNever } from '../assert-never.ts';
import type { BotData, BotProtocol, Damage } from '../protocol.ts';
import { BOT_MEMORY, WORKER_LIMITS } from './worker-limits.ts';

type Half = 'signal' | 'fill-monitor';
const HALVES: readonly Half[] = ['signal', 'fill-monitor'];
const ENTRIES: Readonly<Record<Half, URL>> = {
  signal: new URL('../workers/signal.worker.ts', import.meta.url),
  'fill-monitor': new URL('../workers/fill-monitor.worker.ts', import.meta.url),
};

/** A bot's two workers. */
export interface BotPair {
  readonly id: string;
  readonly restarts: number;
  /** Both have been ready once. */
  readonly ready: Promise<void>;
  readonly isReady: boolean;
  wake(): void;
  /** Gives its guard a stream or takes it away; false when there is no guard to be told. */
  stream(isGranted: boolean): boolean;
  /** Ends both workers, which begin anew with what they are started with then. */
  renew(reason: string): void;
  /** First the way in, then the guard, so that what the first still does is heard by the second. */
  drain(timeoutMs: number): Promise<void>;
}

export interface BotPairEvents {
  readonly log: (record: LogRecord) => void;
  readonly onReport: (half: Half, report: BotReport) => void;
  readonly onRestart: (worker: string, reason: string) => void;
  /** A worker found a database damaged. */
  readonly onDamaged: (damage: Damage) => void;
  /** The guard's stream is closed, or gone with its thread. */
  readonly onStreamClosed: () => void;
  /** A worker is ready, at its first start or again. */
  readonly onReady: () => void;
  readonly onHalted: (worker: string, reason: string) => void;
}

/** Starts a bot's two workers, each start with what `data` says then, and the line between them, which is made anew whenever either of them is. */
export function startBotPair(
  data: () => Omit<BotData, 'launch'>,
  how: { readonly restart: RestartConfig; readonly readyTimeoutMs: number },
  events: BotPairEvents,
): BotPair {
  const { id } = data().settings;
  const workers = new Map<Half, Supervised<BotProtocol>>();
  let launches = 0;
  const launch = (): { readonly workerData: BotData } => {
    launches += 1;
    return { workerData: { ...data(), launch: launches } };
  };
  const sayGuardGone = (): void => void workers.get('signal')?.post({ kind: 'guard-gone' });

  function connect(): void {
    const signal = workers.get('signal');
    const guard = workers.get('fill-monitor');
    if (signal === undefined || guard === undefined) return;
    const { port1, port2 } = new MessageChannel();
    // A port nobody took would keep its other end waiting for ever.
    const isGuardUp = guard.state === 'ready';
    if (!signal.post({ kind: 'peer', port: port1, isGuardUp }, [port1])) port1.close();
    if (guard.post({ kind: 'peer', port: port2, isGuardUp }, [port2])) return;
    port2.close();
    sayGuardGone();
  }

  function guardEnded(): void {
    events.onStreamClosed();
    sayGuardGone();
  }

  for (const half of HALVES) {
    const name = `${id}/${half}`;
    const worker = supervise<BotProtocol>({
      name,
      entry: ENTRIES[half],
      launch,
      resourceLimits: BOT_MEMORY,
      beatTimeoutMs: WORKER_LIMITS.beatTimeoutMs,
      leaveTimeoutMs: WORKER_LIMITS.leaveTimeoutMs,
      ...how,
      // Deferred: at the very first start the worker is not in the map yet.
      onStart: () => queueMicrotask(connect),
      onMessage(message) {
        switch (message.kind) {
          case 'log':
            events.log(message.record);
            return;
          case 'report':
            events.onReport(half, message.report);
            return;
          case 'damaged':
            events.onDamaged(message);
            return;
          case 'stream-closed':
            events.onStreamClosed();
            return;
          default:
            assertNever(message);
        }
      },
      onReady: events.onReady,
      onRestart(reason) {
        if (half === 'fill-monitor') guardEnded();
        events.onRestart(name, reason);
      },
      onHalted(reason) {
        if (half === 'fill-monitor') guardEnded();
        events.onHalted(name, reason);
      },
    });
    workers.set(half, worker);
  }

  const all = [...workers.values()];
  let isReady = false;
  const ready = Promise.all(all.map(({ firstReady }) => firstReady)).then(() => {
    isReady = true;
  });
  ready.catch(() => undefined);
  return {
    id,
    get restarts() {
      return all.reduce((sum, worker) => sum + worker.restarts, 0);
    },
    ready,
    get isReady() {
      return isReady;
    },
    wake: () => void workers.get('signal')?.post({ kind: 'wake' }),
    stream: (isGranted) => workers.get('fill-monitor')?.post({ kind: 'stream', isGranted }) ?? false,
    renew(reason) {
      for (const worker of all) worker.renew(reason);
    },
    async drain(timeoutMs) {
      for (const half of HALVES) await workers.get(half)?.drain(timeoutMs);
    },
  };
}
