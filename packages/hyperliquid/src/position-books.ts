import type { Clock, Fill, PositionView } from '@hyperfleet/trading';

/** Fills and states come on channels of their own: so much market time lies between them at most. */
const BEHIND_MS = 1_500;

/** Positions as states tell them, held against what fills left them at. */
export interface PositionBooks {
  /** Fills as they come, oldest first. */
  filled(fills: readonly Fill[]): void;
  /** A whole state; the first after `forget` is believed, since it is what a connection begins with. */
  stated(positions: readonly PositionView[]): void;
  /** The connection is over. */
  forget(): void;
}

/**
 * Two channels of one account check each other: a position that moved although no fill has told of it for 1.5 s of market time
 * means that a fill was lost or its channel fell silent, and `onUntold` is called once for it.
 */
export function openPositionBooks(clock: Clock, onUntold: (coin: string) => void): PositionBooks {
  /** Signed lots last told by state and fills alike; null before the first state. */
  let agreed: Map<string, number> | null = null;
  let stated: ReadonlyMap<string, number> = new Map();
  /** What fills left each coin at that no state has told yet, oldest first. */
  const ends = new Map<string, number[]>();
  let cancel: (() => void) | null = null;

  function untold(): string | null {
    const known = agreed ?? new Map<string, number>();
    for (const coin of new Set([...known.keys(), ...stated.keys()])) {
      const szi = stated.get(coin) ?? 0;
      if (szi === (known.get(coin) ?? 0)) continue;
      const told = ends.get(coin) ?? [];
      const at = told.lastIndexOf(szi);
      if (at < 0) return coin;
      known.set(coin, szi);
      told.splice(0, at + 1);
    }
    return null;
  }

  function look(): void {
    cancel = null;
    const coin = untold();
    if (coin !== null) onUntold(coin);
  }

  return {
    filled(fills) {
      for (const { coin, side, sz, startPosition } of fills) {
        const told = ends.get(coin) ?? [];
        told.push(startPosition + (side === 'buy' ? sz : -sz));
        ends.set(coin, told);
      }
    },
    stated(positions) {
      stated = new Map(positions.map(({ coin, szi }) => [coin, szi]));
      if (agreed === null) {
        agreed = new Map(stated);
        ends.clear();
      }
      if (untold() !== null) cancel ??= clock.after(BEHIND_MS, look);
    },
    forget() {
      cancel?.();
      cancel = null;
      agreed = null;
      stated = new Map();
      ends.clear();
    },
  };
}
