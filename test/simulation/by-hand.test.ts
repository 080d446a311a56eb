/** The owner trades by hand on a coin the bot holds: the venue has one position for both, our part of it keeps its stop. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openWorld, type World } from '../support/one-bot.ts';
import { closeUnbroken } from '../support/unbroken.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => closeUnbroken(world));

const USER = '0x1111111111111111111111111111111111111111';
const long = { symbol: 'BTC', direction: 'long', signal_type: 'entry', entry_1: 100_500, stop_loss: 97_000, target_1: 103_000 };
const short = { symbol: 'BTC', direction: 'short', signal_type: 'entry', entry_1: 99_500, stop_loss: 103_000, target_1: 97_000 };

const held = (): number => world.venue.account(USER).positions.find(({ coin }) => coin === 'BTC')?.szi ?? 0;
const alerts = (): string[] => world.reports.flatMap((report) => (report.kind === 'alert' ? [report.phrase] : []));

/** Lots the books say the only entry holds, above zero whichever its side. */
function believed(): number {
  const [trade] = world.ledger.allTrades();
  const sums = world.ledger.fillSums(trade?.tradeId ?? '');
  return sums.entrySz - sums.exitSz;
}

/** Enters, and says how many lots that gave. */
async function enter(row: typeof long): Promise<number> {
  world.signal(row);
  await world.hold(3_000);
  expect(Math.abs(held())).toBeGreaterThan(5_000);
  return Math.abs(held());
}

it.each([
  ['long', long, 'buy', 'sell', false],
  ['short', short, 'sell', 'buy', false],
  ['long, with a restart between', long, 'buy', 'sell', true],
] as const)('what he has added and taken off again leaves ours whole: %s', async (_, row, add, take, isRestarted) => {
  const ours = await enter(row);
  world.placeByHand('BTC', add, add === 'buy' ? '101000' : '99000', '0.06', { tif: 'Ioc' });
  await world.hold(5_000);
  world.placeByHand('BTC', take, take === 'buy' ? '101000' : '99000', '0.06', { tif: 'Ioc' });
  if (isRestarted) await world.restart();
  await world.hold(20_000);
  expect(Math.abs(held())).toBe(ours);
  expect(believed()).toBe(ours);
  expect(world.armedLots()).toBeGreaterThanOrEqual(ours);
  expect(alerts().filter((phrase) => phrase === 'foreign fill')).toHaveLength(2);
  expect(alerts()).not.toContain('closed from outside');
});

it('a sale that takes back his part and some of ours is shared, and the rest of ours keeps its stop', async () => {
  const ours = await enter(long);
  world.placeByHand('BTC', 'buy', '101000', '0.06', { tif: 'Ioc' });
  await world.hold(5_000);
  world.placeByHand('BTC', 'sell', '99000', '0.08', { tif: 'Ioc' });
  await world.hold(20_000);
  expect(held()).toBe(ours - 2_000);
  expect(believed()).toBe(ours - 2_000);
  expect(world.armedLots()).toBeGreaterThanOrEqual(ours - 2_000);
  const [trade] = world.ledger.allTrades();
  const [fill] = world.ledger.fills(trade?.tradeId ?? '').filter(({ role }) => role === null);
  const sums = world.ledger.fillSums(trade?.tradeId ?? '');
  const entryFees = sums.entryFees;
  expect(fill).toMatchObject({ sz: 8_000, tradeSz: 2_000 });
  expect(sums.fees - entryFees).toBe(Math.trunc((fill?.fee ?? 0) / 4));
  expect(sums.closedPnl).toBe(Math.trunc((fill?.closedPnl ?? 0) / 4));
});

it('a sale of more than both hold ends ours with no more than it held', async () => {
  const ours = await enter(long);
  world.placeByHand('BTC', 'sell', '99000', '0.1', { tif: 'Ioc' });
  await world.hold(20_000);
  expect(held()).toBe(ours - 10_000);
  expect(believed()).toBe(0);
  expect(world.ledger.allTrades()).toMatchObject([{ phase: 'settled', status: 'closed' }]);
});

it('an exit closes what is ours and leaves what is his', async () => {
  await enter(long);
  world.placeByHand('BTC', 'buy', '101000', '0.1', { tif: 'Ioc' });
  await world.hold(3_000);
  world.placeByHand('BTC', 'sell', '99000', '0.06', { tif: 'Ioc' });
  await world.hold(5_000);
  const exit = world.signal({ symbol: 'BTC', signal_type: 'exit' });
  await world.hold(15_000);
  expect(held()).toBe(4_000);
  expect(world.row(exit).status).toBe('executed');
});

it.each([
  ['long', long, 'sell', 'buy', ['96900', '96910']],
  ['short', short, 'buy', 'sell', ['103100', '103110']],
] as const)('our stop sells nothing of what he takes over from us: %s', async (_, row, take, add, [bid, ask]) => {
  const ours = await enter(row);
  world.placeByHand('BTC', take, take === 'buy' ? '101000' : '99000', '0.02', { tif: 'Ioc' });
  await world.hold(3_000);
  world.placeByHand('BTC', add, add === 'buy' ? '101000' : '99000', '0.02', { tif: 'Ioc' });
  await world.hold(3_000);
  expect(Math.abs(held())).toBe(ours);
  expect(world.armedLots()).toBe(ours - 2_000);
  world.book('BTC', bid, ask);
  await world.hold(10_000);
  expect(Math.abs(held())).toBe(2_000);
  expect(believed()).toBe(0);
  expect(world.ledger.allTrades()).toMatchObject([{ phase: 'settled', status: 'closed' }]);
});

it('our stop sells nothing of what he adds to an entry that filled in part', async () => {
  world.signal({ ...long, entry_1: 99_000, target_1: 102_000 });
  await world.hold(3_000);
  world.print('BTC', 'sell', '98999', '0.03');
  await world.hold(2_000);
  const rest = world.venue.openOrders(USER).filter(({ reduceOnly }) => !reduceOnly);
  world.venue.execute(USER, { type: 'cancel', cancels: rest.map(({ oid }) => ({ asset: 0, oid })) }, world.clock.now());
  await world.hold(3_000);
  world.placeByHand('BTC', 'buy', '101000', '0.02', { tif: 'Ioc' });
  await world.hold(3_000);
  world.book('BTC', '96900', '96910');
  await world.hold(10_000);
  expect(held()).toBe(2_000);
  expect(world.ledger.allTrades()).toMatchObject([{ phase: 'settled', status: 'closed' }]);
});

it('a sale of all that an entry gave ends its trade, though part of what it gave went by unheard', async () => {
  world.signal({ ...long, entry_1: 99_000 });
  await world.hold(3_000);
  world.print('BTC', 'sell', '98999', '0.03');
  await world.hold(2_000);
  world.link.streaming = false;
  world.print('BTC', 'sell', '98999', '0.07');
  world.link.streaming = true;
  world.placeByHand('BTC', 'sell', '98000', '0.1', { tif: 'Ioc' });
  expect(held()).toBe(0);
  await world.hold(70_000);
  const [trade] = world.ledger.allTrades();
  expect(world.ledger.fillSums(trade?.tradeId ?? '')).toMatchObject({ entrySz: 10_000, exitSz: 10_000 });
  expect(trade).toMatchObject({ phase: 'settled', status: 'closed' });
  expect(world.venue.openOrders(USER)).toEqual([]);
});

it.each([
  ['long', long, 'buy', ['103100', '103110']],
  ['short', short, 'sell', ['96890', '96900']],
] as const)(
  'an exit sells nothing of his, though a take-profit of ours filled unheard just before: %s',
  async (_, row, add, [bid, ask]) => {
    await enter(row);
    world.placeByHand('BTC', add, add === 'buy' ? '101000' : '99000', '0.2', { tif: 'Ioc' });
    await world.hold(3_000);
    world.link.streaming = false;
    world.book('BTC', bid, ask);
    world.link.streaming = true;
    expect(Math.abs(held())).toBe(20_000);
    const exit = world.signal({ symbol: 'BTC', signal_type: 'exit' });
    await world.hold(15_000);
    expect(Math.abs(held())).toBe(20_000);
    expect(world.row(exit).status).toBe('executed');
    expect(world.ledger.allTrades()).toMatchObject([{ phase: 'settled', status: 'closed' }, { kind: 'exit' }]);
    expect(alerts()).not.toContain('closed what others held');
  },
);

it('an entry that fills in part beside him has no second stop by the time it has filled wholly', async () => {
  await world.close();
  world = await openWorld({}, 2_000);
  world.signal({ ...long, entry_1: 99_000 });
  await world.hold(9_000);
  world.print('BTC', 'sell', '98999', '0.03');
  await world.hold(9_000);
  world.placeByHand('BTC', 'buy', '101000', '0.2', { tif: 'Ioc' });
  await world.hold(9_000);
  world.book('BTC', '96900', '96910');
  await world.hold(60_000);
  expect(held()).toBe(20_000);
  expect(world.ledger.allTrades()).toMatchObject([{ phase: 'settled', status: 'closed' }]);
});

it('what two stops sold of his within one reaction is told, and no trade of ours takes it in', async () => {
  await world.close();
  world = await openWorld({}, 2_000);
  world.signal({ ...long, target_2: 105_000 });
  await world.hold(18_000);
  const ours = held();
  world.placeByHand('BTC', 'buy', '101000', '0.2', { tif: 'Ioc' });
  await world.hold(9_000);
  world.book('BTC', '103100', '103110');
  const stops = () => world.venue.openOrders(USER).filter(({ isTrigger }) => isTrigger);
  while (stops().length < 2) await world.hold(100);
  world.book('BTC', '96900', '96910');
  await world.hold(60_000);
  expect(held()).toBe(20_000 - ours);
  const [trade] = world.ledger.allTrades();
  expect(world.ledger.fillSums(trade?.tradeId ?? '')).toMatchObject({ entrySz: ours, exitSz: ours });
  expect(world.reports.filter((report) => report.kind === 'alert' && report.phrase === 'closed what others held')).toMatchObject([
    { detail: { coin: 'BTC', side: 'sell', sz: ours, ofSz: ours } },
  ]);
  expect(world.ledger.differences('Sentient')).toEqual([]);
});

/** Our entry buys back what he has sold meanwhile, so that the wallet holds nothing and every stop of ours is refused. */
async function meetHisShort(): Promise<void> {
  world.signal({ ...long, entry_1: 99_500, stop_loss: 97_500 });
  await world.hold(3_000);
  world.placeByHand('BTC', 'sell', '99000', '0.1', { tif: 'Ioc' });
  world.book('BTC', '97390', '97400');
  await world.hold(1_000);
  expect([held(), believed()]).toEqual([0, 10_000]);
}

it('a trade that met his opposite position is over within seconds, with the difference told', async () => {
  await meetHisShort();
  await world.hold(3_000);
  expect(world.ledger.allTrades()).toMatchObject([{ phase: 'settled', status: 'closed', reason: 'no stop could be placed' }]);
  expect(alerts()).toContain('difference');
});

it('a trade that met his opposite position is closed where he opens on its side before it is over', async () => {
  await meetHisShort();
  await world.hold(400);
  world.placeByHand('BTC', 'buy', '98000', '0.2', { tif: 'Ioc' });
  await world.hold(30_000);
  expect([held(), believed()]).toEqual([10_000, 0]);
  expect(world.ledger.allTrades()).toMatchObject([{ phase: 'settled', status: 'closed' }]);
  expect(alerts()).not.toContain('difference');
});
