export { createFillLoop, type FillLoop } from './fill-loop.ts';
export type { BotReport, BotSettings, Detail, Log, LoopDeps, PeerMessage } from './settings.ts';
export { createSignalLoop, type SignalLoop, type SignalLoopDeps } from './signal-loop.ts';
