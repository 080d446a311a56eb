/** What is done to an exchange from outside its protocol, by tests and demonstrations: every act an accepted input, journalled first. */
import { lots } from '@hyperfleet/trading';
import type { Inputs } from './inputs.ts';
import type { JournalEntry } from './journal-entry.ts';
import { type MarketStep, StepRefusal } from './market/step.ts';
import { mustBeCountable } from './market/step-bounds.ts';
import type { Address, Intervention, Venue } from './matching/contract.ts';
import type { AgentBook } from './wire/agents.ts';

/** Call each within a task of the exchange. */
export interface OutsideActs {
  /** The next step of a market told from outside. Throws `StepRefusal`. */
  tellMarket(step: MarketStep): void;
  /** No message of the coin's market comes for `ms`. Throws `StepRefusal` for an unknown coin. */
  pauseMarket(coin: string, ms: number): void;
  /** Does to an account what the venue does unasked. False when there was nothing to do it to. Throws `StepRefusal` for a price past counting. */
  intervene(user: Address, intervention: Intervention): boolean;
  /** Lets an agent's time end. False when it is none that lives. */
  expireAgent(agent: Address): boolean;
}

export interface OutsideOptions {
  readonly inputs: Inputs;
  readonly venue: Venue;
  readonly agents: AgentBook;
  /** Coins that may be told; null for all of them, undefined where the market comes from a file. */
  readonly told: readonly string[] | null | undefined;
  readonly nowMs: () => number;
  /** Journals an input and lets it have its effect; false when it had none. */
  readonly accept: (entry: JournalEntry) => boolean;
}

/** Creates the acts on an exchange. */
export function createOutsideActs({ inputs, venue, agents, told, nowMs, accept }: OutsideOptions): OutsideActs {
  function mustBeTold(step: MarketStep): void {
    const { coin } = step;
    if (told === undefined) {
      const shown = JSON.stringify(step).slice(0, 80);
      throw new StepRefusal(`step ${shown}: this market comes from a file; start the exchange with --market scripted:${coin} to tell it`);
    }
    if (told?.includes(coin) === false)
      throw new StepRefusal(`coin "${coin}": this market is told of ${told.join(', ')}; name one of them`);
    const untilMs = inputs.pausedUntil(coin);
    if (untilMs > nowMs()) throw new StepRefusal(`coin "${coin}": its feed is paused until ${untilMs}; tell it after that`);
    // What cannot be told throws here, before it is journalled.
    const { assetId } = inputs.instrumentOf(coin);
    mustBeCountable(inputs.stepEvents(step, nowMs()), venue.assetMarket(assetId), venue.openInterest(assetId));
  }

  /** A price of ours is bounded as one of the market is. */
  function mustBeClosable({ asset, px, sz }: Extract<Intervention, { kind: 'deleverage' }>): void {
    if (px === null) return;
    const market = venue.assetMarket(asset);
    const print = {
      side: 'buy',
      px,
      sz: lots(Math.min(sz ?? Number.MAX_SAFE_INTEGER, venue.openInterest(asset))),
      tid: 0,
      exchangeTimeMs: 0,
    } as const;
    mustBeCountable([{ kind: 'prints', coin: market.instrument.coin, atMs: 0, prints: [print] }], market, venue.openInterest(asset));
  }

  return {
    tellMarket(step) {
      mustBeTold(step);
      accept({ kind: 'market', atMs: nowMs(), step });
    },
    pauseMarket(coin, ms) {
      accept({ kind: 'pause', atMs: nowMs(), coin: inputs.instrumentOf(coin).coin, untilMs: nowMs() + ms });
    },
    intervene(user, intervention) {
      if (intervention.kind === 'deleverage') mustBeClosable(intervention);
      return accept({ kind: 'intervene', atMs: nowMs(), user, intervention });
    },
    expireAgent: (agent) => agents.find(agent, nowMs()) !== null && accept({ kind: 'expire-agent', atMs: nowMs(), agent }),
  };
}
