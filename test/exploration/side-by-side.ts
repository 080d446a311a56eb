/** Walks in processes of their own, at the same time: each tells its lines itself, and its sum to who began it. */
import { fork } from 'node:child_process';
import type { Sum } from './tour.ts';

/** Runs `script` once with each list of arguments. The sum of what all have found; null when one of them ended without one, which ends the others. */
export async function sideBySide(script: string, argumentLists: readonly (readonly string[])[]): Promise<Sum | null> {
  const children = argumentLists.map((args) => fork(script, args));
  const sums = await Promise.all(
    children.map(
      (child) =>
        new Promise<Sum | null>((resolve) => {
          let sum: Sum | null = null;
          child.on('message', (message) => {
            sum = message as Sum;
          });
          child.on('close', () => {
            if (sum === null) for (const other of children) other.kill();
            resolve(sum);
          });
        }),
    ),
  );
  return sums.reduce((all, one) =>
    all === null || one === null
      ? null
      : {
          states: all.states + one.states,
          transitions: all.transitions + one.transitions,
          depth: Math.max(all.depth, one.depth),
        },
  );
}
