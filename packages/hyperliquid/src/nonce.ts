const HOUR_MS = 3_600_000;
/** By its own clock T the venue takes nonces of T − 2 d to T + 1 d, neither included (PROTOCOL §2.4). */
const BEHIND_MS = 48 * HOUR_MS;
const AHEAD_MS = 24 * HOUR_MS;

const CELL_BYTES = BigInt64Array.BYTES_PER_ELEMENT;

/** The next nonces of one signer. A nonce is in ms of market time and never handed out twice (PROTOCOL §2.4). */
export interface NonceCell {
  /** max(now, last + 1): unique over all threads that share the cell, also when the clock stands still or steps back. */
  next(nowMs: number): number;
  /** Makes every later nonce greater than `used`, the greatest one a ledger has recorded. Lower values change nothing. */
  raiseTo(used: number): void;
}

/** Memory for one signer's last nonce. Made once by the supervisor and handed to every thread that signs with that key. */
export function createNonceCell(): SharedArrayBuffer {
  return new SharedArrayBuffer(CELL_BYTES);
}

/** Opens a cell made by `createNonceCell`, in any thread. Throws a RangeError when the memory has another size. */
export function openNonceCell(buffer: SharedArrayBuffer): NonceCell {
  if (buffer.byteLength !== CELL_BYTES) {
    throw new RangeError(`a nonce cell has ${CELL_BYTES} bytes, got ${buffer.byteLength}: pass memory made by createNonceCell`);
  }
  const cell = new BigInt64Array(buffer);

  /** Moves the cell to `choose(last)`; the compare-exchange fails only when another thread moved it, so one of them always advances. */
  function move(choose: (last: bigint) => bigint): bigint {
    let last = Atomics.load(cell, 0);
    for (;;) {
      const chosen = choose(last);
      const seen = Atomics.compareExchange(cell, 0, last, chosen);
      if (seen === last) return chosen;
      last = seen;
    }
  }

  return {
    next(nowMs) {
      const now = wholeMs(nowMs, 'nowMs');
      return Number(move((last) => (now > last ? now : last + 1n)));
    },
    raiseTo(used) {
      const floor = wholeMs(used, 'used');
      move((last) => {
        if (last >= floor) return last;
        return floor;
      });
    },
  };
}

/** Why the venue would not take a nonce when its clock says `venueMs`; null when it would. */
export function nonceProblem(nonce: number, venueMs: number): string | null {
  const aheadMs = nonce - venueMs;
  if (aheadMs < AHEAD_MS && -aheadMs < BEHIND_MS) return null;
  const hours = Math.floor(Math.abs(aheadMs) / HOUR_MS);
  const taken =
    aheadMs > 0
      ? `${hours} h ahead of the venue's time, and less than 24 h are taken`
      : `${hours} h behind the venue's time, and less than 48 h are taken`;
  return `the nonce is ${taken}: this machine's clock is off or was: set it by a time server`;
}

function wholeMs(value: number, name: string): bigint {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${name} ${value} is not a whole number of milliseconds`);
  return BigInt(value);
}
