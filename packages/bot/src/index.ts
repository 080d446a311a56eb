export type { Condition, Risk } from './condition.ts';
export { createFillLoop, type FillLoop, type FillLoopMemory } from './fill-loop.ts';
export { HEALTH_POLICY, type HealthPolicy } from './health.ts';
export { KEY_HALT } from './key.ts';
export { createNonceSource } from './nonce-source.ts';
export type { BotReport, BotSettings, Detail, Log, LoopDeps, PeerMessage } from './settings.ts';
export { createSignalLoop, type SignalLoop, type SignalLoopDeps, type SignalLoopMemory } from './signal-loop.ts';
export type { RunnerMemory } from './trade-runner.ts';
export type { KeyStanding, Watch, Ways } from './watchkeeper.ts';
