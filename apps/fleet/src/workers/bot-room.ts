import { createHash } from 'node:crypto';
import type { MessagePort } from 'node:worker_threads';
import { type BotReport, type BotSettings, createNonceSource, type LoopDeps, type PeerMessage, type Watch } from '@hyperfleet/bot';
import {
  type Address,
  type Breaker,
  type Connects,
  createClockSkew,
  createSigner,
  openAccountReads,
  openAddressBudget,
  openExchange,
  openNonceCell,
  openRequestBudget,
  type VenueAccountReads,
} from '@hyperfleet/hyperliquid';
import { openMarketReader } from '@hyperfleet/market-data';
import { type LedgerHandle, openLedger } from '@hyperfleet/store';
import { openThread, type Thread } from '@hyperfleet/supervisor';
import { createLog } from '@hyperfleet/telemetry';
import type { Clock } from '@hyperfleet/trading';
import { assertNever } from '../assert-never.ts';
import { createReplayClock } from '../clock.ts';
import type { BotData, BotProtocol } from '../protocol.ts';
import { lookAtClock, skewThatMatters } from './clock-look.ts';
import { REQUEST_TIMES } from './feed-times.ts';
import { createWatch } from './watch.ts';

/** What the loop in a bot's worker does with what comes from outside. */
export interface RoomEvents {
  onPeer(message: PeerMessage): void;
  onWake(): void;
  onStream(isGranted: boolean): void;
  /** Finish the step in hand; the room itself is closed afterwards. */
  drain(): Promise<void>;
}

/** All a bot's worker stands on: the ports its loop takes, opened in its own thread. */
export interface BotRoom {
  readonly deps: LoopDeps & { readonly onBug: (error: unknown) => void };
  readonly ledger: LedgerHandle;
  readonly reads: VenueAccountReads;
  readonly watch: Watch;
  /** What its sockets wait by, and for. */
  readonly line: { readonly pace: Clock; readonly connects: Connects; readonly breaker: Breaker };
  readonly thread: Thread<BotProtocol>;
}

/** Opens the room of a bot's worker. `events` may be used once its loop is made. */
export function openBotRoom(data: BotData, name: 'signal' | 'fill-monitor', events: () => RoomEvents): BotRoom {
  const clock = createReplayClock(data.clock);
  const pace = createReplayClock(data.pace);
  const peer = createPeerLine((message) => events().onPeer(message));
  const thread = openThread<BotProtocol>({
    onMessage(message) {
      switch (message.kind) {
        case 'peer':
          peer.connect(message.port);
          // What was said on the line before this one may be lost: look at everything once.
          events().onPeer({ kind: 'trades-changed' });
          if (message.isGuardUp && name === 'signal') events().onPeer({ kind: 'on-guard' });
          return;
        case 'wake':
          events().onWake();
          return;
        case 'guard-gone':
          events().onPeer({ kind: 'guard-gone' });
          return;
        case 'stream':
          events().onStream(message.isGranted);
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
  const address = openAddressBudget(data.addressBudget);
  const signer = createSigner(data.privateKey);
  const ledger = openLedger(data.ledgerPath, { onDamaged: (reason) => thread.send({ kind: 'damaged', file: 'ledger', reason }) });
  const { settings, url, isMainnet, instruments } = data;
  const skew = createClockSkew();
  const exchange = openExchange({
    url,
    isMainnet,
    signer,
    vaultAddress: null,
    instruments,
    clock,
    pace,
    timeoutMs: REQUEST_TIMES.timeoutMs,
    cancelLifeMs: settings.expiresAfterMs,
    budget,
    address,
    skewMs: () => skewThatMatters(skew, data.clock.speed),
    onExpired: () => lookAtClock(reads, onBug),
  });
  const reads = openAccountReads({
    url,
    clock,
    pace,
    budget,
    ...REQUEST_TIMES,
    account: accountOf(settings),
    skew,
    instruments,
    hasSpotCollateral: data.hasSpotCollateral,
  });
  const nonces = openNonceCell(data.nonceCell);
  const nextNonce = createNonceSource({ cell: nonces, ledger, bot: settings.id, now: clock.now });

  const deps = {
    launch: data.launch,
    settings,
    clock,
    ledger,
    exchange,
    reads,
    instruments,
    market: openMarketReader(data.books),
    requestLifeMs: () => exchange.requestLifeMs(settings.expiresAfterMs),
    nextNonce,
    digest: (text: string) => createHash('sha256').update(text).digest('hex'),
    log: createLog((record) => thread.send({ kind: 'log', record }), { bot: settings.id, thread: name }),
    peer: { send: peer.send },
    report: (report: BotReport) => thread.send({ kind: 'report', report }),
    onBug,
  };
  const watch = createWatch({
    pace,
    budget,
    address,
    exchange,
    reads,
    skew,
    signer: signer.address,
    account: accountOf(settings),
    pollIntervalMs: data.accountPollMs,
    speed: data.clock.speed,
  });
  return { deps, ledger, reads, line: { pace, connects: budget.connects, breaker: budget.breakers.stream }, thread, watch };
}

/** Thrown outside of any promise, so that nothing can swallow it: the thread dies and is started afresh. */
function onBug(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}

/** The account a bot trades for, as the adapter writes it. */
export const accountOf = ({ accountAddress }: BotSettings): Address => `0x${accountAddress.slice(2).toLowerCase()}`;

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
