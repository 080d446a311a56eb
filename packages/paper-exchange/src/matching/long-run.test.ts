import { createHash, type Hash } from 'node:crypto';
import { type Instrument, microUsd } from '@hyperfleet/trading';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundledRecordingPath } from '../bundled-recording.ts';
import { openRecording } from '../market/recording.ts';
import { createChance } from '../seeded.ts';
import type { Address, Venue, VenueEvent } from './contract.ts';
import { randomAction } from './testing/random-actions.ts';
import { createVenue } from './venue.ts';

/**
 * A long run with the recorded market and six careless accounts, whose every reply, event and view is digested. It says
 * that nothing observable changed, not that it is right: the other tests of this folder say that. When a rule of the venue
 * changes on purpose, look at what changed and then renew the digests with
 * `npx vitest run packages/paper-exchange/src/matching/long-run.test.ts -u`.
 */
const FIRST_EVENT = 19_000;
const EVENTS = 9_000;
const LOCAL: Instrument = { coin: 'LOCAL', assetId: 200, szDecimals: 3, maxLeverage: 10, onlyIsolated: false, isDelisted: false };
const STRICT: Instrument = { coin: 'STRICT', assetId: 201, szDecimals: 1, maxLeverage: 3, onlyIsolated: true, isDelisted: false };
const USERS = Array.from({ length: 6 }, (_, n): Address => `0x${(0xa0 + n).toString(16).padStart(40, '0')}`);

interface Digests {
  readonly replies: string;
  readonly events: string;
  readonly views: string;
  readonly told: Readonly<Record<string, number>>;
  readonly conservationErrorUsd: number;
}

const add = (hash: Hash, value: unknown): void => {
  hash.update(JSON.stringify(value));
};

function addViews(hash: Hash, venue: Venue): void {
  for (const user of USERS) {
    add(hash, [venue.account(user), venue.openOrders(user), venue.volume(user), venue.fundings(user), venue.ledger(user)]);
    add(hash, [venue.fills(user), venue.historicalOrders(user)]);
  }
  for (const { assetId } of venue.instruments) add(hash, [venue.assetMarket(assetId), venue.leverage(USERS[0] ?? '0x', assetId)]);
  add(hash, venue.audit());
}

/** Counts what was told, by kind and status, so that a run in which nothing happens is seen as one. */
function count(told: Record<string, number>, events: readonly VenueEvent[]): void {
  for (const event of events) {
    const word = event.kind === 'order' ? event.status : event.kind === 'fill' ? event.fill.dir : event.kind;
    told[word] = (told[word] ?? 0) + 1;
  }
}

/** `kept`: how many orders and fills an account remembers; a small number has the bounds reached often. */
function run(seed: number, kept: number): Digests {
  const recording = openRecording(bundledRecordingPath);
  const settings = { maxOrdersKept: kept, maxFillsKept: kept, maxOpenOrders: 12, scheduleCancelVolume: seed % 2 === 0 };
  const venue = createVenue({ instruments: [...recording.header.instruments, LOCAL, STRICT], settings });
  const chance = createChance(seed);
  const [replies, events, views] = [createHash('sha256'), createHash('sha256'), createHash('sha256')];
  const told: Record<string, number> = {};
  let driftTicks = 50_000;
  const drain = (): void => {
    const happened = venue.drain();
    add(events, happened);
    count(told, happened);
  };
  let index = 0;
  for (const event of recording.events()) {
    index += 1;
    if (index < FIRST_EVENT) continue;
    if (index >= FIRST_EVENT + EVENTS) break;
    if (index === FIRST_EVENT)
      for (const [n, user] of USERS.entries()) venue.fund(user, microUsd(([400, 3_000][n % 3] ?? 1_000_000) * 1_000_000), event.atMs);
    venue.market(event);
    if (chance(3) === 0) drain();
    for (let left = chance(4); left > 0; left -= 1) {
      driftTicks = Math.max(5_000, Math.round(driftTicks * (1 + (chance(201) - 100) / 3_000)));
      const user = USERS[chance(USERS.length)] ?? '0x';
      add(replies, venue.execute(user, randomAction({ venue, chance, user, driftTicks }), event.atMs));
      if (chance(2) === 0) drain();
    }
    if (chance(400) === 0) venue.fund(USERS[chance(USERS.length)] ?? '0x', microUsd(300_000_000), event.atMs);
    if (chance(400) === 0) add(replies, venue.withdraw(USERS[chance(USERS.length)] ?? '0x', microUsd(20_000_000), event.atMs));
    if (index % 600 === 0) addViews(views, venue);
  }
  // Hours without a market: funding is paid, marks stand still.
  venue.advance(venue.nowMs + 5 * 3_600_000);
  drain();
  addViews(views, venue);
  return {
    replies: replies.digest('hex').slice(0, 16),
    events: events.digest('hex').slice(0, 16),
    views: views.digest('hex').slice(0, 16),
    told,
    conservationErrorUsd: venue.audit().conservationErrorUsd,
  };
}

describe('a long run of random actions on the recorded market', () => {
  let few: Digests;
  let many: Digests;
  beforeAll(() => {
    few = run(1, 150);
    many = run(2, 10_000);
  });

  it('answers, tells and shows exactly what it always did, remembering little', () => {
    expect([few.replies, few.events, few.views]).toMatchInlineSnapshot(`
      [
        "b254ee930b543f25",
        "2f6792a115aa7cdb",
        "4c1df8ac01866423",
      ]
    `);
  });

  it('answers, tells and shows exactly what it always did, remembering all', () => {
    expect([many.replies, many.events, many.views]).toMatchInlineSnapshot(`
      [
        "9158bc95af0b47c7",
        "b2210493b8f61d25",
        "d7be15ddfb99b653",
      ]
    `);
  });

  it('makes or loses no money', () => {
    expect([few.conservationErrorUsd, many.conservationErrorUsd]).toEqual([0, 0]);
  });

  it('comes through every part of the venue', () => {
    const words = ['account', 'badAloPxRejected', 'canceled', 'filled', 'funding', 'iocCancelRejected', 'ledger', 'liquidatedCanceled'];
    words.push('marginCanceled', 'mark', 'minTradeNtlRejected', 'nonUserCancel', 'open', 'perpMarginRejected', 'reduceOnlyCanceled');
    words.push('rejected', 'scheduledCancel', 'selfTradeCanceled', 'siblingFilledCanceled', 'tickRejected', 'tooManyOpenOrdersRejected');
    words.push('triggered', 'Long > Short', 'Short > Long', 'Close Long', 'Close Short', 'Liquidated Cross Long');
    const told = { ...few.told, ...many.told };
    expect(words.filter((word) => told[word] === undefined)).toEqual([]);
    expect(Object.values(few.told).reduce((sum, times) => sum + times, 0)).toBeGreaterThan(10_000);
  });
});
