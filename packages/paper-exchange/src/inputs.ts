/** What accepted inputs do. An input with its market time is all that decides it, so a journal of them replays to the same state. */
import type { Instrument } from '@hyperfleet/trading';
import { withImposed } from './faults/imposed.ts';
import type { JournalEntry } from './journal-entry.ts';
import { isCancel } from './limits/address-budget.ts';
import type { MarketEvent } from './market/event.ts';
import { eventsOf, type MarketStep, StepRefusal } from './market/step.ts';
import { type ParsedAction, parseAction } from './wire/action-form.ts';
import type { NonceBook } from './wire/nonces.ts';
import { type Desk, type ExchangeReply, perform, requestCost } from './wire/perform.ts';

export interface InputOptions {
  readonly desk: Desk;
  readonly nonces: NonceBook;
  /** Lets a market event happen. */
  readonly takeMarket: (event: MarketEvent) => void;
}

export interface Inputs {
  /** Lets an input have its effect; a signed action that was parsed already may be handed in. */
  apply(entry: JournalEntry, action: ParsedAction | null): ExchangeReply;
  /** How many there were. */
  readonly count: number;
  /** The market events a step would be at `atMs`. Throws `StepRefusal`. */
  stepEvents(step: MarketStep, atMs: number): readonly MarketEvent[];
  /** Until when a coin's feed is paused; 0 when it never was. */
  pausedUntil(coin: string): number;
  /** The instrument of a coin. Throws `StepRefusal` when there is none. */
  instrumentOf(coin: string): Instrument;
  /** Names the coin of an asset id; null when there is none. */
  coinOf(asset: number): string | null;
}

/** Creates what inputs act with. */
export function createInputs({ desk, nonces, takeMarket }: InputOptions): Inputs {
  const { venue, bank, agents } = desk;
  const byCoin = new Map(venue.instruments.map((instrument) => [instrument.coin, instrument]));
  const coins = new Map(venue.instruments.map(({ assetId, coin }) => [assetId, coin]));
  const paused = new Map<string, number>();
  let count = 0;

  function instrumentOf(coin: string): Instrument {
    const found = byCoin.get(coin);
    if (found === undefined) throw new StepRefusal(`coin ${JSON.stringify(coin)}: give a coin of the universe, e.g. "BTC"`);
    return found;
  }

  /** Its stamp is later than the coin's last, however many steps one millisecond has. */
  function stepEvents(step: MarketStep, atMs: number): readonly MarketEvent[] {
    const instrument = instrumentOf(step.coin);
    const stampMs = Math.max(atMs, venue.assetMarket(instrument.assetId).bookTimeMs + 1);
    return eventsOf(step, { instrument, atMs, stampMs, tid: count + 1 });
  }

  function applyAction(entry: Extract<JournalEntry, { kind: 'action' }>, action: ParsedAction): ExchangeReply {
    const { user, atMs, expiresAfter, imposed = null, skewMs = 0 } = entry;
    nonces.use(entry.signer, entry.nonce);
    const expired = expiresAfter !== null && expiresAfter < atMs + skewMs;
    // An expired action costs five times its requests (PROTOCOL §2.4).
    bank.countRequests(user, requestCost(action) * (expired ? 5 : 1), { atMs, cancels: isCancel(action) });
    if (expired) return { status: 'err', response: 'Action already expired' };
    if (imposed?.kind === 'action') return { status: 'err', response: imposed.error };
    return perform(desk, { user, signer: entry.signer }, withImposed(action, imposed), atMs);
  }

  function take(entry: JournalEntry, action: ParsedAction | null): ExchangeReply {
    switch (entry.kind) {
      case 'fund':
        bank.deposit(entry.user, entry.usd, entry.atMs);
        break;
      case 'action':
        return applyAction(entry, action ?? parseAction(entry.action));
      case 'market':
        for (const event of stepEvents(entry.step, entry.atMs)) takeMarket(event);
        break;
      case 'pause':
        paused.set(entry.coin, entry.untilMs);
        takeMarket({ kind: 'gap', coin: entry.coin, atMs: entry.atMs, untilMs: entry.untilMs });
        break;
      case 'intervene':
        if (venue.intervene(entry.user, entry.intervention, entry.atMs)) break;
        return { status: 'err', response: 'There is nothing to intervene in.' };
      case 'expire-agent':
        agents.expire(entry.agent, entry.atMs);
        break;
      default:
        entry satisfies never;
    }
    return { status: 'ok', response: { type: 'default' } };
  }

  return {
    apply(entry, action) {
      const reply = take(entry, action);
      count += 1;
      return reply;
    },
    get count() {
      return count;
    },
    stepEvents,
    pausedUntil: (coin) => paused.get(coin) ?? 0,
    instrumentOf,
    coinOf: (asset) => coins.get(asset) ?? null,
  };
}
