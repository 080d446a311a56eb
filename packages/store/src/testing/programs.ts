/** Other processes for the tests: real ones, so that real locks and real deaths are met. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

export interface Program {
  readonly child: ChildProcess;
  /** The next line it prints. Throws when it ends without one. */
  line(): Promise<string>;
  /** Every line until it ends. */
  rest(): Promise<readonly string[]>;
  /** Ends it as the operating system does when it must. */
  kill(): Promise<void>;
}

/** Starts a script beside this file; it is gone after the test whatever happens. `uid` runs it as another user. */
export function startProgram(script: string, args: readonly string[], uid?: number): Program {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, [file, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  const ended = once(child, 'close');
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    async line() {
      const next = await lines.next();
      if (next.done === true) throw new Error(`${script} ended without a word`);
      return next.value;
    },
    async rest() {
      const all: string[] = [];
      for (let next = await lines.next(); next.done !== true; next = await lines.next()) all.push(next.value);
      await ended;
      return all;
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
