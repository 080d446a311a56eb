/** Each coin is cross at its own maximum leverage, set once, so that our caps bind and not the venue's margin. */
import type { Instrument } from '@hyperfleet/trading';
import { isDisowned, noteDisowned } from './key.ts';
import type { LoopDeps } from './settings.ts';

/** On a venue of hundreds of coins the rest is set at a coin's first entry: each setting costs a request of the address's budget. */
const AHEAD_MAX = 32;

export interface Leverage {
  /** Null once the coin's leverage stands; else why it does not. */
  ensure(instrument: Instrument): Promise<string | null>;
  /** Sets the leverage of traded coins ahead of their first signal, so that no entry waits for it. */
  prepare(): Promise<void>;
  stop(): void;
}

export function createLeverage(deps: LoopDeps): Leverage {
  const standing = new Set<string>();
  let preparing = false;
  let stopped = false;

  const ensure = async ({ coin, maxLeverage }: Instrument): Promise<string | null> => {
    if (standing.has(coin)) return null;
    const answer = await deps.exchange.setCrossLeverage(coin, maxLeverage, deps.nextNonce());
    noteDisowned(deps, answer);
    if (answer.kind !== 'answered') return `leverage of ${coin} could not be set: ${answer.reason}`;
    standing.add(coin);
    return null;
  };

  const isTraded = (instrument: Instrument): boolean =>
    !instrument.isDelisted && !instrument.onlyIsolated && deps.market.view(instrument.coin) !== null;

  return {
    ensure,
    async prepare() {
      if (preparing || isDisowned(deps)) return;
      preparing = true;
      try {
        for (const instrument of deps.instruments.values()) {
          if (stopped || standing.size >= AHEAD_MAX) return;
          if (standing.has(instrument.coin) || !isTraded(instrument)) continue;
          const refused = await ensure(instrument);
          if (refused === null) continue;
          deps.log.warn('leverage not set, trying again', { reason: refused });
          return;
        }
      } finally {
        preparing = false;
      }
    },
    stop() {
      stopped = true;
    },
  };
}
