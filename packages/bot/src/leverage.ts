/** Each coin is cross at its own maximum leverage, set once, so that our caps bind and not the venue's margin. */
import type { Instrument } from '@hyperfleet/trading';
import { isDisowned, noteDisowned } from './key.ts';
import type { LoopDeps } from './settings.ts';
import type { Wallet } from './wallet.ts';

/** On a venue of hundreds of coins the rest is set at a coin's first entry: each setting costs a request of the address's budget. */
const AHEAD_MAX = 32;

/**
 * A no that stands, as to a coin somebody holds isolated (PROTOCOL §3), is taken for the answer this long: asked at every poll it would
 * cost 43,200 requests a day, and an address has 10,000 and one more a dollar traded (PROTOCOL §10).
 */
const REFUSED_MS = 15 * 60_000;
/** What may pass is asked again after this; ahead of signals doubling each time in a row. */
const PUT_OFF_MS = 2_000;
const PUT_OFF_MS_MAX = 60_000;

/** Why a coin's leverage does not stand. */
export interface LeverageRefusal {
  readonly reason: string;
  /** Whether the venue will say the same in a while, so that waiting is of no use. */
  readonly isLasting: boolean;
}

export interface Leverage {
  /** Null once the coin's leverage stands. What was refused of late is not asked again. */
  ensure(instrument: Instrument): Promise<LeverageRefusal | null>;
  /** Sets the leverage of traded coins ahead of their first signal, so that no entry waits for it. */
  prepare(): Promise<void>;
  stop(): void;
}

export function createLeverage(deps: LoopDeps, wallet: Pick<Wallet, 'isForeign' | 'refusal'>): Leverage {
  const { clock, log } = deps;
  const standing = new Set<string>();
  const refusals = new Map<string, LeverageRefusal & { readonly atMs: number }>();
  let preparing = false;
  let stopped = false;
  /** How often in a row preparing met what may pass, and until when it rests for that. */
  let putOffs = 0;
  let restsUntilMs = 0;

  const ask = async ({ coin, maxLeverage }: Instrument): Promise<LeverageRefusal | null> => {
    const answer = await deps.exchange.setCrossLeverage(coin, maxLeverage, deps.nextNonce());
    noteDisowned(deps, answer);
    if (answer.kind === 'answered') {
      standing.add(coin);
      refusals.delete(coin);
      return null;
    }
    // A key that acts for nobody says nothing of the coin, and holds all entries back by itself.
    const isLasting = answer.kind === 'refused' && answer.retry === 'never' && !isDisowned(deps);
    const why = `leverage of ${coin} could not be set: ${answer.reason}`;
    const reason = isLasting ? `${why} (asked again after ${REFUSED_MS / 60_000} min)` : why;
    refusals.set(coin, { reason, isLasting, atMs: clock.now() });
    log.warn('leverage not set', { coin, reason });
    return { reason, isLasting };
  };

  const refusedOfLate = (coin: string): LeverageRefusal | null => {
    const refusal = refusals.get(coin);
    if (refusal === undefined) return null;
    return clock.now() - refusal.atMs < (refusal.isLasting ? REFUSED_MS : PUT_OFF_MS) ? refusal : null;
  };

  /** Traded coins still to be set, those never asked before those refused. */
  const toPrepare = (): Instrument[] => {
    const refusedAt = ({ coin }: Instrument): number => refusals.get(coin)?.atMs ?? 0;
    return [...deps.instruments.values()]
      .filter(
        (instrument) =>
          !instrument.isDelisted &&
          !instrument.onlyIsolated &&
          !standing.has(instrument.coin) &&
          !wallet.isForeign(instrument.coin) &&
          refusedOfLate(instrument.coin) === null &&
          deps.market.view(instrument.coin) !== null,
      )
      .sort((a, b) => refusedAt(a) - refusedAt(b));
  };

  const prepareSome = async (): Promise<void> => {
    for (const instrument of toPrepare()) {
      if (stopped || standing.size >= AHEAD_MAX) return;
      const { coin } = instrument;
      if (standing.has(coin) || (!refusals.has(coin) && standing.size + refusals.size >= AHEAD_MAX)) continue;
      const refusal = await ask(instrument);
      if (refusal?.isLasting === false) {
        restsUntilMs = clock.now() + Math.min(PUT_OFF_MS * 2 ** putOffs, PUT_OFF_MS_MAX);
        putOffs += 1;
        return;
      }
      if (refusal === null) putOffs = 0;
    }
  };

  return {
    async ensure(instrument) {
      if (standing.has(instrument.coin)) return null;
      return refusedOfLate(instrument.coin) ?? (await ask(instrument));
    },
    async prepare() {
      if (preparing || standing.size >= AHEAD_MAX || isDisowned(deps) || clock.now() < restsUntilMs) return;
      // The leverage of a coin is that of the position somebody else holds there: nothing is set before the wallet has been looked at.
      if (wallet.refusal() !== null) return;
      preparing = true;
      try {
        await prepareSome();
      } finally {
        preparing = false;
      }
    },
    stop() {
      stopped = true;
    },
  };
}
