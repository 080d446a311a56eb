import { mkdirSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readEnvironment } from '@hyperfleet/config';
import {
  createPaperExchange,
  createVenue,
  type Latency,
  type LimitName,
  limitSettings,
  marketOf,
  type Network,
  openOrderSettings,
  parseLatency,
  parseLimits,
  parseVenueSettings,
  readJournalHeader,
  readJournalTime,
  universeOf,
  type VenueSettings,
} from '@hyperfleet/paper-exchange';
import { onParentGone } from '@hyperfleet/supervisor';
import { type MicroUsd, microUsd, parseDecimal } from '@hyperfleet/trading';
import { followLiveMarket } from './live-market.ts';
import { openMarket } from './market-option.ts';
import { wallClock } from './wall-clock.ts';

const USAGE = `usage: paper-exchange [--port P] [--host ADDRESS] [--network mainnet|testnet|any] [--market MARKET] [--speed N]
                      [--auto-fund USD] [--data-dir DIR] [--limits on|off|NAMES] [--latency real|none|DELAYS]
                      [--set NAME=VALUE …]

  --port       port; 0 takes a free one (3001)
  --host       address to listen on; another than loopback lets others trade here (127.0.0.1)
  --network    whose signatures are taken; any tries both (any)
  --market     a recording (the bundled 35 minutes of BTC, ETH, SOL and WLFI), candles:BTC_1m.csv,ETH_1m.csv…,
               scripted:BTC,ETH… told step by step with POST /paper/market, or live:BTC,ETH…[@URL], which
               follows the venue's public feed (mainnet)
  --speed      market time per wall time (1)
  --auto-fund  USDC paid to an account when it is first named (0: none)
  --data-dir   where the journal is kept, so that the exchange goes on after a restart (kept nowhere)
  --limits     the venue's limits: on, off, or those named of ip,address,ws,orders (on)
  --latency    real, none, or ms of market time: request=90,block=70,jitter=30,reply=60,feed=200 is real (real)
  --set        a setting of the venue, e.g. priceBand=0.8; as often as wanted, and the same at every start with one data
               directory (docs/PROTOCOL.md §11 lists them)`;

interface Arguments {
  readonly port: number;
  readonly host: string;
  readonly network: Network;
  readonly market: string | undefined;
  readonly speed: number;
  readonly autoFund: MicroUsd | null;
  readonly dataDir: string | null;
  readonly limits: readonly LimitName[];
  readonly latency: Latency;
  readonly settings: Partial<VenueSettings>;
}

function toNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= min && value <= max)) throw new Error(`--${name} ${text}: give a number from ${min} to ${max}`);
  return value;
}

function toNetwork(text: string): Network {
  if (text === 'mainnet' || text === 'testnet' || text === 'any') return text;
  throw new Error(`--network ${text}: give mainnet, testnet or any`);
}

function toHost(text: string): string {
  if (isIP(text) !== 0) return text;
  throw new Error(`--host ${text}: give an IP address of this machine, e.g. 127.0.0.1 or 0.0.0.0 for all of them`);
}

const isLoopback = (host: string): boolean => host.startsWith('127.') || host === '::1';

function toLimits(text: string): readonly LimitName[] {
  const names = parseLimits(text);
  if (names === null) throw new Error(`--limits ${text}: give on, off, or some of ip,address,ws,orders`);
  return names;
}

function toLatency(text: string): Latency {
  const latency = parseLatency(text);
  if (latency === null)
    throw new Error(`--latency ${text}: give real, none, or whole ms up to 60000 such as request=90,block=70,jitter=30,reply=60,feed=200`);
  return latency;
}

/** What the command line asks for; null when it asks what it may ask for. */
function readArguments(argv: readonly string[]): Arguments | null {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: {
      help: { type: 'boolean', default: false },
      port: text,
      host: text,
      network: text,
      market: text,
      speed: text,
      'auto-fund': text,
      'data-dir': text,
      limits: text,
      latency: text,
      set: { type: 'string', multiple: true },
    },
  });
  if (values.help) return null;
  const usd = parseDecimal(values['auto-fund'] ?? '0', 6);
  if (usd === null || usd < 0) throw new Error(`--auto-fund ${values['auto-fund']}: give an amount of USDC, e.g. 10000`);
  const port = toNumber('port', values.port ?? '3001', 0, 65_535);
  if (!Number.isInteger(port)) throw new Error(`--port ${values.port}: give a whole number`);
  return {
    port,
    host: toHost(values.host ?? '127.0.0.1'),
    network: toNetwork(values.network ?? 'any'),
    market: values.market,
    speed: toNumber('speed', values.speed ?? '1', 0.01, 10_000),
    autoFund: usd === 0 ? null : microUsd(usd),
    dataDir: values['data-dir'] ?? null,
    limits: toLimits(values.limits ?? 'on'),
    latency: toLatency(values.latency ?? 'real'),
    settings: parseVenueSettings(values.set ?? []),
  };
}

/** More of them than this are not told one by one: something else is wrong then. */
const UNCLEAR_TOLD_MAX = 20;

/** Says what to do about a first action that was refused because its signer could be either of two. */
function unclearSignerNotes(isFunding: boolean): (signer: { readonly mainnet: string; readonly testnet: string }) => void {
  let told = 0;
  const remedy = isFunding ? 'ask a question about the account first, or send another action' : 'pay the account in with POST /paper/fund';
  return ({ mainnet, testnet }) => {
    told += 1;
    if (told > UNCLEAR_TOLD_MAX) return;
    console.error(
      `refused an action signed by ${mainnet} if it was for mainnet, or by ${testnet} if it was for the testnet: neither has an account here. ` +
        `Name the network (--network mainnet or testnet), ${remedy}.`,
    );
  };
}

/** Runs the exchange until it is told to end. The market begins at the moment of the first start, by the wall clock. */
async function run({ port, host, network, market: asked, speed, autoFund, dataDir, ...rules }: Arguments): Promise<void> {
  const { market: recording, settings, liveUrl } = await openMarket(asked);
  if (liveUrl !== null && speed !== 1) throw new Error(`--speed ${speed}: a live market runs as fast as it does; leave --speed out`);
  if (dataDir !== null) mkdirSync(dataDir, { recursive: true });
  const journalPath = dataDir === null ? null : join(dataDir, 'paper-exchange.jsonl');
  const header = journalPath === null ? null : readJournalHeader(journalPath);
  // A restart keeps the market where the journal has it; clients go by the wall clock, so a new one begins now.
  const offsetMs = header?.offsetMs ?? Date.now() - recording.header.marketStartMs;
  const market = marketOf(recording, offsetMs);
  const resumeMs = journalPath === null ? null : readJournalTime(journalPath);
  const clock = wallClock(speed === 1 ? Math.max(Date.now(), resumeMs ?? 0) : (resumeMs ?? market.startMs), speed);
  const limits = limitSettings({ on: rules.limits, isTestnet: network === 'testnet' });
  const exchange = createPaperExchange({
    venue: createVenue({
      instruments: universeOf(recording.header.instruments),
      settings: { ...settings, ...openOrderSettings(limits), ...rules.settings },
    }),
    limits,
    latency: rules.latency,
    clock,
    market,
    network,
    journalPath,
    ...(autoFund === null ? {} : { autoFund }),
    onUnclearSigner: unclearSignerNotes(autoFund !== null),
    onMarketEnd: () => console.error('the recording has ended: books stand still from here on'),
  });
  let live: { close(): Promise<void> } | null = null;
  const end = (): void => {
    void live?.close();
    void exchange.close();
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
  if (readEnvironment().npm_lifecycle_event !== undefined) onParentGone(end);
  const { url } = await exchange.listen(port, host).catch(async (error: unknown) => {
    await exchange.close();
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    throw isTaken ? new Error(`--port ${port}: another program listens there; end it, or name another port (0 takes a free one)`) : error;
  });
  if (!isLoopback(host))
    console.error(
      `warning: ${host} is no loopback address: whoever reaches it can trade here. Control routes still answer to this machine alone.`,
    );
  if (liveUrl !== null) {
    const { instruments } = recording.header;
    live = followLiveMarket({ url: liveUrl, clock, instruments, tell: exchange.step, onTrouble: (text) => console.error(text) });
  }
  console.log(`listening ${url}`);
}

try {
  const wanted = readArguments(process.argv.slice(2));
  if (wanted === null) console.log(USAGE);
  else await run(wanted);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.error(USAGE);
  process.exitCode = 2;
}
