/** The model of what is not pure is held to both real worker loops on the real matching core: the same things done to both lead to the same. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BOT, USER } from '../bracket.ts';
import { calmEvent as calmInLoops, type Event, eventsOf as eventsOfLoops, happen as happenInLoops } from '../events.ts';
import { isQuiet as loopsAreQuiet, witness } from '../promises.ts';
import { openWorld, type World } from '../world.ts';
import { wordsOf } from './event-code.ts';
import { calmEvent, eventsOf, happen } from './events.ts';
import { isQuiet } from './promises.ts';
import { AT, BREAKEVENS, beginning, filledOf, LOTS_A_UNIT, nameOf, PHASES, STATES, STATUSES, type State } from './state.ts';

const ANYTHING = { interventions: Number.POSITIVE_INFINITY };
/** Things done from outside, by the words both walks have for them. */
const ACTS = [
  'entry signal',
  'first part of the entry fills',
  'rest of the entry fills',
  'market to the first target',
  'market to the second target',
  'market to the stop',
  'exit signal',
  'CLOSE_ALL',
  'PAUSE',
  'stream is cut',
  'stream connects',
  'signal worker crashes and starts again',
  'fill worker crashes and starts again',
  'time passes',
] as const;
/** What becomes of the next request of a kind while things calmly go on. */
const FATES = [
  null,
  /place .*: no answer comes$/,
  /place .*: refused by the venue$/,
  /place .*: lands, answer under way$/,
  /cancel .*: no answer comes$/,
  /read fills: no answer comes$|reading the fills: fills: no answer comes$/,
] as const;

const CALM_MAX = 120;

interface Both {
  readonly world: World;
  readonly s: State;
}

const inLoops = (world: World, says: (label: string) => boolean): Event | undefined =>
  eventsOfLoops(world, ANYTHING).find(({ label }) => says(label));
const inMind = (s: State, says: (label: string) => boolean): number | undefined => eventsOf(s).find((event) => says(wordsOf(s, event)));

/** Lets both go on until they are at rest, meeting one request of a kind with a fate. */
async function calm({ world, s }: Both, fate: RegExp | null): Promise<void> {
  let met = fate === null;
  for (let steps = 0; steps < CALM_MAX && !loopsAreQuiet(world); steps += 1) {
    const event = met || fate === null ? undefined : inLoops(world, (label) => fate.test(label));
    met ||= event !== undefined;
    await happenInLoops(world, event ?? calmInLoops(world));
  }
  met = fate === null;
  for (let steps = 0; steps < CALM_MAX && !isQuiet(s); steps += 1) {
    const event = met || fate === null ? undefined : inMind(s, (label) => fate.test(label));
    met ||= event !== undefined;
    expect(happen(s, event ?? calmEvent(s))).toBeNull();
  }
}

function ofLoops(world: World): unknown {
  const trade = world.ledger.allTrades().find(({ kind }) => kind === 'entry');
  if (trade === undefined) return null;
  const open = world.venue.openOrders(USER);
  const units = (size: number): number => size / LOTS_A_UNIT;
  return {
    phase: trade.phase,
    // How a refused entry is put is not the model's to tell.
    status: trade.phase === 'refused' ? '' : trade.status,
    isClaimed: trade.exitClaimedBy !== null,
    // Of a trade that is over it tells only in which order the last fills were heard.
    breakeven: trade.phase === 'settled' ? '' : trade.breakeven,
    ladder: trade.ladder?.map(({ sz }) => units(sz)) ?? null,
    orders: world.ledger.orders(trade.tradeId).map(({ intent, state, filledSz, cancelAsked }) => {
      const there = open.find(({ cloid }) => cloid === intent.cloid);
      const at = there === undefined ? 'gone' : `${there.waitingForFill ? 'waiting' : 'standing'} ${units(there.sz)}`;
      return `${intent.role}#${intent.attempt} ${units(intent.sz)} ${state} ${units(filledSz)} ${cancelAsked} ${at}`;
    }),
    position: units(world.venue.account(USER).positions.find(({ coin }) => coin === 'BTC')?.szi ?? 0),
    isPaused: trade.phase === 'claimed' && world.ledger.botState(BOT).paused,
  };
}

function ofMind(s: State): unknown {
  const phase = PHASES[s.phase];
  if (phase === undefined) return null;
  return {
    phase,
    status: phase === 'refused' ? '' : STATUSES[s.status],
    isClaimed: s.claim === 1,
    breakeven: phase === 'settled' ? '' : BREAKEVENS[s.breakeven],
    ladder: s.ladder === 1 ? [s.leg1, s.leg2].filter((sz) => sz > 0) : null,
    orders: s.orders.map((order) => {
      const there = order.at === AT.waiting ? 'waiting' : 'standing';
      const at = order.at === AT.waiting || order.at === AT.standing ? `${there} ${order.left}` : 'gone';
      return `${nameOf(order)} ${order.sz} ${STATES[order.state]} ${filledOf(order)} ${order.cancelAsked === 1} ${at}`;
    }),
    position: s.position,
    isPaused: phase === 'claimed' && s.paused === 1,
  };
}

it('the mind that is walked and the real loops come to the same orders, trade and position', async () => {
  const act = fc.record({ act: fc.constantFrom(...ACTS), fate: fc.constantFrom(...FATES) });
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 3, maxLength: 14 }), async (acts) => {
      const both: Both = { world: await openWorld(witness), s: beginning() };
      await calm(both, null);
      for (const step of [{ act: 'entry signal', fate: null }, ...acts]) {
        const event = inLoops(both.world, (label) => label === step.act);
        const number = inMind(both.s, (label) => label === step.act);
        // What would change nothing is no event of the mind's.
        if (event === undefined || number === undefined) continue;
        await happenInLoops(both.world, event);
        expect(happen(both.s, number)).toBeNull();
        await calm(both, step.fate);
        expect(ofMind(both.s)).toEqual(ofLoops(both.world));
        compared += 1;
      }
    }),
    { numRuns: 150, seed: Number(process.env.SEED ?? 20_250_904) },
  );
  expect(compared).toBeGreaterThan(300);
});
