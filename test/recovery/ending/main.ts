/** Ends workers in the midst of signing, one after another, and says how many. An abort of the process is what must not be. */
import { supervise } from '@hyperfleet/supervisor';
import type { SigningProtocol } from './protocol.ts';

const ROUNDS = 12;

for (let round = 0; round < ROUNDS; round += 1) {
  const workers = [1, 2, 3].map((n) =>
    supervise<SigningProtocol>({
      name: `signing ${n}`,
      entry: new URL('./signing.worker.ts', import.meta.url),
      launch: () => ({ workerData: null }),
      readyTimeoutMs: 60_000,
      beatTimeoutMs: 60_000,
      leaveTimeoutMs: 60_000,
      restart: { firstDelayMs: 1, maxDelayMs: 1, jitter: 0, budget: 0, windowMs: 1_000 },
      onMessage: () => undefined,
      onHalted: (reason) => console.error(reason),
    }),
  );
  await Promise.all(workers.map((worker) => worker.firstReady));
  await Promise.all(workers.map((worker) => worker.terminate()));
}
console.log(`${ROUNDS * 3} ended`);
