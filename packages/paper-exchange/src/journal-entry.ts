import type { MicroUsd } from '@hyperfleet/trading';
import type { Imposed } from './faults/imposed.ts';
import type { MarketStep } from './market/step.ts';
import type { Address, Intervention } from './matching/contract.ts';

/** One accepted input, at the market time it took effect. */
export type JournalEntry =
  | { readonly kind: 'fund'; readonly atMs: number; readonly user: Address; readonly usd: MicroUsd }
  | {
      /** A signed action whose nonce was used. `action` is the canonical rebuild; signatures are not checked again. */
      readonly kind: 'action';
      readonly atMs: number;
      readonly signer: Address;
      readonly user: Address;
      readonly nonce: number;
      readonly expiresAfter: number | null;
      readonly action: unknown;
      /** What a fault refused of it. */
      readonly imposed?: Imposed;
      /** By how much a fault had the venue's clock ahead when it came. */
      readonly skewMs?: number;
    }
  /** A step of a market that is told step by step. */
  | { readonly kind: 'market'; readonly atMs: number; readonly step: MarketStep }
  /** The feed of a coin falls silent. */
  | { readonly kind: 'pause'; readonly atMs: number; readonly coin: string; readonly untilMs: number }
  /** The venue does something to an account unasked. */
  | { readonly kind: 'intervene'; readonly atMs: number; readonly user: Address; readonly intervention: Intervention }
  /** An agent's time ends. */
  | { readonly kind: 'expire-agent'; readonly atMs: number; readonly agent: Address };

/** An accepted input with its number; the first is 1. */
export type NumberedEntry = JournalEntry & { readonly seq: number };

/** Some accepted inputs, oldest first. */
export interface JournalPage {
  readonly entries: readonly NumberedEntry[];
  /** Ask for what comes after this. */
  readonly next: number;
  /** Number of the last input of all. */
  readonly last: number;
  /** Number of the oldest input that can still be had. */
  readonly first: number;
}
