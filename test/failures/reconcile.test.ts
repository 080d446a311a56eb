/** What a difference between ledger and venue means, one rule after the other: a real ledger, answers of the venue by hand. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BotReport, Log, LoopDeps, PeerMessage } from '@hyperfleet/bot';
import { type LedgerHandle, openLedger } from '@hyperfleet/store';
import {
  type AccountView,
  type Answer,
  type CancelOutcome,
  type Cloid,
  type Fill,
  lots,
  microUsd,
  type OpenOrder,
  type OrderRecord,
  type OrderState,
  type OrderUpdate,
  ticks,
  type VenueOrderState,
} from '@hyperfleet/trading';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NOT_LISTED } from '../../packages/bot/src/decide/stop.ts';
import { createReconciler } from '../../packages/bot/src/reconcile.ts';
import { resolveOrders } from '../../packages/bot/src/resolve.ts';
import { sightOf } from '../../packages/bot/src/testing/sights.ts';
import { readOpenOrders, syncFills } from '../../packages/bot/src/venue-news.ts';
import { ACCOUNT, BOT, cloidOf, sampleFill, sampleOrder, sampleTrade } from '../../packages/store/src/testing/trade-samples.ts';

/** After the end of life of every sample order, and the venue's patience. */
const LATE_MS = 20_000;
const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined, child: () => silent };
const EMPTY: AccountView = {
  equity: microUsd(0),
  marginUsed: microUsd(0),
  withdrawable: microUsd(0),
  cash: microUsd(0),
  timeMs: 0,
  positions: [],
};

let dir: string;
let ledger: LedgerHandle;
let nowMs: number;
let open: OpenOrder[];
let fills: Fill[];
let account: AccountView;
let answers: Map<Cloid, VenueOrderState>;
let cancelAnswer: Answer<readonly CancelOutcome[]>;
let cancelled: Cloid[];
let told: PeerMessage[];
let reports: BotReport[];
let asked: Cloid[];
let fillsFrom: number | null;
let deps: LoopDeps;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'hyperfleet-reconcile-'));
  ledger = openLedger(join(dir, 'ledger.db'), { synchronous: 'OFF' });
  nowMs = LATE_MS;
  [open, fills, cancelled, told, reports, asked] = [[], [], [], [], [], []];
  account = EMPTY;
  answers = new Map();
  cancelAnswer = { kind: 'answered', value: [{ kind: 'canceled' }] };
  fillsFrom = null;
  const unused = () => {
    throw new Error('not asked for here');
  };
  deps = {
    settings: { ...sightOf().settings, id: BOT, accountAddress: ACCOUNT },
    clock: { now: () => nowMs, after: unused },
    ledger,
    exchange: {
      place: unused,
      cancelByOid: unused,
      setCrossLeverage: unused,
      async cancel(orders) {
        cancelled.push(...orders.map(({ cloid }) => cloid));
        return cancelAnswer;
      },
    },
    reads: {
      account: async () => account,
      openOrders: async () => open,
      orderByCloid: async (cloid) => {
        asked.push(cloid);
        return answers.get(cloid) ?? { kind: 'unknown-oid' };
      },
      fillsSince: async (fromMs) => {
        fillsFrom = fromMs;
        return fills;
      },
      fundingSince: unused,
      transfersSince: unused,
      feeRates: unused,
    },
    market: { view: () => null },
    instruments: new Map(),
    nextNonce: () => 1,
    digest: () => '',
    log: silent,
    peer: { send: (message) => told.push(message) },
    report: (report) => reports.push(report),
  };
});
afterEach(() => {
  ledger.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Records orders of a trade, and what is known of each. */
function given(...orders: readonly { readonly order: OrderRecord; readonly state?: OrderState; readonly cancelAsked?: boolean }[]): void {
  if (ledger.trade('t1') === null) ledger.insertTrade(sampleTrade({ phase: 'entering' }), {});
  const version = ledger.trade('t1')?.version ?? 0;
  expect(
    ledger.recordIntents(
      't1',
      version,
      orders.map(({ order }) => order),
      {},
      [],
    ),
  ).toBe(true);
  for (const { order, state, cancelAsked } of orders) {
    if (state !== undefined && state !== 'intent') ledger.applyOrderNews(order.intent.cloid, { state, oid: 70 });
    if (cancelAsked === true) ledger.applyOrderNews(order.intent.cloid, { cancelAsked: true });
  }
}
const stateOf = (number: number): OrderState | undefined => ledger.order(cloidOf(number))?.state;
const known = (status: OrderUpdate['status'], word: string = status): VenueOrderState => ({
  kind: 'known',
  oid: 70,
  status,
  word,
  sz: lots(1),
  origSz: lots(1),
  timeMs: 0,
});
const openOrder = (cloid: Cloid | null, waitingForParent = false): OpenOrder => ({
  coin: 'BTC',
  oid: 71,
  cloid,
  side: 'buy',
  px: ticks(1),
  sz: lots(1),
  origSz: lots(1),
  reduceOnly: false,
  triggerPx: null,
  isStop: false,
  waitingForParent,
  timeMs: 0,
});
const events = (): readonly string[] => ledger.timeline('t1').map(({ event }) => event);
const live = (): readonly OrderRecord[] => ledger.liveOrders(BOT);

describe('an order asked about by its client order id', () => {
  it('takes the state the venue names, and says so when it is news', async () => {
    given({ order: sampleOrder({ number: 1 }), state: 'unknown' }, { order: sampleOrder({ number: 2, role: 'tp1' }), state: 'resting' });
    answers.set(cloidOf(1), known('filled'));
    answers.set(cloidOf(2), known('open'));
    expect(await resolveOrders(deps, live())).toEqual({ kind: 'again' });
    expect([stateOf(1), stateOf(2)]).toEqual(['filled', 'resting']);
    expect(events().filter((event) => event === 'found at the venue')).toHaveLength(1);
  });

  it('that is a child and open only waits: whether it is armed is for the open orders to tell', async () => {
    given({ order: sampleOrder({ number: 1, role: 'stop' }), state: 'unknown' });
    answers.set(cloidOf(1), known('open'));
    await resolveOrders(deps, live());
    expect(stateOf(1)).toBe('waiting');
  });

  it('that is a stop which fired and left size says so, and one that left none does not', async () => {
    given(
      { order: sampleOrder({ number: 1, role: 'own-stop' }), state: 'resting' },
      { order: sampleOrder({ number: 2, role: 'own-stop' }), state: 'resting' },
    );
    answers.set(cloidOf(1), known('filled'));
    answers.set(cloidOf(2), { ...known('filled'), sz: lots(0) } as VenueOrderState);
    await resolveOrders(deps, live());
    expect([1, 2].map((number) => ledger.order(cloidOf(number))?.reason)).toEqual(['fired and left size', 'filled']);
  });

  it('and unknown there is dead only when it can no longer arrive, counted from when it was asked', async () => {
    given({ order: sampleOrder({ number: 1 }), state: 'unknown' });
    nowMs = 9_000 + 1_500;
    expect(await resolveOrders(deps, live())).toEqual({ kind: 'later', afterMs: 300 });
    expect(stateOf(1)).toBe('unknown');
    nowMs += 1;
    expect(await resolveOrders(deps, live())).toEqual({ kind: 'again' });
    expect(stateOf(1)).toBe('dead');
    expect(events()).toContain('never reached the venue');
  });

  it('that rested and is no longer known is over', async () => {
    given({ order: sampleOrder({ number: 1 }), state: 'resting' });
    await resolveOrders(deps, live());
    expect(stateOf(1)).toBe('canceled');
    expect(events()).toContain('no longer known');
  });

  describe('whose cancel was lost', () => {
    const lost = () => given({ order: sampleOrder({ number: 1 }), state: 'resting', cancelAsked: true });
    it('is cancelled again while it rests', async () => {
      lost();
      answers.set(cloidOf(1), known('open'));
      expect(await resolveOrders(deps, live())).toEqual({ kind: 'again' });
      expect(cancelled).toEqual([cloidOf(1)]);
      expect(stateOf(1)).toBe('canceled');
    });
    it('also as a child that waits', async () => {
      given({ order: sampleOrder({ number: 1, role: 'stop' }), state: 'waiting', cancelAsked: true });
      answers.set(cloidOf(1), known('open'));
      await resolveOrders(deps, live());
      expect(stateOf(1)).toBe('canceled');
    });
    it.each<readonly [string, Answer<readonly CancelOutcome[]>]>([
      ['lost again', { kind: 'unknown', reason: 'timed out' }],
      ['answered with gone', { kind: 'answered', value: [{ kind: 'gone', reason: 'filled' }] }],
      ['answered with nothing', { kind: 'answered', value: [] }],
    ])('stays in doubt when that is %s', async (_, answer) => {
      lost();
      answers.set(cloidOf(1), known('open'));
      cancelAnswer = answer;
      expect(await resolveOrders(deps, live())).toEqual({ kind: 'later', afterMs: 300 });
      expect(stateOf(1)).toBe('resting');
    });
    it('is left alone when it has ended', async () => {
      lost();
      answers.set(cloidOf(1), known('filled'));
      await resolveOrders(deps, live());
      expect(cancelled).toEqual([]);
    });
  });
});

describe('a comparison', () => {
  it('takes the states of open orders, and asks about those that are missing', async () => {
    given({ order: sampleOrder({ number: 1 }), state: 'unknown' }, { order: sampleOrder({ number: 2, role: 'stop' }), state: 'unknown' });
    given({ order: sampleOrder({ number: 3, role: 'own-stop' }), state: 'resting' });
    open = [openOrder(cloidOf(1)), openOrder(cloidOf(2), true), openOrder(null)];
    answers.set(cloidOf(3), known('canceled', 'marginCanceled'));
    const { foreign } = await createReconciler(deps).run();
    expect([1, 2, 3].map(stateOf)).toEqual(['resting', 'waiting', 'canceled']);
    expect(asked).toEqual([cloidOf(3)]);
    // The one without a client order id is nobody's we know.
    expect(foreign.coins).toEqual(['BTC']);
    expect(cancelled).toEqual([]);
  });

  it('leaves an order that was recorded a moment ago to the thread that sends it', async () => {
    given({ order: sampleOrder({ number: 1 }) });
    nowMs = 8_000;
    await createReconciler(deps).run();
    expect(asked).toEqual([]);
    nowMs = LATE_MS;
    await createReconciler(deps).run();
    expect(asked).toEqual([cloidOf(1)]);
  });

  it('cancels what rests for a trade that is over, and neither another bot’s nor what nobody recorded', async () => {
    given({ order: sampleOrder({ number: 1 }), state: 'resting' });
    ledger.changeTrade('t1', ledger.trade('t1')?.version ?? 0, { phase: 'settled' }, []);
    ledger.insertTrade(sampleTrade({ tradeId: 't2', bot: 'Vulcan', signal: { ...sampleTrade().signal, rowId: 2 } }), {});
    const others = { ...sampleOrder({ number: 5, tradeId: 't2' }), bot: 'Vulcan' };
    expect(ledger.recordIntents('t2', 0, [others], { phase: 'settled' }, [])).toBe(true);
    ledger.insertTrade(sampleTrade({ tradeId: 't3', phase: 'refused', signal: { ...sampleTrade().signal, rowId: 3 } }), {});
    expect(ledger.recordIntents('t3', 0, [sampleOrder({ number: 6, tradeId: 't3' })], {}, [])).toBe(true);
    open = [openOrder(cloidOf(1)), openOrder(cloidOf(5)), openOrder(cloidOf(6)), openOrder(cloidOf(9)), openOrder(null)];
    await createReconciler(deps).run();
    expect(cancelled).toEqual([cloidOf(1), cloidOf(6)]);
  });

  it('tells of foreign coins when they come to be seen and when none is left, not in between', async () => {
    const reconciler = createReconciler(deps);
    open = [openOrder(null)];
    await reconciler.run();
    await reconciler.run();
    open = [];
    await reconciler.run();
    const phrases = ledger.eventsSince(0, 100).map(({ event }) => event.event);
    expect(phrases).toEqual(['foreign orders or positions seen', 'no foreign order or position left']);
    expect(reports.filter(({ kind }) => kind === 'alert')).toHaveLength(1);
    expect(told.filter(({ kind }) => kind === 'foreign')).toHaveLength(3);
  });
});

describe('fills', () => {
  it('are read from three minutes before the watermark, which never passes what was read', async () => {
    await syncFills(deps);
    expect(fillsFrom).toBe(0);
    given({ order: sampleOrder({ number: 1 }), state: 'resting' });
    fills = [sampleFill({ tid: 1, cloid: cloidOf(1), timeMs: 500_000 })];
    nowMs = 400_000;
    await syncFills(deps);
    expect(ledger.watermark(ACCOUNT)).toBe(400_000);
    await syncFills(deps);
    expect(fillsFrom).toBe(220_000);
  });
});

describe('the open orders read for one trade', () => {
  const read = (): Promise<boolean> => readOpenOrders(deps, { ...sightOf(), orders: ledger.orders('t1') });

  it('move the states of its orders, and say whether any moved', async () => {
    given({ order: sampleOrder({ number: 1, role: 'stop' }), state: 'waiting' }, { order: sampleOrder({ number: 2, role: 'tp1' }) });
    open = [openOrder(null), openOrder(cloidOf(1))];
    expect(await read()).toBe(true);
    expect([stateOf(1), stateOf(2)]).toEqual(['resting', 'intent']);
    expect(await read()).toBe(false);
    // An oid that has changed is news as well.
    open = [{ ...openOrder(cloidOf(1)), oid: 72 }];
    expect(await read()).toBe(true);
  });

  it('have those that are missing asked about; what the venue does not know stays as it is', async () => {
    given({ order: sampleOrder({ number: 1 }), state: 'resting' }, { order: sampleOrder({ number: 2, role: 'tp1' }), state: 'unknown' });
    given({ order: sampleOrder({ number: 3, role: 'tp2' }), state: 'canceled' });
    answers.set(cloidOf(1), known('open'));
    expect(await read()).toBe(false);
    answers.set(cloidOf(1), known('filled'));
    expect(await read()).toBe(true);
    expect([1, 2, 3].map(stateOf)).toEqual(['filled', 'unknown', 'canceled']);
    expect(asked).toEqual([cloidOf(1), cloidOf(2), cloidOf(1), cloidOf(2)]);
  });

  it('say once of a child without an answer that it is not among them, and nothing of one that waits', async () => {
    given({ order: sampleOrder({ number: 1, role: 'stop' }) }, { order: sampleOrder({ number: 2, role: 'stop' }), state: 'unknown' });
    given({ order: sampleOrder({ number: 3, role: 'stop' }), state: 'waiting' });
    expect(await read()).toBe(true);
    expect(await read()).toBe(false);
    expect([1, 2, 3].map((number) => [stateOf(number), ledger.order(cloidOf(number))?.reason])).toEqual([
      ['unknown', NOT_LISTED],
      ['unknown', NOT_LISTED],
      ['waiting', null],
    ]);
  });

  it.each(['open', 'triggered', 'filled', 'canceled', 'rejected'] as const)('know %s by its name', async (status) => {
    given({ order: sampleOrder({ number: 1, role: 'own-stop' }), state: 'unknown' });
    answers.set(cloidOf(1), known(status));
    await read();
    expect(stateOf(1)).toBe(status === 'open' ? 'resting' : status);
  });
});
