import { createVenue, universeOf } from '@hyperfleet/paper-exchange';
import { microUsd } from '@hyperfleet/trading';
import {
  ExchangeClient,
  HttpTransport,
  InfoClient,
  type IRequestTransport,
  type ISubscriptionTransport,
  SubscriptionClient,
  WebSocketTransport,
} from '@nktkas/hyperliquid';
import { directTransport } from './direct-transport.ts';
import { openTestVenue, post, START_MS } from './paper-venue.ts';
import { testWallet, type Wallet, walletOf } from './wallet.ts';

/** A venue the one suite is run against, with a funded account of its own. */
export interface ConformanceTarget {
  readonly wallet: Wallet;
  readonly info: InfoClient;
  readonly exchange: ExchangeClient;
  readonly streams: SubscriptionClient;
  /** Whether its network signs with the testnet's letter. */
  readonly isTestnet: boolean;
  /** The venue's clock, in ms. */
  now(): number;
  /** Posts a body as it is. */
  post(path: '/info' | '/exchange', body: unknown): Promise<{ readonly status: number; readonly text: string }>;
  /** Lets the venue get on, where its time stands still without it. */
  settle(): void;
  close(): Promise<void>;
}

/** A name and how to open it; null where it cannot be opened here, with the reason. */
export interface TargetChoice {
  readonly name: string;
  readonly skip: string | null;
  readonly open: () => Promise<ConformanceTarget>;
}

const FUNDS_USD = 10_000;

async function openPaper(transports: (url: string, port: number) => { request: IRequestTransport; stream: ISubscriptionTransport } | null) {
  const venue = await openTestVenue({ venue: createVenue({ instruments: universeOf([]) }) });
  const wallet = testWallet(41);
  venue.exchange.fund(wallet.address, microUsd(FUNDS_USD * 1e6));
  let nonce = START_MS;
  const direct = directTransport(venue.exchange);
  const given = transports(venue.url, venue.port) ?? { request: direct, stream: direct };
  return { venue, wallet, nonceManager: () => ++nonce, ...given };
}

async function openDirect(): Promise<ConformanceTarget> {
  const { venue, wallet, nonceManager, request, stream } = await openPaper(() => null);
  return {
    wallet,
    isTestnet: false,
    info: new InfoClient({ transport: request }),
    exchange: new ExchangeClient({ transport: request, wallet, nonceManager }),
    streams: new SubscriptionClient({ transport: stream }),
    now: venue.clock.now,
    post: (path, body) => venue.exchange.direct.post(path, body),
    settle: () => venue.clock.advance(600),
    close: () => venue.exchange.close(),
  };
}

async function openWire(): Promise<ConformanceTarget> {
  const { venue, wallet, nonceManager, request, stream } = await openPaper((apiUrl, port) => ({
    request: new HttpTransport({ apiUrl }),
    stream: new WebSocketTransport({ url: `ws://127.0.0.1:${port}/ws` }),
  }));
  return {
    wallet,
    isTestnet: false,
    info: new InfoClient({ transport: request }),
    exchange: new ExchangeClient({ transport: request, wallet, nonceManager }),
    streams: new SubscriptionClient({ transport: stream }),
    now: venue.clock.now,
    post: (path, body) => post(`${venue.url}${path}`, body),
    settle: () => venue.clock.advance(600),
    async close() {
      if (stream instanceof WebSocketTransport) await stream.close();
      await venue.exchange.close();
    },
  };
}

/** The real testnet, for whoever has a key with test dollars on it (docs/TESTNET.md). */
async function openTestnet(key: string, apiUrl: string): Promise<ConformanceTarget> {
  const wallet = walletOf(key);
  const transport = new HttpTransport({ isTestnet: true, apiUrl });
  const socket = new WebSocketTransport({ isTestnet: true, url: `${apiUrl.replace(/^http/, 'ws')}/ws` });
  return {
    wallet,
    isTestnet: true,
    info: new InfoClient({ transport }),
    exchange: new ExchangeClient({ transport, wallet }),
    streams: new SubscriptionClient({ transport: socket }),
    now: Date.now,
    post: (path, body) => post(`${apiUrl}${path}`, body),
    settle: () => {},
    async close() {
      await socket.close();
    },
  };
}

const { HYPERFLEET_TESTNET_KEY: key, HYPERFLEET_TESTNET_URL: url } = process.env;

/** Where the suite runs: twice here, and on the testnet for whoever gives it a key. */
export const TARGETS: readonly TargetChoice[] = [
  { name: 'the paper exchange in this process', skip: null, open: openDirect },
  { name: 'the paper exchange over HTTP and WebSocket', skip: null, open: openWire },
  {
    name: 'the real testnet',
    skip: key === undefined ? 'set HYPERFLEET_TESTNET_KEY to run it there (docs/TESTNET.md)' : null,
    open: () => openTestnet(key ?? '', url ?? 'https://api.hyperliquid-testnet.xyz'),
  },
];
