import type { Clock, MicroUsd } from '@hyperfleet/trading';
import { blockOrder } from './block.ts';
import { type AuditReport, createAuditBook } from './control/audit.ts';
import type { FaultPlan, FaultReport } from './faults/plan.ts';
import type { FaultRule } from './faults/rule.ts';
import { createWireFaults } from './faults/wire-faults.ts';
import { createInProcess, type MarketSource, type Observer } from './in-process.ts';
import type { JournalPage } from './journal-entry.ts';
import { createAdmission } from './limits/admission.ts';
import { createDelayLine } from './limits/delay-line.ts';
import { type Latency, NO_LATENCY } from './limits/latency.ts';
import { type LimitSettings, NO_LIMITS } from './limits/settings.ts';
import { type MarketStep, readStep } from './market/step.ts';
import type { Address, Venue } from './matching/contract.ts';
import { createDirectLine, type DirectLine } from './wire/direct.ts';
import { createDoor, type Network, type UnclearSigner } from './wire/exchange-door.ts';
import { createFeed } from './wire/feed.ts';
import { isRecord, parseAddress } from './wire/fields.ts';
import { createHub } from './wire/hub.ts';
import { readInfo } from './wire/info.ts';
import type { InfoSources } from './wire/info-account.ts';
import { createPortfolios } from './wire/portfolio.ts';
import { createHttpServer } from './wire/server.ts';
import { createSockets } from './wire/socket.ts';

export interface PaperExchangeOptions {
  readonly venue: Venue;
  /** The only source of now. It must not begin before `readJournalTime(journalPath)`. */
  readonly clock: Clock;
  /** Null for a venue without a recorded market. */
  readonly market: MarketSource | null;
  /** Which signing letter is taken (PROTOCOL §2.1). */
  readonly network: Network;
  /** Where accepted inputs are kept; null for an exchange that forgets. */
  readonly journalPath: string | null;
  /** Paid to an account nobody has heard of when it is first named. */
  readonly autoFund?: MicroUsd;
  /**
   * Called, on `network: 'any'`, when an action was refused because nothing says yet which of two addresses signed it: neither
   * is known. Once a signer.
   */
  readonly onUnclearSigner?: (signer: UnclearSigner) => void;
  /** Called once, when everything of the market has happened. */
  readonly onMarketEnd?: () => void;
  /** The venue's limits (PROTOCOL §10); none where left out. Open orders are counted by the venue: `openOrderSettings`. */
  readonly limits?: LimitSettings;
  /** What the minutes of limits are counted by, where it is not `clock`: it must run while the market stands. */
  readonly pace?: Clock;
  /** How long requests, answers and feeds are under way; no time where left out. */
  readonly latency?: Latency;
  /** Faults to begin with: rules, or a plan of one's own (`createFaultPlan`), whose rules strike here too. */
  readonly faults?: FaultPlan | readonly FaultRule[];
  /** Whether market time stands at this moment: nothing is under way then, since it would never arrive. */
  readonly stands?: () => boolean;
}

export interface PaperExchange {
  /** Serves HTTP and WebSocket on 127.0.0.1, or on another address; port 0 takes a free one. Rejects when the port is taken. */
  listen(port: number, host?: string): Promise<{ readonly url: string; readonly port: number }>;
  /** The same answers and streams for a client in this process, without a socket. */
  readonly direct: DirectLine;
  /** Cuts every connection, closes the journal and stops following the clock. */
  close(): Promise<void>;
  /** Pays in USDC at the present market time; the account comes to be. */
  fund(address: string, usd: MicroUsd): void;
  /** Whether the account has ever been paid in: false before the first `fund`, true after a restart with its journal. */
  hasAccount(address: string): boolean;
  /** What the venue knows of its own correctness, from its own records, up to now. */
  audit(): AuditReport;
  /** Sets a fault and returns its id; the rules are those of `POST /paper/fault`. Throws `FaultRefusal` or `StepRefusal`. */
  fault(rule: FaultRule): number;
  /** The rules, what is left of them and how often each struck. */
  faults(): readonly FaultReport[];
  /** Ends a fault, or all of them; how many were ended. */
  clearFaults(id?: number): number;
  /** The next step of a market that is told from outside. Throws `StepRefusal`, also where the market is a recording. */
  step(step: MarketStep): void;
  /** Accepted inputs after the first `after` of them (0), oldest first; at most `limit` (1,000). */
  journal(after?: number, limit?: number): JournalPage;
  /** Lets all that is under way arrive now: to be called when market time is made to stand. */
  release(): void;
  /** Market time up to which everything has happened. */
  now(): number;
  /** Whether everything of the market has happened. */
  marketEnded(): boolean;
}

const HOUR_MS = 3_600_000;
const SAMPLE_MS = 60_000;

function toAddress(text: string): Address {
  const parsed = parseAddress(text);
  if (parsed === null) throw new RangeError(`address ${text} is no 20-byte hex address`);
  return parsed;
}

const isRules = (faults: FaultPlan | readonly FaultRule[]): faults is readonly FaultRule[] => Array.isArray(faults);

/**
 * A Hyperliquid on loopback: the real protocol over HTTP and WebSocket before a matching core that trades a market
 * (PROTOCOL §1–§3, §8, §9). A journal found at `journalPath` is replayed first, synchronously. Throws `JournalError` when it
 * cannot be used with this market.
 */
export function createPaperExchange(options: PaperExchangeOptions): PaperExchange {
  const { venue, clock, market, journalPath, network } = options;
  const admission = createAdmission(options.limits ?? NO_LIMITS, (options.pace ?? clock).now);
  const latency = (): Latency => (options.stands?.() === true ? NO_LATENCY : (options.latency ?? NO_LATENCY));
  const exchange = createInProcess({
    venue,
    clock,
    market,
    journalPath,
    latency,
    orderBlock: blockOrder(latency),
    ...(options.faults === undefined || isRules(options.faults) ? {} : { faults: options.faults }),
    requestsAtStart: () => admission.settings.addressBudgetStart,
    ...(options.onMarketEnd === undefined ? {} : { onMarketEnd: options.onMarketEnd }),
  });
  const replies = createDelayLine(clock, () => latency().replyMs);
  const news = createDelayLine(clock, () => latency().feedMs);
  const reply = (send: () => void): void => exchange.emit(() => replies.push(send));
  const tell = (send: () => void): void => exchange.emit(() => news.push(send));
  const feed = createFeed(venue);
  const portfolios = createPortfolios(venue, exchange.bank);
  const sources: InfoSources = { venue, feed, portfolios, bank: exchange.bank, agents: exchange.agents };
  const hub = createHub(sources, tell);
  const records: Observer = {
    market: () => {},
    venue: () => {},
    ledger: (rows) => {
      for (const { user } of rows) portfolios.follow(user);
    },
    tick(atMs) {
      if (atMs % HOUR_MS === 0) feed.hour(atMs);
      if (atMs % SAMPLE_MS === 0) portfolios.sample(atMs);
    },
    settled: () => {},
  };
  exchange.observe(records);
  exchange.observe(hub);
  const auditBook = createAuditBook(exchange);
  exchange.observe(auditBook);
  const door = createDoor({
    exchange,
    network,
    autoFund: options.autoFund ?? null,
    onUnclearSigner: options.onUnclearSigner ?? (() => undefined),
    hasBudget: () => admission.settings.addressBudget,
  });
  const info = (body: unknown, nowMs: number): unknown => {
    const user = isRecord(body) ? parseAddress(body.user) : null;
    if (user !== null) door.meet(user);
    return faults.answered(body, readInfo(sources, body, nowMs), nowMs);
  };
  const faults = createWireFaults({ exchange, door, network, clock, admission });
  const sockets = createSockets({ exchange, hub, sources, door, network, readInfo: info, admission, faults, reply, tell });
  const direct = createDirectLine({ exchange, hub, sources, door, network, readInfo: info, admission, faults, reply, tell });
  const server = createHttpServer({ exchange, door, network, sockets, readInfo: info, admission, faults, audit: auditBook.report, reply });
  exchange.start();
  if (options.faults !== undefined && isRules(options.faults)) for (const rule of options.faults) faults.add(rule);

  return {
    direct,
    listen: (port, host = '127.0.0.1') => server.listen(port, host),
    async close() {
      await server.close();
      exchange.stop();
      replies.close();
      news.close();
      faults.stop();
    },
    fund(address, usd) {
      const user = toAddress(address);
      exchange.settle();
      exchange.fund(user, usd);
      exchange.settle();
    },
    hasAccount: (address) => venue.exists(toAddress(address)),
    audit() {
      exchange.settle();
      return auditBook.report();
    },
    fault(rule) {
      exchange.settle();
      const id = faults.add(rule);
      exchange.settle();
      return id;
    },
    faults: () => exchange.faults.list(exchange.nowMs),
    clearFaults: (id) => faults.clear(id),
    step(step) {
      exchange.settle();
      exchange.tellMarket(readStep(step));
      exchange.settle();
    },
    journal: (after = 0, limit = 1_000) => exchange.inputs(after, limit),
    release() {
      faults.release();
      exchange.release();
      replies.release();
      news.release();
    },
    now: () => exchange.nowMs,
    marketEnded: () => exchange.marketEnded,
  };
}
