import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { MessagePort } from 'node:worker_threads';
import type { Log, LoopDeps, PeerMessage } from '@hyperfleet/bot';
import {
  createSigner,
  openAccountReads,
  openExchange,
  openNonceCell,
  openRequestBudget,
  type VenueAccountReads,
} from '@hyperfleet/hyperliquid';
import { openMarketReader } from '@hyperfleet/market-data';
import { openLedger } from '@hyperfleet/store';
import type { Instrument, Instruments } from '@hyperfleet/trading';
import { sampleSettings } from '../test/support/bot-settings.ts';
import { wallClock as clock } from './wall-clock.ts';

const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined, child: () => silent };

/** What both threads of the measured bot are handed. */
export interface BotTask {
  readonly id: string;
  readonly dir: string;
  readonly url: string;
  readonly privateKey: string;
  readonly instruments: readonly Instrument[];
  readonly books: SharedArrayBuffer;
  readonly nonceCell: SharedArrayBuffer;
  readonly budget: SharedArrayBuffer;
  /** The line to the bot's other thread. */
  readonly peer: MessagePort;
}

/** The ports of a loop, opened in its own thread as a fleet's workers do. */
interface Room {
  readonly deps: LoopDeps & { readonly onBug: (error: unknown) => void };
  readonly reads: VenueAccountReads;
  readonly instruments: Instruments;
  close(): void;
}

/** Milliseconds of wall time a request may take. */
export const TIMEOUT_MS = 10_000;

/** Opens the room of one of the bot's two loops. */
export function openRoom(task: BotTask): Room {
  const { id, dir, url, books, peer } = task;
  const timeoutMs = TIMEOUT_MS;
  const signer = createSigner(task.privateKey);
  const budget = openRequestBudget(task.budget);
  const instruments = new Map(task.instruments.map((instrument) => [instrument.coin, instrument]));
  const ledger = openLedger(join(dir, 'ledger.db'));
  const exchange = openExchange({
    url,
    isMainnet: false,
    signer,
    vaultAddress: null,
    instruments,
    clock,
    timeoutMs,
    cancelLifeMs: 5_000,
    budget,
  });
  const reads = openAccountReads({ url, clock, budget, timeoutMs, concurrency: 4, attempts: 3, account: signer.address, instruments });
  const nonces = openNonceCell(task.nonceCell);
  const deps = {
    settings: sampleSettings({ id, accountAddress: signer.address }, { riskPerTradePpm: 100, maxConcurrentPositions: 1_000 }),
    clock,
    ledger,
    exchange,
    reads,
    instruments,
    market: openMarketReader(books),
    nextNonce: () => nonces.next(clock.now()),
    digest: (text: string) => createHash('sha256').update(text).digest('hex'),
    log: silent,
    peer: { send: (message: PeerMessage) => peer.postMessage(message) },
    report: () => undefined,
    onBug: (error: unknown) => {
      setImmediate(() => {
        throw error;
      });
    },
  };
  return {
    deps,
    reads,
    instruments,
    close() {
      peer.close();
      exchange.close();
      reads.close();
      ledger.close();
    },
  };
}
