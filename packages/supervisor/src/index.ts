export type { WorkerProtocol } from './frame.ts';
export { onParentGone } from './parent.ts';
export { createRestartCounter, type RestartPolicy } from './restart-policy.ts';
export { type Supervised, supervise, type WorkerState } from './supervised.ts';
export { BEAT_INTERVAL_MS, openThread, type Thread, type ThreadHandlers } from './thread.ts';
export { WorkerGone } from './worker-gone.ts';
export type { Launch, WorkerSpec } from './worker-spec.ts';
