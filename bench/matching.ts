import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type ActionReply, type Address, createVenue, type OrderInput, type Venue } from '@hyperfleet/paper-exchange';
import { microUsd } from '@hyperfleet/trading';
import { type Bench, compare, timed } from './measure.ts';
import { BTC } from './static-book.ts';

const ACCOUNTS = 8;
/** A dollar apart, half of them bids. */
const PRICE_LEVELS = 100;
const MID_USD = 100_000;
/** Resting orders the mix begins with and never falls below. */
const STANDING = 2_000;
const OPS = 20_000;
const LIFETIME_ORDERS = 1_000_000;
const START_MS = 1_757_015_216_000;
const DEPOSIT = microUsd(1_000_000_000_000_000);

/** The matching core alone: no socket, no signature, no recorded market. */
export const matching: Bench = {
  name: 'matching',
  title: `the matching core: 45 % limit, 45 % cancel, 10 % market over ${PRICE_LEVELS} price levels, ${ACCOUNTS} accounts`,
  async run() {
    const before = heapAfterCollection();
    const mix = createMix();
    const bare = createBareMix();
    const speed = await compare(
      { what: 'an action, mixed', times: OPS, run: timed(mix.step), note: () => mix.said() },
      { what: 'Map set / delete, same mix', times: OPS, run: timed(bare.step) },
    );
    const heldMib = (orders: number): string => {
      while (mix.placed() < orders) mix.step();
      return ((heapAfterCollection() - before) / 2 ** 20).toFixed(0);
    };
    const held = `${heldMib(LIFETIME_ORDERS / 2)} MiB of heap held at half of them, ${heldMib(LIFETIME_ORDERS)} MiB at all`;
    const late = await compare(
      {
        what: `the same at ${LIFETIME_ORDERS / 1e6} million orders`,
        times: OPS,
        run: timed(mix.step),
        note: () => `${held}; ${mix.said()}`,
      },
      { what: 'Map set / delete, same mix', times: OPS, run: timed(bare.step) },
    );
    return [speed, late];
  },
};

interface Resting {
  readonly user: Address;
  readonly oid: number;
}

/** Repeatable chance (mulberry32): the same mix in every run. */
function createChance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

type Turn = 'limit' | 'cancel' | 'market';

function turnOf(roll: number, standing: number): Turn {
  if (roll >= 90) return 'market';
  return roll < 45 || standing < STANDING ? 'limit' : 'cancel';
}

/** Takes one out of a list in any order: the last one takes its place. */
function takeOut<T>(list: T[], index: number): T | undefined {
  const found = list[index];
  const last = list.pop();
  if (last !== undefined && index < list.length) list[index] = last;
  return found;
}

function createMix() {
  const venue: Venue = createVenue({ instruments: [BTC], settings: { maxOpenOrders: STANDING * 4 } });
  const users = Array.from({ length: ACCOUNTS }, (_, n): Address => `0x${String(n + 1).padStart(40, '0')}`);
  for (const user of users) venue.fund(user, DEPOSIT, START_MS);
  const chance = createChance(1);
  const standing: Resting[] = [];
  let nowMs = START_MS;
  let orders = 0;
  let fills = 0;
  const count = { limit: 0, cancel: 0, market: 0 };

  const place = (user: Address, order: OrderInput): void => {
    orders += 1;
    const oid = restingOid(venue.execute(user, { type: 'order', orders: [order], grouping: 'na' }, nowMs));
    if (oid !== null) standing.push({ user, oid });
  };
  const step = (): void => {
    nowMs += 1;
    const turn = turnOf(chance(100), standing.length);
    count[turn] += 1;
    const user = users[chance(ACCOUNTS)] ?? '0x';
    const side = chance(2) === 0 ? 'buy' : 'sell';
    if (turn === 'cancel') {
      // What has filled meanwhile is still in the list: cancels that come too late belong to the mix.
      const chosen = takeOut(standing, chance(standing.length));
      if (chosen !== undefined) venue.execute(chosen.user, { type: 'cancel', cancels: [{ asset: 0, oid: chosen.oid }] }, nowMs);
    } else {
      const away = turn === 'limit' ? -1 - chance(PRICE_LEVELS / 2) : PRICE_LEVELS;
      const px = String(side === 'buy' ? MID_USD + away : MID_USD - away);
      const tif = turn === 'limit' ? 'Gtc' : 'Ioc';
      const sz = turn === 'limit' ? '0.002' : '0.001';
      place(user, { asset: 0, side, px, sz, reduceOnly: false, type: { kind: 'limit', tif }, cloid: null });
    }
    for (const event of venue.drain()) if (event.kind === 'fill') fills += 1;
  };
  while (standing.length < STANDING) step();
  for (const turn of ['limit', 'cancel', 'market'] as const) count[turn] = 0;
  fills = 0;
  const share = (turn: Turn): string => `${Math.round((count[turn] / (count.limit + count.cancel + count.market)) * 100)} % ${turn}`;
  return {
    step,
    placed: () => orders,
    said: () => `${share('limit')}, ${share('cancel')}, ${share('market')}; ${fills} fills, ${orders} orders so far`,
  };
}

function restingOid(reply: ActionReply): number | null {
  if (reply.status === 'err' || reply.response.type === 'default') throw new Error(`unexpected ${JSON.stringify(reply)}`);
  const status = reply.response.data.statuses[0];
  if (typeof status !== 'object') return null;
  if ('resting' in status) return status.resting.oid;
  if ('error' in status && !status.error.startsWith('Order could not immediately match')) throw new Error(status.error);
  return null;
}

/** The least any book must do: note an order under its id, and forget it. */
function createBareMix() {
  const chance = createChance(1);
  const book = new Map<number, { readonly px: number; readonly sz: number }>();
  const standing: number[] = [];
  let oid = 0;
  const step = (): void => {
    if (turnOf(chance(100), standing.length) !== 'limit') {
      const chosen = takeOut(standing, chance(standing.length));
      if (chosen !== undefined) book.delete(chosen);
    } else {
      oid += 1;
      book.set(oid, { px: MID_USD - chance(PRICE_LEVELS / 2), sz: 200 });
      standing.push(oid);
    }
  };
  while (standing.length < STANDING) step();
  return { step };
}

function heapAfterCollection(): number {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  collect();
  return process.memoryUsage().heapUsed;
}
