/**
 * A process of its own that writes signals as a foreign program would. It is told what to feed in one message, tells what it
 * did, and ends when all is fed or its parent is gone.
 */
import { createReplayClock } from '../clock.ts';
import type { FeederDown, FeederUp } from './feeder-protocol.ts';
import { type Inserter, openInserter, whyWaiting } from './insertion.ts';
import type { FeedItem } from './rows.ts';

const BATCH_ROWS = 256;
/** Wall time between tries at a database that is locked or gone. */
const RETRY_MS = 250;

function feed({ signalsDb, feedId, items, marketStartMs, clock: mapping }: FeederDown): void {
  const clock = createReplayClock(mapping);
  let inserter: Inserter | null = null;
  let done: number | null = null;
  let isWaiting = false;

  function step(): void {
    let dueMs: number | null;
    try {
      inserter ??= openInserter(signalsDb, feedId);
      done ??= inserter.done();
      dueMs = insertDue(inserter);
      isWaiting = false;
    } catch (error) {
      inserter?.close();
      inserter = null;
      done = null;
      if (!isWaiting) tell({ kind: 'waiting', reason: whyWaiting(error, signalsDb) });
      isWaiting = true;
      setTimeout(step, RETRY_MS);
      return;
    }
    if (dueMs === null) finish();
    else clock.after(Math.max(0, dueMs - clock.now()), step);
  }

  /** Inserts what is due. Returns the market time of the next row, null after the last. */
  function insertDue(into: Inserter): number | null {
    const nowMs = clock.now();
    const from = done ?? 0;
    const due: FeedItem[] = [];
    for (const item of items.slice(from, from + BATCH_ROWS)) if (marketStartMs + item.atMs <= nowMs) due.push(item);
    if (due.length > 0) {
      const fed = into.insert(due);
      done = from + due.length;
      for (const each of fed) {
        const { index, table } = each.item;
        if ('refused' in each) tell({ kind: 'skipped', index, reason: each.refused });
        else tell({ kind: 'fed', index, table, rowId: each.rowId });
      }
    }
    const next = items[from + due.length];
    return next === undefined ? null : marketStartMs + next.atMs;
  }

  function finish(): void {
    inserter?.close();
    tell({ kind: 'done' }, () => process.exit(0));
  }

  step();
}

function tell(message: FeederUp, then: () => void = () => undefined): void {
  // A parent that died between two messages is noticed by `disconnect`.
  if (process.connected) process.send?.(message, undefined, {}, then);
}

process.on('disconnect', () => process.exit(0));
// Ctrl-C in a terminal reaches the whole group; the fleet decides when we end.
process.on('SIGINT', () => undefined);
process.once('message', (message: FeederDown) => feed(message));
