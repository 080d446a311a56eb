export { type Environment, readEnvironment, takeSecrets } from './environment.ts';
export {
  type BotConfig,
  type BotLimits,
  defineFleet,
  type Fleet,
  type FleetOverrides,
  type FleetResolution,
  type PaperConfig,
  type RestartConfig,
  resolveFleet,
} from './fleet.ts';
export { type LoadedConfig, loadFleetConfig } from './load.ts';
export { nearName } from './near-name.ts';
export type { BotOptions, FleetOptions, LatencyOptions, PaperOptions, RestartOptions } from './options.ts';
export { type ConfigProblem, FleetConfigError, listProblems, problem } from './problem.ts';
