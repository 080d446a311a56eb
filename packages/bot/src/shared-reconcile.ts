/**
 * One reconcile for both workers of a bot. What a signal worker must know before it trades — every fill, what became of each order,
 * what is not ours — is what its guard brings into the ledger anyway, and both read the same ledger. So it asks the guard instead of
 * the venue: 42 of request weight a bot, two seconds of what one IP gets back, and a fleet that starts waits for nothing else.
 *
 * It trades on no less than before: a reconcile that was complete, and that began after every worker that could have sent something
 * unseen was gone. That is told by counting the starts of a bot's workers: a reconcile covers each start the guard knew of when it
 * began, and a predecessor has ended before its successor starts. A guard started after the worker that asks (both at once, when the
 * process begins) covers it from its first reconcile. One started before (the signal worker was started again alone) reconciles
 * once more: what the dead one sent in its last moments may be in none before. Where no guard lives, or the one that lives has
 * fallen silent, the signal worker reconciles itself.
 */
import type { AccountView } from '@hyperfleet/trading';
import type { ForeignLook } from './foreign.ts';
import type { LoopDeps, PeerMessage } from './settings.ts';

/** What a complete reconcile leaves besides the ledger. `atMs`: market time at which the account was heard of. */
export interface Reconciled {
  readonly account: AccountView;
  readonly foreign: ForeignLook;
  readonly atMs: number;
}

/** The guard's side. */
export interface ReconcileTelling {
  /** The other worker, of this start, asks. True when a reconcile must begin for it. */
  asked(by: number): boolean;
  /** A reconcile begins. What is returned is to be called with its result when it is complete, and never when it failed. */
  begun(): (result: Reconciled) => void;
  /** What it keeps: which start asked and was not told yet, and which the reconcile under way or next and the last complete one cover. */
  memory(): ReconcileMemory;
}

export interface ReconcileMemory {
  readonly waiting: number | null;
  readonly coversNext: number;
  readonly covers: number | null;
}

/** Makes the guard's side; `launch` is its own start. */
export function createReconcileTelling({ peer, launch = 0 }: Pick<LoopDeps, 'peer' | 'launch'>): ReconcileTelling {
  /** The newest start of either worker that is known. */
  let known = launch;
  let coversNext = launch;
  let waiting: number | null = null;
  let last: { readonly result: Reconciled; readonly covers: number } | null = null;

  function tell(): void {
    if (last === null || waiting === null || waiting > last.covers) return;
    waiting = null;
    peer.send({ kind: 'reconciled', ...last.result });
  }

  return {
    asked(by) {
      known = Math.max(known, by);
      waiting = by;
      tell();
      return by > coversNext;
    },
    begun() {
      const covers = known;
      coversNext = covers;
      return (result) => {
        last = { result, covers };
        tell();
      };
    },
    memory: () => ({ waiting, coversNext, covers: last?.covers ?? null }),
  };
}

/** The signal worker's side. */
export interface ReconcileHearing {
  /** The guard's reconcile; null where there is no guard to be asked. */
  heard(): Promise<Reconciled | null>;
  onPeer(message: PeerMessage): void;
  /** Waits no longer. */
  stop(): void;
}

/** Makes the signal worker's side; `launch` is which start of a worker of its bot it is. */
export function createReconcileHearing({ peer }: Pick<LoopDeps, 'peer'>, launch: number): ReconcileHearing {
  const answer = Promise.withResolvers<Reconciled | null>();
  let state: 'idle' | 'waiting' | 'settled' = 'idle';
  const settle = (reconciled: Reconciled | null): void => {
    state = 'settled';
    answer.resolve(reconciled);
  };
  const ask = (): void => peer.send({ kind: 'want-reconciled', launch });
  return {
    heard() {
      if (state === 'idle') {
        state = 'waiting';
        ask();
      }
      return answer.promise;
    },
    onPeer(message) {
      if (message.kind === 'guard-gone') settle(null);
      else if (message.kind === 'reconciled') settle({ account: message.account, foreign: message.foreign, atMs: message.atMs });
      // There may be a new line between the two, and what was asked on the old one lost.
      else if (message.kind === 'trades-changed' && state === 'waiting') ask();
    },
    stop: () => settle(null),
  };
}
