/** Files that cannot be used just now, whoever of the fleet met it: one line when it begins, one when nobody meets it any more. */
import { consequenceOf } from './troubles.ts';

export interface FileTroubles {
  /** `who` met a trouble of this reason. */
  met(who: string, reason: string): void;
  /** It is over for `who`. */
  over(who: string, reason: string): void;
  /** All of it is over for `who`, who begins anew or is gone. */
  left(who: string): void;
  /** Whether the ledger cannot be written just now. */
  isLedgerMet(): boolean;
}

export function createFileTroubles(
  files: { readonly ledger: string; readonly signals: string },
  tell: (text: string, mood: 'plain' | 'attention') => void,
): FileTroubles {
  const standing = new Map<string, Set<string>>();

  function over(who: string, reason: string): void {
    const meeting = standing.get(reason);
    if (meeting?.delete(who) !== true || meeting.size > 0) return;
    standing.delete(reason);
    tell(`over: ${reason}`, 'plain');
  }

  return {
    met(who, reason) {
      const meeting = standing.get(reason);
      standing.set(reason, (meeting ?? new Set()).add(who));
      if (meeting === undefined) tell(`${reason}${consequenceOf(reason, files)}`, 'attention');
    },
    over,
    left(who) {
      for (const reason of [...standing.keys()]) over(who, reason);
    },
    isLedgerMet: () => [...standing.keys()].some((reason) => reason.includes(files.ledger)),
  };
}
