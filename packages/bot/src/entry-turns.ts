/**
 * Whose turn it is among the claimed entries of a bot. One at a time goes from its last look at the account to the venue's answer, so that
 * no two are sized by the same money. One that waits for something of its own coin stands aside: entries of other coins pass it.
 */
import type { Trade } from '@hyperfleet/trading';
import type { LoopDeps } from './settings.ts';
import { isUnresolved } from './sight.ts';
import type { Performed } from './step.ts';

/** Trade ids. */
export interface EntryTurnsMemory {
  readonly going: string | null;
  readonly aside: readonly string[];
}

export interface EntryTurns {
  /** Whether another entry may be claimed: none is on its way to the venue or in doubt, and those claimed stand aside. */
  isFree(): boolean;
  /** Coins of the entries that stand aside. */
  coinsAside(): ReadonlySet<string>;
  /** Gives the turn to an entry that has all its coin needs; false while another has it. */
  take(tradeId: string): boolean;
  /** Makes one attempt at an entry, and gives back the turn it took. */
  attempt(tradeId: string, enter: () => Promise<Performed>): Promise<Performed>;
  memory(): EntryTurnsMemory;
}

export function createEntryTurns({ ledger, settings }: Pick<LoopDeps, 'ledger' | 'settings'>): EntryTurns {
  const aside = new Set<string>();
  let going: string | null = null;

  const entries = (): Trade[] => ledger.activeTrades(settings.id).filter(({ kind }) => kind === 'entry');
  const isInFlight = (trade: Trade): boolean =>
    trade.phase === 'entering' && ledger.orders(trade.tradeId).some((order) => order.intent.role === 'entry' && isUnresolved(order));

  return {
    isFree: () => !entries().some((trade) => (trade.phase === 'claimed' ? !aside.has(trade.tradeId) : isInFlight(trade))),
    coinsAside: () => new Set(entries().flatMap(({ phase, tradeId, coin }) => (phase === 'claimed' && aside.has(tradeId) ? [coin] : []))),
    take(tradeId) {
      // From here on it stands aside no more, whether it goes or is next.
      aside.delete(tradeId);
      if (going !== null || entries().some(isInFlight)) return false;
      going = tradeId;
      return true;
    },
    async attempt(tradeId, enter) {
      try {
        const performed = await enter();
        aside.delete(tradeId);
        if (performed.kind === 'later' && performed.aside === true) aside.add(tradeId);
        return performed;
      } finally {
        if (going === tradeId) going = null;
        // An exit may have ended one where it stood.
        for (const other of aside) if (ledger.trade(other)?.phase !== 'claimed') aside.delete(other);
      }
    },
    memory: () => ({ going, aside: [...aside] }),
  };
}
