/** The key that no longer acts for its account: seen in the venue's words, kept in the ledger, where both threads look. */
import type { Answer } from '@hyperfleet/trading';
import type { LoopDeps } from './settings.ts';
import { tellStanding } from './tell.ts';

/** The venue does not know the signer, or knows that it once acted for somebody (PROTOCOL §2.2). */
const DISOWNED = /^(User or API Wallet 0x[0-9a-f]+ does not exist|Must deposit before performing actions)/i;

/** How the reason of such a halt begins, and no other's. */
export const KEY_HALT = 'the key no longer acts for its account';

/** A bot whose key is disowned looks this often whether it is owned again, ms of market time. */
export const DISOWNED_MS = 10_000;

/** Halts the bot when an answer says that its key is disowned. Its stops rest at the venue; nothing more is sent. */
export function noteDisowned(deps: LoopDeps, answer: Answer<unknown>): void {
  if (answer.kind === 'refused' && DISOWNED.test(answer.reason)) haltDisowned(deps, answer.reason);
}

/** Halts the bot whose key the venue disowned in these words. Does nothing when it is halted for that already. */
export function haltDisowned(deps: LoopDeps, words: string): void {
  if (isDisowned(deps)) return;
  const { id, accountAddress, signerAddress } = deps.settings;
  // An address is approved once and never again (PROTOCOL §2.3).
  const old = signerAddress === undefined ? 'this one' : signerAddress;
  const remedy = `approve a new key as an agent of ${accountAddress} and start again with it (${old} cannot be approved twice)`;
  const reason = `${KEY_HALT} (${words}): ${remedy}; its stops stand at the venue`;
  deps.ledger.setBotState(id, { tradingState: 'halted', reason });
  const detail = { bot: id, reason: words };
  deps.ledger.record({ bot: id, tradeId: null, atMs: deps.clock.now(), event: 'key disowned', detail });
  deps.log.error('key disowned', detail);
  deps.report({ kind: 'alert', phrase: 'key disowned', detail });
  tellStanding(deps);
}

/** Whether the bot was halted because its key is disowned. */
export function isDisowned({ ledger, settings }: Pick<LoopDeps, 'ledger' | 'settings'>): boolean {
  const { tradingState, reason } = ledger.botState(settings.id);
  return tradingState === 'halted' && (reason?.startsWith(KEY_HALT) ?? false);
}

/** The venue owns the key again: what it halted goes on. */
export function noteOwned(deps: LoopDeps): void {
  if (!isDisowned(deps)) return;
  deps.ledger.setBotState(deps.settings.id, { tradingState: 'active', reason: null });
  deps.log.warn('key acts again');
  tellStanding(deps);
}
