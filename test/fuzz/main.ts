/**
 * `npm run fuzz -- [--requests N] [--frames N] [--seed S]`: a million random and mutated bodies and frames (by default) against
 * the paper exchange, over real sockets. Ends with 1 when it accepted anything without its signature, changed an account, or
 * answered as the venue never does.
 */
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { readOrExplain } from '../support/usage.ts';
import { fuzz } from './run.ts';

const USAGE = `npm run fuzz -- [--requests N] [--frames N] [--seed S]

--requests  bodies thrown at it (800000)
--frames    frames of its socket (200000)
--seed      of all that is drawn by lot (1)`;

function whole(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`--${name} is ${text}: give a whole number`);
  return value;
}

const asked = readOrExplain(USAGE, () => {
  const { values } = parseArgs({
    options: {
      requests: { type: 'string', default: '800000' },
      frames: { type: 'string', default: '200000' },
      seed: { type: 'string', default: '1' },
    },
  });
  return { requests: whole('requests', values.requests), frames: whole('frames', values.frames), seed: whole('seed', values.seed) };
});

setFlagsFromString('--expose-gc');
globalThis.gc = runInNewContext('gc') as typeof globalThis.gc;

const began = Date.now();
const result = await fuzz({
  ...asked,
  progress: (done) => {
    if (done % 100_000 === 0) console.log(`${done} bodies`);
  },
});
for (const [key, count] of [...result.statuses].sort()) console.log(`${String(count).padStart(8)}  ${key}`);
for (const breach of result.breaches.slice(0, 20)) console.log(`BREACH ${breach}`);
const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
console.log(
  `heap after a quarter ${mb(result.heap.early)}, at the end ${mb(result.heap.late)}; ${((Date.now() - began) / 1_000).toFixed(0)} s`,
);
console.log(
  `${asked.requests} bodies and ${asked.frames} frames, ${result.framesAnswered} answers to frames, ${result.breaches.length} breaches`,
);
process.exitCode = result.breaches.length === 0 ? 0 : 1;
