/**
 * Loaded before everything else in a fleet's process and in each of its threads (`node --import`). The thread named in the query of its
 * URL hangs once, when a file of that name appears: it does nothing any more, until it is ended.
 */
import { existsSync, renameSync } from 'node:fs';
import { threadName } from 'node:worker_threads';

const asked = new URL(import.meta.url).searchParams;
const file = asked.get('file') ?? '';

if (threadName === asked.get('thread')) {
  setInterval(() => {
    if (!existsSync(file)) return;
    renameSync(file, `${file}.done`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }, 50).unref();
}
