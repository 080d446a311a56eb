export * from './book.ts';
export * from './instrument.ts';
export * from './order.ts';
export * from './ports/clock.ts';
export * from './ports/exchange.ts';
export * from './ports/market.ts';
export type { Approved } from './risk/approval.ts';
export * from './units.ts';
