import { ZERO_USD } from '@hyperfleet/trading';
import { describe, expect, it } from 'vitest';
import type { PeerMessage } from './settings.ts';
import { createReconcileHearing, createReconcileTelling, type Reconciled } from './shared-reconcile.ts';

const resultAt = (atMs: number): Reconciled => ({
  account: { equity: ZERO_USD, cash: null, marginUsed: ZERO_USD, withdrawable: ZERO_USD, positions: [], timeMs: atMs },
  foreign: { coins: [], atMs: 0 },
  atMs,
});

/** A guard of this start, and what it told by the time of the account. */
function guardOf(launch: number) {
  const told: number[] = [];
  const send = (message: PeerMessage): void => void (message.kind === 'reconciled' && told.push(message.atMs));
  return { ...createReconcileTelling({ peer: { send }, launch }), told };
}

describe('a reconcile made by the guard for both workers', () => {
  it('serves a worker that began before the guard did, whether it asks before, during or after', () => {
    for (const when of ['before', 'during', 'after']) {
      const guard = guardOf(2);
      const must: boolean[] = [];
      if (when === 'before') must.push(guard.asked(1));
      const complete = guard.begun();
      if (when === 'during') must.push(guard.asked(1));
      complete(resultAt(5));
      if (when === 'after') must.push(guard.asked(1));
      expect({ when, must, told: guard.told }).toEqual({ when, must: [false], told: [5] });
    }
  });

  it('does not serve a worker that was started again while it was under way: what the dead one sent may not be in it', () => {
    const guard = guardOf(2);
    const complete = guard.begun();
    expect(guard.asked(3)).toBe(true);
    complete(resultAt(5));
    expect(guard.told).toEqual([]);
    guard.begun()(resultAt(9));
    expect(guard.told).toEqual([9]);
  });

  it('does not serve a worker started again by one that was complete before', () => {
    const guard = guardOf(2);
    guard.begun()(resultAt(5));
    expect(guard.asked(3)).toBe(true);
    expect(guard.told).toEqual([]);
  });

  it('answers a question asked twice without reading twice', () => {
    const guard = guardOf(2);
    guard.begun()(resultAt(5));
    expect(guard.asked(3)).toBe(true);
    const complete = guard.begun();
    expect(guard.asked(3)).toBe(false);
    complete(resultAt(9));
    expect(guard.asked(3)).toBe(false);
    expect(guard.told).toEqual([9, 9]);
  });

  it('goes on owing an answer when a reconcile fails', () => {
    const guard = guardOf(2);
    guard.asked(3);
    guard.begun();
    guard.begun()(resultAt(9));
    expect(guard.told).toEqual([9]);
  });
});

describe('a signal worker that waits for its guard', () => {
  const hearing = () => {
    const asked: PeerMessage[] = [];
    return { ...createReconcileHearing({ peer: { send: (message) => asked.push(message) } }, 3), asked };
  };

  it('asks again when the line was made anew, and takes what it is told', async () => {
    const worker = hearing();
    const heard = worker.heard();
    worker.onPeer({ kind: 'trades-changed' });
    worker.onPeer({ kind: 'reconciled', ...resultAt(9) });
    worker.onPeer({ kind: 'trades-changed' });
    expect(await heard).toEqual(resultAt(9));
    expect(worker.asked).toEqual([
      { kind: 'want-reconciled', launch: 3 },
      { kind: 'want-reconciled', launch: 3 },
    ]);
  });

  it('waits for nobody when its guard has ended', async () => {
    const worker = hearing();
    const heard = worker.heard();
    worker.onPeer({ kind: 'guard-gone' });
    expect(await heard).toBeNull();
  });

  it('waits for nobody when it heard so before it began to wait', async () => {
    const worker = hearing();
    worker.onPeer({ kind: 'guard-gone' });
    expect(await worker.heard()).toBeNull();
    expect(worker.asked).toEqual([]);
  });
});
