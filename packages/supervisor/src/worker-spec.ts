import type { ResourceLimits, Transferable } from 'node:worker_threads';
import type { WorkerProtocol } from './frame.ts';
import type { RestartPolicy } from './restart-policy.ts';

/** What a worker is started with; made anew for each start, since a transferred port serves one thread. */
export interface Launch {
  readonly workerData: unknown;
  readonly transfer?: readonly Transferable[];
}

/** One worker to be kept alive. Times in ms of wall time. */
export interface WorkerSpec<P extends WorkerProtocol> {
  readonly name: string;
  readonly entry: URL;
  readonly launch: () => Launch;
  readonly resourceLimits?: ResourceLimits;
  /** From start to `ready`. */
  readonly readyTimeoutMs: number;
  /** Longest silence of a worker that is ready, beats included. */
  readonly beatTimeoutMs: number;
  /** How long one that is to end may take to leave by itself before it is ended by force. */
  readonly leaveTimeoutMs: number;
  readonly restart: RestartPolicy;
  readonly onMessage: (body: P['up']) => void;
  /** A thread was made; messages to it are kept until it listens. `restarts` is 0 the first time. */
  readonly onStart?: (restarts: number) => void;
  readonly onReady?: (restarts: number) => void;
  /** It ended unasked and will be started again in `delayMs`. */
  readonly onRestart?: (reason: string, delayMs: number) => void;
  /** It ended unasked once too often and stays down. */
  readonly onHalted: (reason: string) => void;
}
