import { createHash } from 'node:crypto';
import type { MessagePort } from 'node:worker_threads';
import type { BotReport, LoopDeps, PeerMessage } from '@hyperfleet/bot';
import {
  createSigner,
  openAccountReads,
  openExchange,
  openNonceCell,
  openRequestBudget,
  type VenueAccountReads,
} from '@hyperfleet/hyperliquid';
import { openMarketReader } from '@hyperfleet/market-data';
import { type LedgerHandle, openLedger } from '@hyperfleet/store';
import { openThread, type Thread } from '@hyperfleet/supervisor';
import { createLog } from '@hyperfleet/telemetry';
import { assertNever } from '../assert-never.ts';
import { createReplayClock } from '../clock.ts';
import type { BotData, BotProtocol } from '../protocol.ts';
import { REQUEST_TIMES } from './feed-times.ts';

/** What the loop in a bot's worker does with what comes from outside. */
export interface RoomEvents {
  onPeer(message: PeerMessage): void;
  onWake(): void;
  /** Finish the step in hand; the room itself is closed afterwards. */
  drain(): Promise<void>;
}

/** All a bot's worker stands on: the ports its loop takes, opened in its own thread. */
export interface BotRoom {
  readonly deps: LoopDeps & { readonly onBug: (error: unknown) => void };
  readonly ledger: LedgerHandle;
  readonly reads: VenueAccountReads;
  readonly thread: Thread<BotProtocol>;
}

/** Opens the room of a bot's worker. `events` may be used once its loop is made. */
export function openBotRoom(data: BotData, name: 'signal' | 'fill-monitor', events: () => RoomEvents): BotRoom {
  const clock = createReplayClock(data.clock);
  const peer = createPeerLine((message) => events().onPeer(message));
  const thread = openThread<BotProtocol>({
    onMessage(message) {
      switch (message.kind) {
        case 'peer':
          peer.connect(message.port);
          // What was said on the line before this one may be lost: look at everything once.
          events().onPeer({ kind: 'trades-changed' });
          return;
        case 'wake':
          events().onWake();
          return;
        default:
          assertNever(message);
      }
    },
    calls: {},
    async drain() {
      await events().drain();
      peer.close();
      exchange.close();
      reads.close();
      ledger.close();
    },
  });
  const budget = openRequestBudget(data.budget);
  const signer = createSigner(data.privateKey);
  const ledger = openLedger(data.ledgerPath);
  const { settings, url, isMainnet, instruments } = data;
  const exchange = openExchange({
    url,
    isMainnet,
    signer,
    vaultAddress: null,
    instruments,
    clock,
    timeoutMs: REQUEST_TIMES.timeoutMs,
    cancelLifeMs: settings.expiresAfterMs,
    budget,
  });
  const reads = openAccountReads({ url, clock, budget, ...REQUEST_TIMES, account: signer.address, instruments });
  const nonces = openNonceCell(data.nonceCell);
  nonces.raiseTo(ledger.highestNonce(settings.id));

  const deps = {
    settings,
    clock,
    ledger,
    exchange,
    reads,
    instruments,
    market: openMarketReader(data.books),
    nextNonce: () => nonces.next(clock.now()),
    digest: (text: string) => createHash('sha256').update(text).digest('hex'),
    log: createLog((record) => thread.send({ kind: 'log', record }), { bot: settings.id, thread: name }),
    peer: { send: peer.send },
    report: (report: BotReport) => thread.send({ kind: 'report', report }),
    // Thrown outside of any promise, so that nothing can swallow it: the thread dies and is started afresh.
    onBug: (error: unknown) => {
      setImmediate(() => {
        throw error;
      });
    },
  };
  return { deps, ledger, reads, thread };
}

/** The line to the bot's other worker; whoever is on it changes when either is started again. */
function createPeerLine(hear: (message: PeerMessage) => void) {
  let port: MessagePort | null = null;
  return {
    connect(next: MessagePort): void {
      port?.close();
      port = next;
      next.on('message', (message: PeerMessage) => hear(message));
    },
    // Nobody on the line: the other one looks at everything when it comes back.
    send: (message: PeerMessage): void => port?.postMessage(message),
    close: (): void => port?.close(),
  };
}
