/** Fills that no order of ours explains: whose they are, with a real ledger. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BotReport } from '@hyperfleet/bot';
import { type LedgerHandle, openLedger } from '@hyperfleet/store';
import { lots } from '@hyperfleet/trading';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sightOf } from '../../packages/bot/src/testing/sights.ts';
import { syncFills, takeFills } from '../../packages/bot/src/venue-news.ts';
import { ACCOUNT, BOT, cloidOf, sampleFill, sampleOrder, sampleTrade } from '../../packages/store/src/testing/trade-samples.ts';

let dir: string;
let ledger: LedgerHandle;
let nowMs: number;
let reports: BotReport[];
let deps: Parameters<typeof takeFills>[0];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'hyperfleet-fills-'));
  ledger = openLedger(join(dir, 'ledger.db'), { synchronous: 'OFF' });
  nowMs = 20_000;
  reports = [];
  deps = {
    settings: { ...sightOf().settings, id: BOT, accountAddress: ACCOUNT },
    clock: { now: () => nowMs, after: () => () => undefined },
    ledger,
    report: (report) => reports.push(report),
  };
});
afterEach(() => {
  ledger.close();
  rmSync(dir, { recursive: true, force: true });
});

/** A trade whose entry rests. */
function given(sz = 100): void {
  ledger.insertTrade(sampleTrade(), {});
  ledger.recordIntents('t1', 0, [sampleOrder({ number: 1, sz })], {});
  ledger.applyOrderNews(cloidOf(1), { state: 'resting' });
}
const events = (): readonly string[] => ledger.timeline('t1').map(({ event }) => event);

describe('a fill', () => {
  const held = (entrySz = 100) => {
    given(entrySz);
    takeFills(deps, [sampleFill({ tid: 1, cloid: cloidOf(1) })], null);
  };
  const alerts = () => reports.flatMap((report) => (report.kind === 'alert' ? [report.phrase] : []));
  const outside = (liquidation: boolean, tid = 2) => sampleFill({ tid, oid: 99, side: 'sell', liquidation });

  it('of an order of ours is told with its trade', () => {
    held();
    expect(reports).toMatchObject([{ kind: 'trade', what: 'fill', tradeId: 't1', detail: { role: 'entry', sz: 40 } }]);
  });

  it.each([
    [true, 'liquidated by the venue'],
    [false, 'closed from outside'],
  ])('that no order explains reduces the open trade it fits (liquidation: %s)', (liquidation, event) => {
    held();
    takeFills(deps, [outside(liquidation)], null);
    expect(ledger.fillSums('t1').exitSz).toBe(40);
    expect(events()).toContain(event);
  });

  it('that no order explains is shown as foreign where no trade fits: none, another coin, the same side, or nothing held', () => {
    takeFills(deps, [outside(false, 3)], null);
    given();
    takeFills(deps, [sampleFill({ tid: 4, coin: 'ETH', oid: 99, side: 'sell' }), sampleFill({ tid: 5, oid: 98, side: 'buy' })], null);
    expect(alerts()).toEqual(Array(3).fill('foreign fill'));
    takeFills(deps, [outside(false, 6)], null);
    expect(ledger.fillSums('t1').exitSz).toBe(0);
  });

  it('of a wallet with a past are told in one, once', () => {
    const past = Array.from({ length: 11 }, (_, tid) => sampleFill({ tid, oid: 99, coin: tid === 0 ? 'ETH' : 'BTC', timeMs: 1_000 + tid }));
    takeFills(deps, past, null);
    takeFills(deps, past, null);
    expect(reports).toMatchObject([{ kind: 'alert', phrase: 'foreign fills', detail: { count: 11, coins: 'BTC,ETH' } }]);
  });

  it('that no order explains wait ten seconds for the fills of an entry they may have reduced, and are then foreign', () => {
    given();
    const entry = sampleFill({ tid: 1, cloid: cloidOf(1) });
    nowMs = entry.timeMs + 2_000;
    const early = { ...outside(false, 2), timeMs: entry.timeMs + 1, startPosition: entry.sz };
    takeFills(deps, [early], null);
    expect(reports).toEqual([]);
    takeFills(deps, [entry], null);
    expect(ledger.fillSums('t1')).toMatchObject({ entrySz: 40, exitSz: 40 });
    takeFills(deps, [{ ...early, tid: 3, timeMs: entry.timeMs - 1 }], null);
    expect(alerts()).toEqual(['closed from outside']);
    nowMs = entry.timeMs + 10_000;
    takeFills(deps, [], null);
    expect(alerts()).toEqual(['closed from outside', 'foreign fill']);
    expect(ledger.unjudgedFills('Sentient')).toEqual([]);
  });

  it('that closed more than is known to be ours waits for a read of all fills where the entry may have filled unheard', async () => {
    held();
    const rest = { ...sampleFill({ tid: 2, cloid: cloidOf(1) }), timeMs: 3_001, sz: lots(60) };
    const sale = { ...outside(true, 3), timeMs: 3_002, sz: lots(100), startPosition: lots(100) };
    takeFills(deps, [sale], sale.timeMs);
    expect(alerts()).toEqual([]);
    await syncFills({ ...deps, reads: { fillsSince: async () => [rest, sale] } });
    expect(ledger.fillSums('t1')).toMatchObject({ entrySz: 100, exitSz: 100 });
    expect(alerts()).toEqual(['liquidated by the venue']);
  });

  it('is judged anew where the trade it fits was written to meanwhile, three times at most', () => {
    held();
    const { assignFill } = ledger;
    let outdated = 2;
    Object.assign(ledger, {
      assignFill(...args: Parameters<typeof assignFill>) {
        outdated -= 1;
        return outdated < 0 && assignFill(...args);
      },
    });
    takeFills(deps, [outside(false)], null);
    expect(ledger.fillSums('t1').exitSz).toBe(40);
    outdated = 3;
    takeFills(deps, [outside(false, 3)], null);
    expect(outdated).toBe(3);
    expect(ledger.unjudgedFills('Sentient')).toEqual([]);
  });

  it('of which part is somebody else’s is shared; one that closes nothing of ours is foreign', () => {
    held(40);
    takeFills(deps, [{ ...outside(false, 2), startPosition: lots(70) }], null);
    expect(ledger.fillSums('t1').exitSz).toBe(10);
    takeFills(deps, [{ ...outside(false, 3), startPosition: lots(70) }], null);
    expect(ledger.fillSums('t1').exitSz).toBe(10);
    expect(alerts()).toEqual(['closed from outside', 'foreign fill']);
    Object.assign(ledger, { leaveFills: () => 0 });
    takeFills(deps, [{ ...outside(false, 4), startPosition: lots(70) }], null);
    expect(alerts()).toHaveLength(2);
  });
});
