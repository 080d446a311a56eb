import type { Venue } from '../matching/contract.ts';
import type { Bank } from './bank.ts';
import { usdText } from './decimal-text.ts';
import type { Address } from './fields.ts';
import type { Row } from './rows.ts';

const DAY_MS = 86_400_000;
/** Samples kept of each account; past it every second old one is dropped. */
const KEPT = 1_024;

interface Sample {
  readonly atMs: number;
  readonly valueUsd: number;
  readonly pnlUsd: number;
}

const PERIODS: readonly (readonly [name: string, spanMs: number])[] = [
  ['day', DAY_MS],
  ['week', 7 * DAY_MS],
  ['month', 30 * DAY_MS],
  ['allTime', Number.POSITIVE_INFINITY],
];

/** Account values over time, for `portfolio` (PROTOCOL §8). Bounded for each account. */
export interface Portfolios {
  /** Begins to sample an account. */
  follow(user: Address): void;
  /** Takes a sample of every followed account. */
  sample(atMs: number): void;
  row(user: Address, nowMs: number): readonly (readonly [string, Row])[];
}

/** Creates an empty set of histories. */
export function createPortfolios(venue: Venue, bank: Bank): Portfolios {
  const histories = new Map<Address, Sample[]>();

  const look = (user: Address, atMs: number): Sample => {
    const valueUsd = venue.account(user).accountValue;
    return { atMs, valueUsd, pnlUsd: valueUsd - bank.netDeposits(user) };
  };

  function period(samples: readonly Sample[], sinceMs: number, volume: number): Row {
    const shown = samples.filter((sample) => sample.atMs >= sinceMs);
    const base = shown[0]?.pnlUsd ?? 0;
    return {
      accountValueHistory: shown.map((sample) => [sample.atMs, usdText(sample.valueUsd)]),
      pnlHistory: shown.map((sample) => [sample.atMs, usdText(sample.pnlUsd - base)]),
      vlm: usdText(volume),
    };
  }

  return {
    follow(user) {
      if (!histories.has(user)) histories.set(user, []);
    },
    sample(atMs) {
      for (const [user, samples] of histories) {
        samples.push(look(user, atMs));
        if (samples.length > KEPT)
          histories.set(
            user,
            samples.filter((_, index) => index % 2 === 0 || index > KEPT / 2),
          );
      }
    },
    row(user, nowMs) {
      const samples = venue.exists(user) ? [...(histories.get(user) ?? []), look(user, nowMs)] : [];
      const volumeSince = (sinceMs: number): number => {
        if (sinceMs === Number.NEGATIVE_INFINITY) return venue.volume(user);
        return venue.fills(user).reduce((sum, fill) => (fill.timeMs >= sinceMs ? sum + fill.px * fill.sz : sum), 0);
      };
      const rows = PERIODS.map(([name, spanMs]) => ({ name, row: period(samples, nowMs - spanMs, volumeSince(nowMs - spanMs)) }));
      const perp = (name: string): string => `perp${name.charAt(0).toUpperCase()}${name.slice(1)}`;
      return [...rows.map(({ name, row }) => [name, row] as const), ...rows.map(({ name, row }) => [perp(name), row] as const)];
    },
  };
}
