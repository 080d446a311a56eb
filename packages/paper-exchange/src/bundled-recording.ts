import { fileURLToPath } from 'node:url';

/** The recording that comes with the package: 35 minutes of BTC, ETH, SOL and WLFI of 2025-09-04, with its reconnect gap. */
export const bundledRecordingPath: string = fileURLToPath(new URL('../recordings/2025-09-04-35min-btc-eth-sol-wlfi.hfr', import.meta.url));
