export { createBookMemory, SLOT } from './layout.ts';
export { copySlot, type MarketReader, openMarketReader } from './reader.ts';
export { type BookWriter, openBookWriter } from './writer.ts';
