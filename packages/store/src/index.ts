export type { NumberedEvent } from './ledger/bot-table.ts';
export { type ClockSession, marketToWall, wallToMarket } from './ledger/clock-sessions.ts';
export type { HeldSize } from './ledger/fill-table.ts';
export { type LedgerHandle, type LedgerOptions, openLedger } from './ledger/open-ledger.ts';
export { dataDirHolder, type HeldLock, type LockHolder, lockAccount, lockBot, lockDataDir, lockSigner } from './lock.ts';
export { openSignalQueue, type SignalQueueHandle, type SignalQueueOptions } from './signals/open-signal-queue.ts';
export type { ShownClaim } from './signals/shown-claims.ts';
export { STORE_ERROR_CODES, StoreError, type StoreErrorCode, type StoreRetry } from './store-error.ts';
export { isLedgerBlank, showsTrades } from './traces.ts';
