/** Requests that run out, of the address and of the IP: real sockets, the real adapter, a venue that counts and refuses (docs/FAILURES.md). */
import { limitSettings } from '@hyperfleet/paper-exchange';
import { afterEach, describe, expect, it } from 'vitest';
import { closeFleetUnbroken } from '../support/unbroken.ts';
import { openWiredFleet, type WiredFleet } from '../support/wired-fleet.ts';

const entry = { symbol: 'BTCUSDT', direction: 'LONG', signal_type: 'entry', entry_1: 99_000, stop_loss: 97_000, target_1: 102_000 };
const now = { ...entry, entry_1: 100_500 };
const eth = { ...now, symbol: 'ETH', entry_1: 4_020, stop_loss: 3_900, target_1: 4_200 };
const exit = { symbol: 'BTC', signal_type: 'exit' };

let fleet: WiredFleet;
afterEach(() => closeFleetUnbroken(fleet));

const status = (id: number) => fleet.row(id).status;
const isCovered = (bot: string): boolean => fleet.bot(bot).held('BTC') !== 0 && fleet.bot(bot).stopped('BTC') >= fleet.bot(bot).held('BTC');

describe('spent requests of an address', () => {
  const openSmall = (addressBudgetStart: number): Promise<WiredFleet> =>
    openWiredFleet({ limits: limitSettings({ on: ['address'], figures: { addressBudgetStart } }) });

  /** userRateLimit, as anyone may ask for it (PROTOCOL §8). */
  async function counted(bot: string): Promise<unknown> {
    const { text } = await fleet.exchange.direct.post('/info', { type: 'userRateLimit', user: fleet.bot(bot).account });
    const { nRequestsUsed: used, nRequestsCap: allowed } = JSON.parse(text);
    return { used, allowed };
  }

  it('once the venue refuses for it, let a stop go after the ten seconds it asks for, and an exit, and refuse entries with the figures', async () => {
    fleet = await openSmall(1_000);
    const bot = fleet.bot('Sentient');
    const id = fleet.signal('Sentient', entry);
    await fleet.until('the entry rests', () => status(id) === 'sent');
    // The fill frees 198 requests, too few; and the entry was sent just now, so the next action passes ten seconds after it.
    await fleet.spend('Sentient', 1_900);
    fleet.print('BTC', 'sell', '98999', '0.002');
    await fleet.until('the venue has refused its stop', () => bot.address.count().allowed === 1_198, 1_000);
    expect(isCovered('Sentient')).toBe(false);
    const refused = fleet.signal('Sentient', eth);
    await fleet.until('the fill has its stop', () => isCovered('Sentient'), 20_000);
    // Ten seconds after the last try the venue refused, which is the second, half a second on; and two of the pause between tries.
    expect(fleet.nakedMs('Sentient')).toBeLessThanOrEqual(13_000);
    const words = fleet.ledger.allTrades().flatMap(({ tradeId }) => fleet.ledger.orders(tradeId).map(({ reason }) => reason ?? ''));
    const byVenue = words.filter((reason) => reason.startsWith('turned away: Too many cumulative requests sent (1906 > 1198)'));
    expect(byVenue.length).toBeGreaterThan(0);
    expect(byVenue.length).toBeLessThanOrEqual(2);
    await fleet.until('the entry is refused', () => status(refused) === 'failed', 10_000);
    expect(fleet.row(refused).notes).toMatch(/requests its volume allows|requests are spent/);
    const out = fleet.signal('Sentient', exit);
    await fleet.until('the exit is done', () => status(out) === 'executed', 20_000);
    expect(bot.held('BTC')).toBe(0);
    expect(bot.alerts()).not.toContain('no stop could be placed');
  });

  it('are counted as the venue counts them, whoever spent or freed them: asked for after half a minute, and each minute while spent', async () => {
    fleet = await openSmall(700);
    const bot = fleet.bot('Sentient');
    await fleet.spend('Sentient', 400);
    expect(bot.address.count().used).toBeLessThan(400);
    await fleet.pass(31_000);
    expect(bot.address.count()).toEqual(await counted('Sentient'));
    expect(bot.address.count()).toMatchObject({ allowed: 700 });
    const refused = fleet.signal('Sentient', now);
    await fleet.until('the entry is refused', () => status(refused) === 'failed', 10_000);
    expect(fleet.row(refused).notes).toMatch(/requests its volume allows|requests are spent/);
    const byHand = {
      asset: 1,
      side: 'buy',
      px: '4100',
      sz: '2',
      reduceOnly: false,
      type: { kind: 'limit', tif: 'Ioc' },
      cloid: null,
    } as const;
    fleet.venue.execute(bot.account, { type: 'order', orders: [byHand], grouping: 'na' }, fleet.clock.now());
    await fleet.pass(61_000);
    expect(bot.address.count()).toEqual(await counted('Sentient'));
    expect(bot.address.count().allowed).toBeGreaterThan(8_000);
    const taken = fleet.signal('Sentient', now);
    await fleet.until('an entry is taken again', () => status(taken) === 'filled', 20_000);
  });
});

describe('requests of the IP', () => {
  it('once the venue says 429, hold reads and the entries of all bots back while the exit goes', async () => {
    fleet = await openWiredFleet({ bots: ['Sentient', 'Vulcan'] });
    const bot = fleet.bot('Sentient');
    const sibling = fleet.bot('Vulcan');
    const id = fleet.signal('Sentient', now);
    await fleet.until('the position is covered', () => status(id) === 'filled' && isCovered('Sentient'));
    const matched = (rule: number): number => fleet.exchange.faults().find((fault) => fault.id === rule)?.matched ?? 0;
    const reads = fleet.fault({ kind: 'status', status: 429, info: 'clearinghouseState', forMs: 20_000 });
    const first = fleet.fault({ kind: 'status', status: 429, action: 'order', count: 1 });
    const out = fleet.signal('Sentient', exit);
    await fleet.until('the venue has said 429', () => matched(first) === 1, 5_000);
    const toldMs = fleet.clock.now();
    const held = fleet.signal('Vulcan', now);
    // An emptied budget has room for entries after 15 s, for reads after 17 s.
    await fleet.pass(toldMs + 12_000 - fleet.clock.now());
    expect(fleet.venue.openOrders(sibling.account)).toEqual([]);
    expect(sibling.held('BTC')).toBe(0);
    expect(isCovered('Sentient')).toBe(bot.held('BTC') !== 0);
    await fleet.pass(toldMs + 20_000 - fleet.clock.now());
    expect(matched(reads)).toBeLessThanOrEqual(3);
    expect(String(fleet.row(held).notes ?? '')).toMatch(/^$|not sent: the request budget of this address is spent/);
    await fleet.until('the position is closed', () => bot.held('BTC') === 0, 20_000);
    await fleet.until('the exit is done', () => status(out) === 'executed', 20_000);
    expect(fleet.venue.openOrders(bot.account)).toEqual([]);
  });
});
