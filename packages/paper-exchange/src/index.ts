export { bundledRecordingPath } from './bundled-recording.ts';
export type { AuditReport } from './control/audit.ts';
export { createPaperExchange, type PaperExchange, type PaperExchangeOptions } from './exchange.ts';
export { faultNames } from './faults/names.ts';
export { FaultRefusal } from './faults/parse.ts';
export { createFaultPlan, type FaultPlan, type FaultReport } from './faults/plan.ts';
export { fateOf, type RequestFate } from './faults/request-fate.ts';
export type { FaultRule, Occasion } from './faults/rule.ts';
export type { MarketSource } from './in-process.ts';
export {
  JournalError,
  type JournalHeader,
  MARK_REMEDY,
  readJournalHeader,
  readJournalTime,
  replayJournal,
  settingConflict,
} from './journal.ts';
export type { JournalPage } from './journal-entry.ts';
export { type Latency, NO_LATENCY, parseLatency, REAL_LATENCY } from './limits/latency.ts';
export {
  LIMIT_NAMES,
  type LimitName,
  type LimitSettings,
  limitSettings,
  NO_LIMITS,
  openOrderSettings,
  parseLimits,
} from './limits/settings.ts';
export { exchangeWeight, infoWeight, rowsWeight } from './limits/weights.ts';
export { openCandles } from './market/candle-market.ts';
export type { MarketEvent, Print } from './market/event.ts';
export { importCsv } from './market/import-csv.ts';
export { universeOf } from './market/instruments.ts';
export { createRecordingWriter, openRecording, type Recording, RecordingError, type RecordingHeader } from './market/recording.ts';
export { createScriptedMarket, type ScriptedMarket, type WrittenLevel } from './market/scripted-market.ts';
export { type MarketStep, StepRefusal } from './market/step.ts';
export { toldMarket } from './market/told-market.ts';
export { type Listing, listingsOf, type MarginTable } from './market/universe.ts';
export { marketOf, type RecordedMarket } from './market-source.ts';
export type * from './matching/contract.ts';
export { createVenue, defaultVenueSettings, type VenueOptions } from './matching/venue.ts';
export { createChance } from './seeded.ts';
export { outsideMarketSettings, parseVenueSettings } from './venue-settings.ts';
export { type Network, readSigned } from './wire/exchange-door.ts';
