/**
 * The exchange without its sockets: market, clock, matching core, bank and journal on one time line. Inputs take effect in
 * one order, by market time, whatever the order in which the machine gets round to them; so a journal replays to the same
 * state. The wire server is one user of this; a test or a bot in the same process may be another.
 */
import type { Clock, Instrument, MicroUsd } from '@hyperfleet/trading';
import { imposeFaults } from './faults/imposed.ts';
import { faultNames } from './faults/names.ts';
import { actionOccasion } from './faults/occasions.ts';
import { createFaultPlan, type FaultPlan } from './faults/plan.ts';
import { createInputs } from './inputs.ts';
import { type Journal, openJournal } from './journal.ts';
import type { JournalEntry, JournalPage } from './journal-entry.ts';
import { createJournalTail } from './journal-tail.ts';
import { effectMs, type Latency, NO_LATENCY } from './limits/latency.ts';
import { createWaitingLine } from './limits/waiting-line.ts';
import type { MarketEvent } from './market/event.ts';
import type { Address, Venue, VenueEvent } from './matching/contract.ts';
import { createOutsideActs, type OutsideActs } from './outside-acts.ts';
import type { ParsedAction } from './wire/action-form.ts';
import { createAgentBook } from './wire/agents.ts';
import { createBank, type LedgerRow } from './wire/bank.ts';
import { createNonceBook, type NonceBook } from './wire/nonces.ts';
import type { Desk, ExchangeReply } from './wire/perform.ts';

/** A market to trade on: events in order of `atMs`. Times are market time, already mapped to the clock's. */
export interface MarketSource {
  /** Names the market; a journal replays only on the market of the same name. */
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  /** What was added to the recording's own times; 0 unless the market was moved. */
  readonly offsetMs: number;
  readonly events: Iterable<MarketEvent>;
  /** Coins that are told step by step from outside, besides its events. */
  readonly told?: readonly string[];
}

/** Who is told what happens, in order, during replay too. */
export interface Observer {
  market(event: MarketEvent): void;
  venue(events: readonly VenueEvent[]): void;
  ledger(rows: readonly { readonly user: Address; readonly row: LedgerRow }[]): void;
  /** Every 5 s of market time, on the grid. */
  tick(atMs: number): void;
  /** An input was accepted and has had its effect; the first has number 1. */
  input?(entry: JournalEntry, seq: number): void;
  /** A stretch of work is done; what was gathered may be told. */
  settled(atMs: number): void;
}

export interface InProcessOptions {
  readonly venue: Venue;
  readonly clock: Clock;
  readonly market: MarketSource | null;
  readonly journalPath: string | null;
  /** Which faults strike when; an empty plan of its own when none is handed in. */
  readonly faults?: FaultPlan;
  readonly onMarketEnd?: () => void;
  /** How long actions are under way; asked as each arrives. None where left out. */
  readonly latency?: () => Latency;
  /**
   * The order in which the actions of one block take effect: places in the list given, each once. Given the actions as they
   * were sent, in order of arrival; that order where left out.
   */
  readonly orderBlock?: (actions: readonly unknown[]) => readonly number[];
  /** What an account that never traded may send (PROTOCOL §10); 10,000 where left out. */
  readonly requestsAtStart?: () => number;
}

/** A signed action that was authenticated. */
interface Admitted {
  readonly signer: Address;
  readonly user: Address;
  readonly nonce: number;
  readonly expiresAfter: number | null;
  readonly action: ParsedAction;
  /** By how much a fault has the venue's clock ahead for this action. */
  readonly skewMs?: number;
}

export interface InProcessExchange extends Desk, OutsideActs {
  readonly nonces: NonceBook;
  readonly faults: FaultPlan;
  /** Names the coin of an asset id; null when there is none. */
  coinOf(asset: number): string | null;
  /** The instrument of a coin. Throws `StepRefusal` when there is none. */
  instrumentOf(coin: string): Instrument;
  /** Within a task: by how much faults have the venue's clock ahead for a signed action of these parties. */
  skewOf(action: ParsedAction, parties: readonly Address[]): number;
  /** Market time up to which everything has happened. */
  readonly nowMs: number;
  readonly marketEnded: boolean;
  observe(observer: Observer): void;
  /** Replays the journal and begins to follow the clock. Call once, after `observe`. */
  start(): void;
  /**
   * Runs `task` at the market time of this call, after everything due by then; what carries a signed action, given as it was
   * sent, waits first for the time the venue takes until it has effect.
   */
  request(task: (nowMs: number) => void, signed?: { readonly action: unknown }): void;
  /** As `request`, but it waits for what else comes in this turn of the event loop: one write of the journal for all of them. */
  gather(task: (nowMs: number) => void, signed?: { readonly action: unknown }): void;
  /** Lets everything due by now happen at once, requests that wait too, however long it takes. */
  settle(): void;
  /** Lets what still waits for its time have effect now. */
  release(): void;
  /** Hands something to the outside once the journal and the high-water mark are written. */
  emit(send: () => void): void;
  /** Within a task: executes an authenticated action, journalled first. Its nonce must have been found usable. */
  execute(admitted: Admitted): ExchangeReply;
  /** Within a task: pays in USDC, journalled first. */
  fund(user: Address, usd: MicroUsd): void;
  /** Accepted inputs after the first `after` of them. */
  inputs(after: number, limit: number): JournalPage;
  stop(): void;
}

const TICK_MS = 5_000;
/** Requests of an account that never traded (PROTOCOL §10). */
const REQUESTS_AT_START = 10_000;
/** Wall time one turn may take before sockets get their turn. */
const TURN_MS = 8;
const EVENTS_BETWEEN_LOOKS = 32;
/** The core is advanced at least this often in market time: marks, triggers by time, scheduled cancels. */
const IDLE_MS = 250;

/** Creates the exchange. Throws `JournalError` when the journal cannot be used with this market. */
export function createInProcess(options: InProcessOptions): InProcessExchange {
  const { venue, clock, market } = options;
  const desk: Desk = { venue, bank: createBank(venue, options.requestsAtStart ?? (() => REQUESTS_AT_START)), agents: createAgentBook() };
  const nonces = createNonceBook();
  const journal: Journal | null =
    options.journalPath === null
      ? null
      : openJournal(options.journalPath, {
          version: 1,
          market: market?.name ?? 'none',
          startMs: market?.startMs ?? clock.now(),
          offsetMs: market?.offsetMs ?? 0,
          settings: JSON.parse(JSON.stringify(venue.settings)),
        });
  const faults = options.faults ?? createFaultPlan(faultNames(venue.instruments.map(({ coin }) => coin)));
  const tail = createJournalTail();
  const inputs = createInputs({ desk, nonces, takeMarket });
  const { coinOf } = inputs;
  const observers: Observer[] = [];
  const events = market?.events[Symbol.iterator]() ?? null;
  let next: MarketEvent | null = null;
  let exhausted = events === null;
  let nowMs = 0;
  let nextTickMs = 0;
  let marketEnded = false;
  let stopped = false;
  let driving = false;
  let cancelWake: (() => void) | null = null;
  let pendingTurn: NodeJS.Immediate | null = null;
  const latency = options.latency ?? (() => NO_LATENCY);
  const line = createWaitingLine(options.orderBlock ?? null);
  let outbox: (() => void)[] = [];
  let actionsSeen = 0;

  function pull(): void {
    const step = exhausted ? null : events?.next();
    if (step == null || step.done === true) {
      exhausted = true;
      next = null;
    } else next = step.value;
  }

  function tell(): void {
    const happened = venue.drain();
    for (const event of happened) if (event.kind === 'liquidation') desk.bank.liquidated(event);
    const rows = desk.bank.drain();
    for (const observer of observers) {
      if (happened.length > 0) observer.venue(happened);
      if (rows.length > 0) observer.ledger(rows);
    }
  }

  /** Moves to `atMs` through every 5 s grid point on the way. */
  function moveTo(atMs: number): void {
    if (nextTickMs === 0) nextTickMs = Math.ceil((atMs + 1) / TICK_MS) * TICK_MS;
    while (nextTickMs <= atMs) {
      venue.advance(nextTickMs);
      tell();
      for (const observer of observers) observer.tick(nextTickMs);
      nextTickMs += TICK_MS;
    }
    nowMs = Math.max(nowMs, atMs);
  }

  /** Lets everything due by `targetMs` happen; false when the wall-clock budget ran out first. */
  function pumpTo(targetMs: number, untilWallMs: number): boolean {
    let looked = 0;
    while (next !== null && next.atMs <= targetMs) {
      const event = next;
      pull();
      moveTo(event.atMs);
      if (inputs.pausedUntil(event.coin) <= event.atMs) takeMarket(event);
      looked += 1;
      if (looked % EVENTS_BETWEEN_LOOKS === 0 && performance.now() > untilWallMs) return false;
    }
    if (targetMs >= nowMs) {
      moveTo(targetMs);
      venue.advance(targetMs);
      tell();
    }
    return true;
  }

  function takeMarket(event: MarketEvent): void {
    venue.market(event);
    for (const observer of observers) observer.market(event);
    tell();
  }

  function apply(entry: JournalEntry, action: ParsedAction | null): ExchangeReply {
    const reply = inputs.apply(entry, action);
    tail.push(entry);
    tell();
    for (const observer of observers) observer.input?.(entry, inputs.count);
    return reply;
  }

  /** Lets what was gathered leave. What observers emit meanwhile goes along. */
  function flush(): void {
    driving = true;
    for (const observer of observers) observer.settled(nowMs);
    driving = false;
    journal?.write();
    if (outbox.length === 0) return;
    journal?.raise(nowMs);
    const sends = outbox;
    outbox = [];
    for (const send of sends) send();
  }

  /** Time never runs backwards, whatever the clock does after a restart. */
  const clockMs = (): number => Math.max(clock.now(), nowMs);

  function drive(untilWallMs = performance.now() + TURN_MS): void {
    if (driving || stopped) return;
    driving = true;
    let caughtUp = false;
    try {
      for (;;) {
        const wantedMs = clockMs();
        const dueMs = Math.min(line.nextMs, wantedMs);
        if (!pumpTo(dueMs, untilWallMs)) break;
        if (line.nextMs > wantedMs) {
          caughtUp = true;
          break;
        }
        line.take()?.(nowMs);
        if (performance.now() > untilWallMs) break;
      }
    } finally {
      driving = false;
    }
    flush();
    if (caughtUp) sleep();
    else pendingTurn ??= setImmediate(turn);
    endMarket();
  }

  function turn(): void {
    pendingTurn = null;
    drive();
  }

  function sleep(): void {
    cancelWake?.();
    if (stopped || pendingTurn !== null) return;
    const nextMs = Math.min(next?.atMs ?? Number.POSITIVE_INFINITY, line.nextMs, nowMs + IDLE_MS);
    cancelWake = clock.after(Math.max(0, nextMs - clock.now()), () => {
      cancelWake = null;
      drive();
    });
  }

  function endMarket(): void {
    if (marketEnded || market === null || !exhausted || next !== null || nowMs < market.endMs) return;
    marketEnded = true;
    options.onMarketEnd?.();
  }

  function lineUp(task: (nowMs: number) => void, signed: { readonly action: unknown } | undefined): void {
    if (stopped) return;
    if (signed === undefined) line.add(clockMs(), task, null);
    else line.add(effectMs(latency(), clockMs(), actionsSeen++), task, signed);
  }

  function accept(entry: JournalEntry, action: ParsedAction | null = null): ExchangeReply {
    journal?.append(entry);
    return apply(entry, action);
  }

  const acts = createOutsideActs({
    inputs,
    venue,
    agents: desk.agents,
    told: market === null ? null : market.told,
    nowMs: () => nowMs,
    accept: (entry) => accept(entry).status === 'ok',
  });

  return {
    ...desk,
    ...acts,
    nonces,
    faults,
    coinOf,
    instrumentOf: inputs.instrumentOf,
    skewOf(action, parties) {
      if (!faults.active) return 0;
      const struck = faults.strikes(['clock-offset'], actionOccasion(action, parties, coinOf), nowMs);
      return struck.reduce((ms, { effect }) => ms + effect.ms, 0);
    },
    get nowMs() {
      return nowMs;
    },
    get marketEnded() {
      return marketEnded;
    },
    observe(observer) {
      observers.push(observer);
    },
    start() {
      pull();
      if (journal !== null) {
        for (const entry of journal.replay()) {
          pumpTo(entry.atMs, Number.POSITIVE_INFINITY);
          apply(entry, null);
        }
        pumpTo(journal.highWaterMs, Number.POSITIVE_INFINITY);
      }
      drive();
    },
    request(task, signed) {
      lineUp(task, signed);
      if (pendingTurn === null) drive();
    },
    gather(task, signed) {
      lineUp(task, signed);
      pendingTurn ??= setImmediate(turn);
    },
    settle: () => drive(Number.POSITIVE_INFINITY),
    release() {
      line.hasten(clockMs());
      drive(Number.POSITIVE_INFINITY);
    },
    emit(send) {
      outbox.push(send);
      if (!driving) flush();
    },
    execute({ signer, user, nonce, expiresAfter, action, skewMs = 0 }) {
      const imposed = faults.active
        ? imposeFaults(faults, { action, occasion: actionOccasion(action, [user, signer], coinOf), nowMs, coinOf })
        : null;
      const struck = { ...(imposed === null ? {} : { imposed }), ...(skewMs === 0 ? {} : { skewMs }) };
      return accept({ kind: 'action', atMs: nowMs, signer, user, nonce, expiresAfter, action: action.canonical, ...struck }, action);
    },
    fund(user, usd) {
      accept({ kind: 'fund', atMs: nowMs, user, usd });
    },
    inputs(after, limit) {
      const page = tail.page(after, limit);
      if (journal === null) return page ?? tail.oldest(limit);
      return page === null ? journal.page(after, limit) : { ...page, first: 1 };
    },
    stop() {
      stopped = true;
      cancelWake?.();
      if (pendingTurn !== null) clearImmediate(pendingTurn);
      journal?.close();
    },
  };
}
