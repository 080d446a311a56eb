import { runScheduledCancel } from './changing.ts';
import { type Core, touchHolding } from './core.ts';
import { nextFundingMs, payFunding } from './funding.ts';
import { refreshMark } from './marking.ts';
import { judgeTouched } from './naked.ts';
import { forgetPremiums, samplePremiums } from './premium.ts';

/** The first multiple of `step` after a time. */
const nextMultiple = (timeMs: number, step: number): number => (Math.floor(timeMs / step) + 1) * step;

/** Ends a step: what it touched is judged and told. */
export function endStep(core: Core): void {
  judgeTouched(core);
  if (core.touchedAccounts.length === 0) return;
  for (const account of core.touchedAccounts) {
    account.touched = false;
    core.events.push({ kind: 'account', user: account.user });
  }
  core.touchedAccounts.length = 0;
}

function start(core: Core, nowMs: number): void {
  core.nowMs = nowMs;
  core.nextMarkMs = nextMultiple(nowMs, core.settings.markIntervalMs);
  core.nextFundingMs = nextFundingMs(nowMs);
}

function nextScheduledMs(core: Core): number {
  let next = Number.POSITIVE_INFINITY;
  if (core.scheduled.size === 0) return next;
  for (const account of core.scheduled) next = Math.min(next, account.scheduledCancelMs ?? next);
  return next;
}

function refreshMarks(core: Core): void {
  const restless = [...core.restless];
  core.restless.clear();
  for (const market of restless) refreshMark(core, market);
}

function runDue(core: Core): void {
  if (core.nextMarkMs <= core.nowMs) {
    refreshMarks(core);
    core.nextMarkMs = nextMultiple(core.nowMs, core.settings.markIntervalMs);
  }
  if (core.nextFundingMs <= core.nowMs) {
    payFunding(core);
    forgetPremiums(core);
    core.nextFundingMs = nextFundingMs(core.nowMs);
  }
  for (const account of [...core.scheduled]) {
    if (account.scheduledCancelMs !== null && account.scheduledCancelMs <= core.nowMs) runScheduledCancel(core, account);
  }
  while ((core.nakedDeadlines[0]?.atMs ?? Number.POSITIVE_INFINITY) <= core.nowMs) {
    const due = core.nakedDeadlines.shift();
    if (due !== undefined) touchHolding(core, due.holding);
  }
  endStep(core);
}

/**
 * Moves market time on and runs what falls due on the way, each at its own time: mark refreshes, hourly funding, scheduled
 * cancels, the second for which a fired stop counts. A time before now is taken as now. Where no mark can move, the
 * refreshes in between are skipped.
 */
export function advanceTo(core: Core, nowMs: number): void {
  if (!Number.isSafeInteger(nowMs) || nowMs < 0) throw new RangeError(`market time ${nowMs} is no whole number of milliseconds`);
  if (core.nowMs < 0) start(core, nowMs);
  while (nowMs > core.nowMs) {
    const markMs = core.restless.size > 0 ? core.nextMarkMs : Number.POSITIVE_INFINITY;
    const dueMs = Math.min(markMs, core.nextFundingMs, nextScheduledMs(core), core.nakedDeadlines[0]?.atMs ?? Number.POSITIVE_INFINITY);
    const thenMs = Math.max(core.nowMs, Math.min(dueMs, nowMs));
    samplePremiums(core, core.nowMs, thenMs);
    core.nowMs = thenMs;
    if (core.restless.size === 0 && core.nextMarkMs <= core.nowMs)
      core.nextMarkMs = nextMultiple(core.nowMs - 1, core.settings.markIntervalMs);
    if (dueMs <= nowMs) runDue(core);
  }
}
