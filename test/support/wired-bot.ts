/** One bot of a wired fleet: both loops and everything between them and the venue, as its workers open it. */
import { createHash } from 'node:crypto';
import {
  type BotReport,
  type BotSettings,
  createFillLoop,
  createNonceSource,
  createSignalLoop,
  type FillLoop,
  type Log,
  type PeerMessage,
  type SignalLoop,
} from '@hyperfleet/bot';
import {
  type Address,
  type AddressBudget,
  createAddressBudget,
  createClockSkew,
  createNonceCell,
  createSigner,
  openAccountReads,
  openAccountStream,
  openAddressBudget,
  openExchange,
  openNonceCell,
  type openRequestBudget,
} from '@hyperfleet/hyperliquid';
import type { openMarketReader } from '@hyperfleet/market-data';
import type { LimitSettings, Venue } from '@hyperfleet/paper-exchange';
import type { LedgerHandle, SignalQueueHandle } from '@hyperfleet/store';
import type { Clock, Instruments } from '@hyperfleet/trading';
import { lookAtClock, skewThatMatters } from '../../apps/fleet/src/workers/clock-look.ts';
import { FEED_TIMES, stateSilenceMs } from '../../apps/fleet/src/workers/feed-times.ts';
import { createWatch } from '../../apps/fleet/src/workers/watch.ts';
import { sampleSettings } from './bot-settings.ts';
import { testWallet } from './wallet.ts';

export const INSTRUMENTS: Instruments = new Map(
  [
    { coin: 'BTC', assetId: 0, szDecimals: 5, maxLeverage: 40, onlyIsolated: false, isDelisted: false },
    { coin: 'ETH', assetId: 1, szDecimals: 4, maxLeverage: 25, onlyIsolated: false, isDelisted: false },
  ].map((instrument) => [instrument.coin, instrument]),
);
const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined, child: () => silent };

/** What one bot of the world is and says. */
export interface WiredBot {
  readonly id: string;
  readonly account: Address;
  readonly agent: Address;
  readonly reports: readonly BotReport[];
  readonly alerts: () => readonly string[];
  /** What its address may still send, as both its threads count it. */
  readonly address: AddressBudget;
  /** Size held at the venue on a coin, in lots, signed. */
  held(coin: string): number;
  /** Size that armed stops at the venue hold on a coin, in lots. */
  stopped(coin: string): number;
}

export interface WiredOptions {
  readonly bots?: readonly string[];
  readonly settings?: Partial<Omit<BotSettings, 'limits'>>;
  readonly limits?: LimitSettings;
  /** How long the keys of the bots are approved for, ms; left out, for as long as the venue does without being told. */
  readonly keyLifeMs?: number;
  /** Wall time a request may take; short where a test lets answers vanish. */
  readonly timeoutMs?: number;
  /** Wall time between pings of the account streams, and for a pong. */
  readonly pingMs?: number;
  readonly socketTimeoutMs?: number;
}

/** What all bots of a world stand on. */
export interface Stage {
  readonly options: WiredOptions;
  readonly url: string;
  readonly clock: Clock;
  readonly ledger: LedgerHandle;
  readonly queue: SignalQueueHandle;
  readonly budget: ReturnType<typeof openRequestBudget>;
  readonly market: ReturnType<typeof openMarketReader>;
  readonly counted: <T extends object>(port: T) => T;
  readonly bugs: unknown[];
  readonly isOver: () => boolean;
}

export interface OpenBot extends WiredBot {
  start(): Promise<void>;
  hears(): boolean;
  close(): Promise<void>;
}

/** Everything between a bot's loops and the venue, as its workers open it. */
function openLines(stage: Stage, own: { readonly index: number; readonly account: Address; readonly address: AddressBudget }) {
  const { url, clock, budget, counted, options } = stage;
  const signer = createSigner(Buffer.from(testWallet(80 + own.index).key).toString('hex'));
  const skew = createClockSkew();
  const timeoutMs = options.timeoutMs ?? FEED_TIMES.timeoutMs;
  const shared = { url, clock, budget, timeoutMs, instruments: INSTRUMENTS };
  const exchange = openExchange({
    ...shared,
    isMainnet: false,
    signer,
    vaultAddress: null,
    cancelLifeMs: 5_000,
    address: own.address,
    skewMs: () => skewThatMatters(skew, 1),
    onExpired: () => lookAtClock(reads, (error) => stage.bugs.push(error)),
  });
  const reads = openAccountReads({ ...shared, account: own.account, concurrency: 4, attempts: 3, skew, hasSpotCollateral: false });
  const watch = createWatch({
    pace: clock,
    budget,
    address: own.address,
    exchange,
    reads,
    skew,
    signer: signer.address,
    account: own.account,
    pollIntervalMs: 2_000,
    speed: 1,
  });
  return { signer, exchange, reads, watch, counted: { exchange: counted(exchange), reads: counted(reads) } };
}

export function openBot(stage: Stage, own: { id: string; index: number; ids: readonly string[]; venue: Venue }): OpenBot {
  const { clock, ledger, queue, isOver } = stage;
  const account = testWallet(70 + own.index).address;
  const address = openAddressBudget(createAddressBudget());
  const lines = openLines(stage, { index: own.index, account, address });
  const settings = sampleSettings({ id: own.id, accountAddress: account, ...stage.options.settings });
  const reports: BotReport[] = [];
  let hears = false;
  const to = (deliver: (message: PeerMessage) => void) => ({
    send: (message: PeerMessage) => queueMicrotask(() => isOver() || deliver(message)),
  });
  const common = {
    settings,
    clock: { now: clock.now, after: (ms: number, task: () => void) => clock.after(ms, () => isOver() || task()) },
    ledger,
    ...lines.counted,
    market: stage.market,
    instruments: INSTRUMENTS,
    nextNonce: createNonceSource({ cell: openNonceCell(createNonceCell()), ledger, bot: own.id, now: clock.now }),
    digest: (text: string) => createHash('sha256').update(text).digest('hex'),
    requestLifeMs: () => lines.exchange.requestLifeMs(settings.expiresAfterMs),
    log: silent,
    report: (report: BotReport) => reports.push(report),
    onBug: (error: unknown) => stage.bugs.push(error),
  };
  const fillLoop: FillLoop = createFillLoop({
    ...common,
    launch: 2,
    watch: lines.watch,
    fundingFrom: clock.now(),
    peer: to((message) => signalLoop.onPeer(message)),
  });
  const signalLoop: SignalLoop = createSignalLoop({
    ...common,
    launch: 1,
    peer: to((message) => fillLoop.onPeer(message)),
    queue,
    wallToMarket: (ms) => ms,
    marketToWall: (ms) => ms,
    marketToIso: (ms) => new Date(ms).toISOString(),
    controlBots: own.ids,
    breathe: () => new Promise((resolve) => setImmediate(resolve)),
  });
  const stream = openAccountStream({
    url: stage.url,
    clock,
    pingIntervalMs: stage.options.pingMs ?? FEED_TIMES.pingIntervalMs,
    timeoutMs: stage.options.socketTimeoutMs ?? FEED_TIMES.timeoutMs,
    account,
    instruments: INSTRUMENTS,
    hasSpotCollateral: false,
    silenceMs: null,
    stateSilenceMs: stateSilenceMs(1),
    onEvent(event) {
      if (event.kind === 'connected') hears = true;
      if (!isOver()) fillLoop.onStream(event);
    },
  });
  return {
    id: own.id,
    account,
    agent: lines.signer.address,
    reports,
    alerts: () => reports.flatMap((report) => (report.kind === 'alert' ? [report.phrase] : [])),
    address,
    held: (coin) => own.venue.account(account).positions.find((position) => position.coin === coin)?.szi ?? 0,
    stopped: (coin) =>
      own.venue
        .openOrders(account)
        .filter((order) => order.coin === coin && order.tpsl === 'sl' && !order.waitingForFill)
        .reduce((sum, order) => sum + order.sz, 0),
    hears: () => hears,
    start: async () => void (await Promise.all([fillLoop.start(), signalLoop.start()])),
    async close() {
      await stream.close();
      lines.exchange.close();
      lines.reads.close();
    },
  };
}
