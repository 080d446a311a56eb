/** A writer that never pauses, or a reader that checks every copy for tearing: for the stress test. */
import { parentPort, workerData } from 'node:worker_threads';
import { lots, ticks } from '@hyperfleet/trading';
import { openBookMemory, SLOT } from '../layout.ts';
import { copySlot } from '../reader.ts';
import { openBookWriter } from '../writer.ts';

interface Task {
  readonly role: 'writer' | 'reader';
  readonly buffer: SharedArrayBuffer;
  readonly stop: SharedArrayBuffer;
  readonly reads: number;
}

const { role, buffer, stop, reads } = workerData as Task;
const stopFlag = new Int32Array(stop);

/** Every number of a book follows from one counter, so a mix of two books shows in any field. */
function write(): void {
  const writer = openBookWriter(buffer);
  for (let k = 1; Atomics.load(stopFlag, 0) === 0; k += 1) {
    const side = (sign: number) => Array.from({ length: 20 }, (_, i) => ({ px: ticks(1_000_000 + k + sign * i), sz: lots(k + i) }));
    writer.book('BTC', { bids: side(-1), asks: side(1), exchangeTimeMs: k, receivedAtMs: k });
  }
}

function read(): { torn: number; whole: number; disturbed: number } {
  const memory = openBookMemory(buffer);
  const copy = new Float64Array(SLOT.length);
  let torn = 0;
  let whole = 0;
  let disturbed = 0;
  while (whole < reads) {
    if (!copySlot(memory, 0, copy)) {
      disturbed += 1;
      continue;
    }
    whole += 1;
    const k = copy[SLOT.exchangeTimeMs] ?? 0;
    if (copy[SLOT.receivedAtMs] !== k) torn += 1;
    else if (k > 0 && !isOfOneBook(copy, k)) torn += 1;
  }
  return { torn, whole, disturbed };
}

function isOfOneBook(copy: Float64Array, k: number): boolean {
  for (let i = 0; i < 20; i += 1) {
    if (copy[SLOT.bids + i * 2] !== 1_000_000 + k - i || copy[SLOT.asks + i * 2] !== 1_000_000 + k + i) return false;
    if (copy[SLOT.bids + i * 2 + 1] !== k + i || copy[SLOT.asks + i * 2 + 1] !== k + i) return false;
  }
  return true;
}

if (role === 'writer') write();
else parentPort?.postMessage(read());
