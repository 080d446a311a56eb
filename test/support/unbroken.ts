/** Ends what a test ran on, once nothing in it was broken that no test may break. */
import type { Venue } from '@hyperfleet/paper-exchange';
import { expect } from 'vitest';
import type { World } from './one-bot.ts';
import type { WiredFleet } from './wired-fleet.ts';

function isUnbroken(audit: ReturnType<Venue['audit']>): void {
  expect(audit).toMatchObject({ duplicateCloids: 0, conservationErrorUsd: 0 });
}

/** Of one bot: no worker ended by a bug, no client order id came twice, no money was made or lost. */
export async function closeUnbroken(world: World): Promise<void> {
  expect(world.bugs).toEqual([]);
  isUnbroken(world.venue.audit());
  await world.close();
}

/** Of a fleet on sockets: no client order id came twice, no money was made or lost. */
export async function closeFleetUnbroken(fleet: WiredFleet): Promise<void> {
  isUnbroken(fleet.exchange.audit());
  await fleet.close();
}
