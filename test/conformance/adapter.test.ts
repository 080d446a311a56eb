/** The venue adapter against the paper exchange over real sockets: two readings of one protocol, checking each other. */
import {
  createNonceCell,
  createRequestBudget,
  createSigner,
  fetchInstruments,
  type MarketFeed,
  openAccountReads,
  openAccountStream,
  openExchange,
  openMarketFeed,
  openNonceCell,
  openRequestBudget,
  type VenueAccountReads,
} from '@hyperfleet/hyperliquid';
import { createPaperExchange, createVenue, type MarketEvent, type PaperExchange } from '@hyperfleet/paper-exchange';
import {
  type AccountEvent,
  type AccountStream,
  type Answer,
  type Approved,
  type Clock,
  type Cloid,
  type Instrument,
  type Instruments,
  lots,
  microUsd,
  type OrderIntent,
  type PlaceRequest,
  ticks,
} from '@hyperfleet/trading';
import { afterAll, beforeAll, expect, test } from 'vitest';

const SPEED = 20;
const wallStartMs = Date.now();
const START_MS = 1_757_000_000_000;
/** Market time at twenty times the wall's pace, so that marks and books come quickly. */
const clock: Clock = {
  now: () => START_MS + Math.floor((Date.now() - wallStartMs) * SPEED),
  after(delayMs, task) {
    const timer = setTimeout(task, Math.ceil(delayMs / SPEED));
    return () => clearTimeout(timer);
  },
};

const BTC: Instrument = { coin: 'BTC', assetId: 0, szDecimals: 5, maxLeverage: 40, onlyIsolated: false, isDelisted: false };
const ETH: Instrument = { coin: 'ETH', assetId: 1, szDecimals: 4, maxLeverage: 25, onlyIsolated: false, isDelisted: false };
const KEY = `0x${'0123456789'.repeat(6)}0123`;
const signer = createSigner(KEY);

/** Two still markets: BTC 99 999 / 100 001, a book every half second for an hour. */
function* stillMarket(): Generator<MarketEvent> {
  for (let step = 0; step < 7_200; step += 1) {
    const atMs = START_MS + step * 500;
    const at = { kind: 'book', atMs, exchangeTimeMs: atMs } as const;
    yield { ...at, coin: 'BTC', bids: [{ px: ticks(999_990), sz: lots(500_000) }], asks: [{ px: ticks(1_000_010), sz: lots(500_000) }] };
    yield { ...at, coin: 'ETH', bids: [{ px: ticks(399_900), sz: lots(500_000) }], asks: [{ px: ticks(400_000), sz: lots(500_000) }] };
  }
}

let paper: PaperExchange;
let url: string;
let instruments: Instruments;
let exchange: ReturnType<typeof openExchange>;
let reads: VenueAccountReads;
let stream: AccountStream;
let feed: MarketFeed;
const nonces = openNonceCell(createNonceCell());
const budget = openRequestBudget(createRequestBudget());
const events: AccountEvent[] = [];
const books: string[] = [];
const marks: string[] = [];
let notice: () => void = () => undefined;

/** Waits until something told by a socket makes the condition true. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await new Promise<void>((resolve) => {
      notice = resolve;
    });
  }
}

beforeAll(async () => {
  paper = createPaperExchange({
    venue: createVenue({ instruments: [BTC, ETH] }),
    clock,
    market: { name: 'still', startMs: START_MS, endMs: START_MS + 3_600_000, offsetMs: 0, events: stillMarket() },
    network: 'testnet',
    journalPath: null,
  });
  url = (await paper.listen(0)).url;
  paper.fund(signer.address, microUsd(10_000_000_000));
  const shared = { url, clock, budget, timeoutMs: 5_000, attempts: 3 };
  instruments = await fetchInstruments(shared);
  reads = openAccountReads({ ...shared, account: signer.address, instruments, concurrency: 4 });
  exchange = openExchange({ ...shared, isMainnet: false, signer, vaultAddress: null, instruments, cancelLifeMs: 600_000 });
  const sockets = { url, clock, instruments, timeoutMs: 5_000, pingIntervalMs: 1_000 };
  stream = openAccountStream({
    ...sockets,
    account: signer.address,
    hasSpotCollateral: await reads.hasSpotCollateral(),
    silenceMs: 60_000,
    stateSilenceMs: null,
    onEvent(event) {
      events.push(event);
      notice();
    },
  });
  feed = openMarketFeed({
    ...sockets,
    coins: ['BTC', 'ETH'],
    silenceMs: 60_000,
    onBook(book) {
      books.push(book.coin);
      notice();
    },
    onBbo: () => undefined,
    onPrints: () => undefined,
    onMark(mark) {
      marks.push(mark.coin);
      notice();
    },
    onState: () => notice(),
  });
  await until(() => events.some(({ kind }) => kind === 'connected'));
  await until(() => marks.includes('BTC') && marks.includes('ETH'));
});

afterAll(async () => {
  exchange.close();
  reads.close();
  await stream.close();
  await feed.close();
  await paper.close();
});

let drawn = 0;
/** A cloid with high bits set, a new one each time. */
const cloid = (): Cloid => {
  drawn += 1;
  return `0xabcdef0000000000${drawn.toString(16).padStart(16, '0')}`;
};
const order = (parts: Partial<OrderIntent>): OrderIntent => ({
  cloid: cloid(),
  coin: 'BTC',
  role: 'entry',
  attempt: 1,
  side: 'buy',
  px: ticks(950_000),
  sz: lots(1_000),
  reduceOnly: false,
  kind: { type: 'limit', tif: 'gtc' },
  ...parts,
});
const stop = (parts: Partial<OrderIntent> = {}): OrderIntent =>
  order({
    role: 'stop',
    side: 'sell',
    px: ticks(810_000),
    reduceOnly: true,
    kind: { type: 'stop-market', triggerPx: ticks(900_000) },
    ...parts,
  });
const place = (orders: readonly OrderIntent[], parts: Partial<PlaceRequest> = {}) => {
  const request: PlaceRequest = {
    orders,
    grouping: 'na',
    nonce: nonces.next(clock.now()),
    expiresAfterMs: clock.now() + 600_000,
    ...parts,
  };
  return exchange.place(request as Approved<PlaceRequest>);
};
function answered<T>(answer: Answer<T>): T {
  if (answer.kind !== 'answered') throw new Error(`${answer.kind}: ${answer.reason}`);
  return answer.value;
}

test('the instruments are the venue’s', () => {
  expect([...instruments.values()]).toEqual([BTC, ETH]);
});

test('the account, its fee rates and its empty histories are read', async () => {
  expect(await reads.account()).toMatchObject({ equity: 10_000_000_000, withdrawable: 10_000_000_000, marginUsed: 0, positions: [] });
  expect(await reads.feeRates()).toEqual({ takerPpm: 450, makerPpm: 150 });
  expect(await reads.fillsSince(0)).toEqual([]);
  expect(await reads.fundingSince(0)).toEqual([]);
  expect(await reads.openOrders()).toEqual([]);
});

test('cross leverage is set', async () => {
  expect(await exchange.setCrossLeverage('BTC', 40, nonces.next(clock.now()))).toEqual({ kind: 'answered', value: null });
});

test('a resting bracket is placed, read back, cancelled by cloid and gone', async () => {
  const entry = order({});
  const child = stop();
  const [resting, waiting] = answered(await place([entry, child], { grouping: 'normalTpsl' }));
  expect(resting).toMatchObject({ kind: 'resting', oid: expect.any(Number) });
  expect(waiting).toEqual({ kind: 'waiting', armed: false });

  const open = await reads.openOrders();
  expect(open).toHaveLength(2);
  expect(open.find((one) => one.cloid === entry.cloid)).toMatchObject({
    coin: 'BTC',
    side: 'buy',
    px: 950_000,
    sz: 1_000,
    origSz: 1_000,
    reduceOnly: false,
    triggerPx: null,
    isStop: false,
    waitingForParent: false,
  });
  expect(open.find((one) => one.cloid === child.cloid)).toMatchObject({
    side: 'sell',
    px: 810_000,
    reduceOnly: true,
    triggerPx: 900_000,
    isStop: true,
    waitingForParent: true,
  });
  expect(await reads.orderByCloid(entry.cloid, 'BTC')).toMatchObject({ kind: 'known', status: 'open', word: 'open', sz: 1_000 });
  expect(await reads.orderByCloid(cloid(), 'BTC')).toEqual({ kind: 'unknown-oid' });

  const both = [entry, child].map((one) => ({ coin: 'BTC', cloid: one.cloid }));
  expect(answered(await exchange.cancel(both.slice(0, 1), nonces.next(clock.now())))).toEqual([{ kind: 'canceled' }]);
  expect(await reads.openOrders()).toEqual([]);
  expect(await reads.orderByCloid(child.cloid, 'BTC')).toMatchObject({ status: 'canceled' });
  expect(answered(await exchange.cancel(both, nonces.next(clock.now())))).toMatchObject([{ kind: 'gone' }, { kind: 'gone' }]);
  await until(() =>
    events.some(
      (event) => event.kind === 'orders' && event.updates.some((update) => update.cloid === entry.cloid && update.status === 'canceled'),
    ),
  );
});

test('a bracket filled at once arms its stop, and what is told, read and computed agree', async () => {
  const entry = order({ px: ticks(1_000_100) });
  const child = stop();
  const [filled, waiting] = answered(await place([entry, child], { grouping: 'normalTpsl' }));
  expect(filled).toMatchObject({ kind: 'filled', filledSz: 1_000, avgPx: 1_000_010 });
  expect(waiting).toMatchObject({ kind: 'waiting' });
  expect(await reads.openOrders()).toMatchObject([{ cloid: child.cloid, isStop: true, waitingForParent: false, sz: 1_000 }]);

  await until(() => events.some((event) => event.kind === 'fills' && event.fills.some((one) => one.cloid === entry.cloid)));
  const told = events.flatMap((event) => (event.kind === 'fills' ? event.fills : [])).filter((one) => one.cloid === entry.cloid);
  const fills = await reads.fillsSince(0);
  expect(fills).toEqual(told);
  // 0.01 BTC at 100 001 and 0.045 % of 1000.01 USD, cut to micro-dollars.
  expect(fills).toMatchObject([
    {
      side: 'buy',
      px: 1_000_010,
      sz: 1_000,
      fee: 450_004,
      closedPnl: 0,
      startPosition: 0,
      dir: 'Open Long',
      crossed: true,
      liquidation: false,
    },
  ]);
  expect(await reads.fillsSince((fills[0]?.timeMs ?? 0) + 1)).toEqual([]);

  const account = await reads.account();
  expect(account.positions).toMatchObject([{ coin: 'BTC', szi: 1_000, entryPx: 1_000_010, leverage: 40, isCross: true }]);
  expect(account.equity - (account.positions[0]?.unrealizedPnl ?? 0)).toBe(10_000_000_000 - 450_004);
  await until(() => events.some((event) => event.kind === 'account' && event.account.positions.length === 1));

  const close = order({ role: 'close', side: 'sell', px: ticks(990_000), reduceOnly: true, kind: { type: 'limit', tif: 'ioc' } });
  expect(answered(await place([close]))).toMatchObject([{ kind: 'filled', filledSz: 1_000, avgPx: 999_990 }]);
  const after = await reads.account();
  expect(after.positions).toEqual([]);
  expect(after.equity).toBe(10_000_000_000 - 450_004 - 20_000 - 449_995);
  const closing = (await reads.fillsSince(0)).at(-1);
  expect(closing).toMatchObject({ dir: 'Close Long', closedPnl: -20_000, startPosition: 1_000, cloid: close.cloid });
  // Whether the stop went with the position or stays until it is cancelled, in the end it is gone.
  await exchange.cancel([{ coin: 'BTC', cloid: child.cloid }], nonces.next(clock.now()));
  expect(await reads.openOrders()).toEqual([]);
});

test('one order refused by the engine leaves the other of its batch resting', async () => {
  const good = order({});
  const small = order({ sz: lots(1) });
  const [first, second] = answered(await place([good, small]));
  expect(first).toMatchObject({ kind: 'resting' });
  expect(second).toEqual({ kind: 'rejected', reason: expect.stringContaining('minimum value of $10') });
  if (first?.kind !== 'resting') throw new Error('not resting');
  expect(answered(await exchange.cancelByOid([{ coin: 'BTC', oid: first.oid }], nonces.next(clock.now())))).toEqual([{ kind: 'canceled' }]);
});

test('a nonce used before leaves the outcome unknown, an expired action is refused', async () => {
  const nonce = nonces.next(clock.now());
  const first = order({});
  answered(await place([first], { nonce }));
  expect(await place([order({})], { nonce })).toMatchObject({ kind: 'unknown', reason: expect.stringContaining('duplicate nonce') });
  expect(await reads.openOrders()).toHaveLength(1);
  const late = await place([order({})], { expiresAfterMs: clock.now() - 120_000 });
  expect(late).toMatchObject({ kind: 'refused' });
  await exchange.cancel([{ coin: 'BTC', cloid: first.cloid }], nonces.next(clock.now()));
});

test('a key the venue does not know, and a signature for the other network, are refused for good', async () => {
  const options = { url, clock, budget, timeoutMs: 5_000, vaultAddress: null, instruments, cancelLifeMs: 600_000 };
  const stranger = openExchange({ ...options, isMainnet: false, signer: createSigner(`0x${'77'.repeat(32)}`) });
  const astray = openExchange({ ...options, isMainnet: true, signer });
  for (const wrong of [stranger, astray]) {
    const answer = await wrong.cancel([{ coin: 'BTC', cloid: cloid() }], nonces.next(clock.now()));
    wrong.close();
    expect(answer).toEqual({ kind: 'refused', retry: 'never', reason: expect.stringContaining('does not exist') });
  }
});

test('books and marks keep coming', async () => {
  const before = books.length;
  const marked = marks.length;
  await until(() => books.length > before + 4 && marks.length > marked);
});
