/** Carries an exit signal to its end: claims the coin's trades, makes older pending entries void, and waits until all is flat. */
import { type ClaimedRow, type Instruments, parseSignal, resolveCoin, type SignalQueue, type Trade } from '@hyperfleet/trading';
import { insertRefused, isOlder, type RowPlace, refuse } from './entries.ts';
import { tradeOf } from './new-trade.ts';
import type { LoopDeps } from './settings.ts';
import type { Performed } from './step.ts';
import { change } from './tell.ts';

const LOOK_AGAIN_MS = 500;

/** The coin a row speaks of as the venue spells it, or the row's own text where the venue has none. */
export function coinOf(claimed: ClaimedRow, instruments: Instruments): string {
  const parsed = parseSignal(claimed.row);
  if (parsed.kind !== 'entry' && parsed.kind !== 'exit') return shownCoin(claimed.row.symbol);
  return resolveCoin(parsed.coinText, instruments)?.coin ?? parsed.coinText;
}

const LONGEST_COIN = 40;

/** A malformed row's symbol as the coin of its short life: whatever its writer put there, on one line and of a coin's length. */
const shownCoin = (symbol: unknown): string =>
  String(symbol ?? '')
    .replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .trim()
    .slice(0, LONGEST_COIN);

/** The other worker writes a few times in a trade's life, never this often in a row. */
const CLAIM_TRIES = 20;

/**
 * Marks a trade as taken by an exit: no take-profit and no breakeven from here on. A trade that was not sent yet is over by it.
 * Where the other worker was faster the trade is read again, since whoever takes trades may not come back for one it missed.
 * Throws where that goes on without end, which only a bug makes.
 */
export function claimForExit(deps: LoopDeps, trade: Trade, by: string): void {
  let now: Trade | null = trade;
  for (let tries = 0; tries < CLAIM_TRIES; tries += 1) {
    if (now === null || now.exitClaimedBy !== null || now.phase === 'settled' || now.phase === 'refused') return;
    if (now.phase === 'claimed') refuse(deps, now, 'expired', `cancelled before it was sent, by ${by}`);
    else if (change(deps, now, { exitClaimedBy: by }, [{ event: 'exit claimed', detail: { by } }])) return;
    now = deps.ledger.trade(trade.tradeId);
  }
  throw new Error(`trade ${trade.tradeId} could not be taken by ${by}: its version moved on ${CLAIM_TRIES} times`);
}

/** An exit's place. One dated ahead by a bad clock must not make every later entry void: it came at the latest when it was claimed. */
export const placeOfExit = (exit: Trade, createdAtMs: number, marketToWall: (marketMs: number) => number): RowPlace => ({
  createdAtMs: Math.min(createdAtMs, marketToWall(exit.claimedAtMs)),
  rowId: exit.signal.rowId,
});

/** Whether an entry that is claimed and not sent came after an exit: it waits until that is over, and goes then. */
function isClaimedAfter(deps: LoopDeps, trade: Trade, exit: RowPlace): boolean {
  if (trade.phase !== 'claimed') return false;
  const row = deps.ledger.claimedRow(trade.tradeId);
  const parsed = row === null ? null : parseSignal(row);
  return parsed?.kind === 'entry' && isOlder(exit, { createdAtMs: parsed.createdAtMs, rowId: trade.signal.rowId });
}

interface ExitDeps extends LoopDeps {
  readonly queue: SignalQueue;
  readonly marketToWall: (marketMs: number) => number;
}

/** What an exit meets besides its row. */
interface ExitContext {
  /** Wakes the trades it claimed. */
  readonly kick: (tradeId: string) => void;
  /** What stands on a coin that the ledger does not know; null when nothing was seen. */
  readonly stranger: (coin: string) => string | null;
}

/** One look at an exit signal. */
export function driveExit(deps: ExitDeps, { kick, stranger }: ExitContext, exit: Trade): Performed {
  const { queue, marketToWall } = deps;
  const row = deps.ledger.claimedRow(exit.tradeId);
  const parsed = row === null ? null : parseSignal(row);
  if (parsed === null || parsed.kind !== 'exit') {
    return refuse(deps, exit, 'failed', parsed?.kind === 'malformed' ? parsed.reason : 'the claimed row is no exit');
  }
  if (resolveCoin(parsed.coinText, deps.instruments) === null) {
    return refuse(deps, exit, 'failed', `the venue lists no perpetual "${parsed.coinText}"`);
  }
  const by = `exit signal ${exit.signal.rowId}`;
  const touched = new Set(exit.notes);
  const place = placeOfExit(exit, parsed.createdAtMs, marketToWall);
  const open = deps.ledger
    .activeTrades(deps.settings.id)
    .filter((trade) => trade.kind === 'entry' && trade.coin === exit.coin && !isClaimedAfter(deps, trade, place));
  for (const trade of open) {
    if (trade.phase !== 'claimed') touched.add(`took trade of signal ${trade.signal.rowId}`);
    claimForExit(deps, trade, by);
    kick(trade.tradeId);
  }
  if (touched.size > exit.notes.length) {
    change(deps, exit, { notes: [...touched] }, []);
    return { kind: 'again' };
  }
  voidOlderEntries(deps, queue, { coin: exit.coin, place, by });
  if (open.length > 0) return { kind: 'later', afterMs: LOOK_AGAIN_MS };
  const acted = touched.size > 0;
  const status = acted ? 'executed' : 'no_op';
  const reason = acted ? null : nothingOfOurs(exit.coin, stranger(exit.coin));
  change(deps, exit, { phase: 'settled', status, reason, settledAtMs: deps.clock.now() }, [
    { event: `exit ${status}`, detail: { coin: exit.coin } },
  ]);
  return { kind: 'again' };
}

function nothingOfOurs(coin: string, stranger: string | null): string {
  const none = `no order and no position of ours on ${coin}`;
  return stranger === null ? none : `${none}, but ${stranger} stands there that the ledger does not know; CLOSE_ALL --foreign closes it`;
}

/** Entries still pending that are older than the exit must never be sent. */
function voidOlderEntries(
  deps: LoopDeps,
  queue: SignalQueue,
  { coin, place, by }: { readonly coin: string; readonly place: RowPlace; readonly by: string },
): void {
  for (const pending of queue.pendingEntries(deps.settings.id)) {
    const parsed = parseSignal(pending.row);
    if (parsed.kind !== 'entry' || resolveCoin(parsed.coinText, deps.instruments)?.coin !== coin) continue;
    if (!isOlder({ createdAtMs: parsed.createdAtMs, rowId: pending.rowId }, place)) continue;
    const claimed = queue.claimRow(pending);
    if (claimed === null) continue;
    const trade = tradeOf(deps, claimed, 'entry', coin);
    insertRefused(deps, trade, { row: claimed.row, status: 'expired', reason: `cancelled before it was sent, by ${by}` });
  }
}
