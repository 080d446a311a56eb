/**
 * The fill monitor's mind: what a trade needs next so that every filled lot has a stop, the ladder stands, the stop moves
 * to breakeven once, and a flat trade is accounted. Pure: it reads the recorded state and names one step.
 */
import { isDone, lastOf, type TradeSight } from '../sight.ts';
import type { Step } from '../step.ts';
import { dueBreakeven, moveToBreakeven } from './breakeven.ts';
import { finish } from './finish.ts';
import { fitStop } from './fit-stop.ts';
import { awaitLadder, placeLadder, resolveTakeProfits } from './ladder.ts';
import { endRemainder } from './remainder.ts';
import { bringStopInside, dropSpareStops, ensureStop, stopFired } from './stop.ts';

/** The next step for a trade's protection, or null when nothing is to be done. */
export function nextProtectionStep(sight: TradeSight): Step | null {
  const { trade } = sight;
  if (trade.phase !== 'entering' && trade.phase !== 'open') return null;
  return (
    noteFills(sight) ??
    resolveTakeProfits(sight) ??
    stopFired(sight) ??
    ensureStop(sight) ??
    bringStopInside(sight) ??
    endRemainder(sight) ??
    (trade.exitClaimedBy === null ? (dueBreakeven(sight) ?? moveToBreakeven(sight) ?? placeLadder(sight)) : null) ??
    (trade.exitClaimedBy === null ? fitStop(sight) : null) ??
    dropSpareStops(sight) ??
    (trade.exitClaimedBy === null && !neverStood(sight) ? finish(sight) : null) ??
    (trade.exitClaimedBy === null ? awaitLadder(sight) : null)
  );
}

/** An entry that was refused or never arrived is the signal worker's to end or to try again. */
function neverStood(sight: TradeSight): boolean {
  const entry = lastOf(sight, 'entry');
  return sight.fills.entrySz === 0 && (entry === null || entry.state === 'rejected' || entry.state === 'dead');
}

function noteFills(sight: TradeSight): Step | null {
  const { trade, fills } = sight;
  const entry = lastOf(sight, 'entry');
  if (entry === null) return null;
  if (fills.entrySz > 0 && (trade.status === 'processing' || trade.status === 'sent')) {
    return {
      do: 'patch',
      patch: { status: 'filled' },
      said: [{ event: 'first fill', detail: { sz: fills.entrySz, ofSz: sight.plan.sz, fillMs: fills.firstFillMs } }],
    };
  }
  if (isDone(entry) && trade.phase === 'entering' && fills.entrySz > 0) {
    if (entry.state === 'filled' && fills.entrySz < entry.intent.sz && !sight.fillsAreSynced) return { do: 'sync-fills' };
    return { do: 'patch', patch: { phase: 'open' }, said: [{ event: 'entry done', detail: { sz: fills.entrySz, ofSz: sight.plan.sz } }] };
  }
  if (entry.state === 'filled' && fills.entrySz === 0 && !sight.fillsAreSynced) return { do: 'sync-fills' };
  return null;
}
