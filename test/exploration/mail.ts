/** What one worker has been told by the other and has not heard yet: of each kind the newest, which says all that those before it said. */
import type { PeerMessage } from '@hyperfleet/bot';

/** What was asked and what is known are heard before the word that it is to be looked at. */
const ORDER: readonly PeerMessage['kind'][] = ['want-reconciled', 'foreign', 'account', 'reconciled', 'trades-changed'];
/** Said the same way whichever of them it is: look again. */
const LOOKS: ReadonlySet<PeerMessage['kind']> = new Set(['trades-changed', 'protect-now', 'condition', 'want-stream', 'guard-gone']);

export interface Mail {
  put(message: PeerMessage): void;
  isThere(): boolean;
  /** Empties it. */
  take(): readonly PeerMessage[];
}

export function createMail(): Mail {
  const letters = new Map<PeerMessage['kind'], PeerMessage>();
  return {
    put(message) {
      if (LOOKS.has(message.kind)) letters.set('trades-changed', { kind: 'trades-changed' });
      else letters.set(message.kind, message);
    },
    isThere: () => letters.size > 0,
    take() {
      const taken = ORDER.flatMap((kind) => letters.get(kind) ?? []);
      letters.clear();
      return taken;
    },
  };
}
