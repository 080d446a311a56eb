/** Whole numbers of up to 53 bits in as few bytes as they need, seven bits a byte, least first. */
const LOW = 128;

/** A growing byte buffer. */
export interface ByteWriter {
  /** A number ≥ 0. */
  unsigned(value: number): void;
  /** Any number; small ones of either sign stay short. */
  signed(value: number): void;
  readonly length: number;
  /** What has been written since the last call; the writer is empty after. */
  take(): Buffer;
}

export function createByteWriter(): ByteWriter {
  let bytes = Buffer.allocUnsafe(1 << 16);
  let length = 0;
  const unsigned = (value: number): void => {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is no whole number of 53 bits`);
    if (length + 10 > bytes.length) bytes = Buffer.concat([bytes, Buffer.allocUnsafe(bytes.length)]);
    let rest = value;
    while (rest >= LOW) {
      bytes[length++] = (rest % LOW) + LOW;
      rest = Math.floor(rest / LOW);
    }
    bytes[length++] = rest;
  };
  return {
    unsigned,
    signed: (value) => unsigned(value < 0 ? -value * 2 - 1 : value * 2),
    get length() {
      return length;
    },
    take() {
      const taken = Buffer.from(bytes.subarray(0, length));
      length = 0;
      return taken;
    },
  };
}

/** Reads what a `ByteWriter` wrote. Running past the end throws a RangeError. */
export interface ByteReader {
  unsigned(): number;
  signed(): number;
  readonly atEnd: boolean;
}

export function createByteReader(bytes: Uint8Array): ByteReader {
  let place = 0;
  const unsigned = (): number => {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = bytes[place++];
      if (byte === undefined) throw new RangeError('the data ends in the middle of a number');
      value += (byte % LOW) * scale;
      if (byte < LOW) return value;
      scale *= LOW;
    }
  };
  return {
    unsigned,
    signed() {
      const value = unsigned();
      return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    },
    get atEnd() {
      return place >= bytes.length;
    },
  };
}
