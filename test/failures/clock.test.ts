/** Books while this machine's clock and the venue's disagree: real sockets, the real adapter (docs/FAILURES.md). */
import { afterEach, describe, expect, it } from 'vitest';
import { closeFleetUnbroken } from '../support/unbroken.ts';
import { openWiredFleet, type WiredFleet } from '../support/wired-fleet.ts';

const entry = { symbol: 'ETH', direction: 'LONG', signal_type: 'entry', entry_1: 4_020, stop_loss: 3_900 };
const other = { symbol: 'BTC', direction: 'LONG', signal_type: 'entry', entry_1: 100_500, stop_loss: 97_000 };
const OFF_MS = 30_000;

let fleet: WiredFleet;
afterEach(() => closeFleetUnbroken(fleet));

const status = (id: number) => fleet.row(id).status;
const isAlarmed = () => fleet.bot('Sentient').alerts().includes('clock is off');

/** Two bots, the first with a position, the second without. */
async function openWithPosition(): Promise<void> {
  fleet = await openWiredFleet({ bots: ['Sentient', 'Vulcan'], settings: { reconcileIntervalMs: 10_000 } });
  const id = fleet.signal('Sentient', entry);
  await fleet.until('the entry is filled', () => status(id) === 'filled');
}

const differences = () =>
  fleet.bots.flatMap(({ id, alerts }) => [...fleet.ledger.differences(id), ...alerts().filter((phrase) => phrase === 'difference')]);

/** A way the clocks come to disagree, and back. */
const WAYS = {
  'this machine’s clock ahead': () => {
    fleet.setClockOff(OFF_MS);
    return () => fleet.setClockOff(0);
  },
  'this machine’s clock behind': () => {
    fleet.setClockOff(-OFF_MS);
    return () => fleet.setClockOff(0);
  },
  'what the venue tells of now behind': () => {
    const id = fleet.fault({ kind: 'clock-offset', ms: -OFF_MS, forMs: 3_600_000 });
    return () => void fleet.exchange.clearFaults(id);
  },
  'what the venue tells of now ahead': () => {
    const id = fleet.fault({ kind: 'clock-offset', ms: OFF_MS, forMs: 3_600_000 });
    return () => void fleet.exchange.clearFaults(id);
  },
};

describe.each(Object.entries(WAYS))('with %s', (_, setOff) => {
  it('no difference is told, now or after, and what was acknowledged moves nothing', async () => {
    await openWithPosition();
    const setRight = setOff();
    await fleet.until('the clock is named', isAlarmed, 40_000);
    await fleet.pass(25_000);
    expect(differences()).toEqual([]);
    for (const { id } of fleet.bots) fleet.queue.insertControl(id, 'ACKNOWLEDGE');
    const refused = fleet.signal('Sentient', other);
    await fleet.until('an entry is refused', () => status(refused) === 'failed', 30_000);
    expect(fleet.row(refused).notes).toContain("this machine's clock is");
    setRight();
    // As long as the venue's times are of before what it told already.
    await fleet.pass(OFF_MS + 5_000);
    expect(differences()).toEqual([]);
    expect(fleet.ledger.bookingsOf('Sentient').map(({ kind }) => kind)).toEqual(['opening']);
    const taken = fleet.signal('Sentient', other);
    await fleet.until('an entry is taken', () => status(taken) === 'filled', 30_000);
  });
});

it('a difference that stands is not acknowledged while the clock is off, and the operator is told why', async () => {
  await openWithPosition();
  const { account, id } = fleet.bot('Vulcan');
  fleet.fault({ kind: 'nonsense', answer: 'empty-array', info: 'userNonFundingLedgerUpdates', forMs: 3_600_000 });
  expect(fleet.venue.withdraw(account, fleet.venue.account(account).withdrawable, fleet.clock.now())).toBe(true);
  await fleet.until('it is told', () => fleet.ledger.differences(id).length === 1, 60_000);
  fleet.setClockOff(OFF_MS);
  await fleet.until('the clock is named', () => fleet.bot(id).alerts().includes('clock is off'), 40_000);
  const early = fleet.queue.insertControl(id, 'ACKNOWLEDGE');
  const outcomeOf = ({ key }: { readonly key: string }): string | undefined => fleet.ledger.controlOutcomes(key).get(id);
  await fleet.pass(3_000);
  expect(outcomeOf(early)).toMatch(/^not taken: this machine's clock is/);
  expect(fleet.ledger.differences(id)).toHaveLength(1);
  fleet.setClockOff(0);
  await fleet.pass(25_000);
  const late = fleet.queue.insertControl(id, 'ACKNOWLEDGE');
  await fleet.pass(3_000);
  expect(outcomeOf(late)).toMatch(/^acknowledged -/);
});
