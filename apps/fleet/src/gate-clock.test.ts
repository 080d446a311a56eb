import { expect, test } from 'vitest';
import { mapClock } from './clock.ts';
import { createGateClock } from './gate-clock.ts';

test('time stands until it is told to go, and tasks wait with it', async () => {
  const clock = createGateClock(1_000);
  const ran: string[] = [];
  const first = new Promise<void>((resolve) =>
    clock.after(50, () => {
      ran.push('first');
      resolve();
    }),
  );
  const cancel = clock.after(10, () => ran.push('cancelled'));
  cancel();
  expect(clock.now()).toBe(1_000);
  clock.go(mapClock(1_000, 100));
  await first;
  expect(ran).toEqual(['first']);
  expect(clock.now()).toBeGreaterThanOrEqual(1_050);
});

test('frozen time does not move and runs nothing any more', async () => {
  const clock = createGateClock(0);
  clock.go(mapClock(0, 1_000));
  let ran = false;
  clock.after(2_000, () => {
    ran = true;
  });
  clock.freeze();
  const at = clock.now();
  clock.after(1, () => {
    ran = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(clock.now()).toBe(at);
  expect(ran).toBe(false);
});

test('a mapping that lags behind where time stood does not set it back', () => {
  const clock = createGateClock(10_000);
  clock.go(mapClock(500, 1));
  expect(clock.now()).toBe(10_000);
});
