export { type AddressBudget, type AddressCount, createAddressBudget, leftForEntries, openAddressBudget } from './address-budget.ts';
export { hasWrongChecksum } from './address-checksum.ts';
export type { Breaker } from './breaker.ts';
export { createRequestBudget, openRequestBudget, type RequestBudget } from './budget.ts';
export { type ClockSkew, createClockSkew } from './clock-skew.ts';
export type { Connects } from './connects.ts';
export { type VenueReadCode, VenueReadError } from './errors.ts';
export { type ExchangeOptions, openExchange, type VenueExchange } from './exchange.ts';
export {
  type AccountStreamOptions,
  type FeedState,
  type MarketFeed,
  type MarketFeedOptions,
  openAccountStream,
  openMarketFeed,
} from './feeds.ts';
export type { BboMessage, BookMessage, MarkMessage, PrintsMessage, PublicTrade } from './from-wire/market.ts';
export { retryOf } from './from-wire/replies.ts';
export type { AddressRole, ApprovedAgent } from './from-wire/standing.ts';
export { fetchInstruments } from './instruments.ts';
export { createNonceCell, type NonceCell, openNonceCell } from './nonce.ts';
export { type AccountReadsOptions, openAccountReads, type VenueAccountReads } from './reads.ts';
export type { RequestClass } from './request-class.ts';
export { type Address, addressOfKey, createSigner, PrivateKeyError, type Signature, type Signer, SignerBrokenError } from './signer.ts';
export { exchangeWeight, infoWeight, rowsWeight } from './weights.ts';
