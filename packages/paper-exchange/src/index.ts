export { bundledRecordingPath } from './bundled-recording.ts';
export { createPaperExchange, type PaperExchange, type PaperExchangeOptions } from './exchange.ts';
export type { MarketSource } from './in-process.ts';
export { JournalError, type JournalHeader, readJournalHeader, readJournalTime, replayJournal } from './journal.ts';
export type { MarketEvent, Print } from './market/event.ts';
export { importCsv } from './market/import-csv.ts';
export { universeOf, universeOf } from './market/instruments.ts';
export {
  openRecording,
  openRecording,
  type Recording,
  type Recording,
  RecordingError,
  RecordingError,
  type RecordingHeader,
} from './market/recording.ts';
export { marketOf, type RecordedMarket } from './market-source.ts';
export type * from './matching/contract.ts';
export { createVenue, defaultVenueSettings, type VenueOptions } from './matching/venue.ts';
export type { Network } from './wire/exchange-door.ts';
