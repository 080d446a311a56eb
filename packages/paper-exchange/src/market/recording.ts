/**
 * Recordings of a market: one file, header first, then events in order of receipt in chunks compressed on their own, so that
 * a recording of days is read in the memory of one chunk.
 *
 *     "HFREC\n" | version u16 | header length u32 | crc32 u32 | header JSON | { packed length u32 | crc32 u32 | zstd bytes }… | 0 u32
 *
 * Integers little-endian. docs/RECORDING.md tells the rest.
 */
import { closeSync, openSync, readSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Instrument } from '@hyperfleet/trading';
import type { MarketEvent } from './event.ts';
import { freshState, type RecordedEvent, readEvent, writeEvent } from './event-code.ts';
import { createByteReader, createByteWriter } from './varint.ts';

const MAGIC = Buffer.from('HFREC\n');
const VERSION = 1;
/** Raw bytes after which a chunk is closed: a few seconds of four busy coins. */
const CHUNK_BYTES = 256 * 1024;
/** A chunk that claims to be larger is damage, not data. */
const CHUNK_BYTES_MAX = 16 * 1024 * 1024;
const HEADER_BYTES_MAX = 64 * 1024 * 1024;
const HEAD_BYTES = MAGIC.length + 10;
const CHUNK_HEAD_BYTES = 8;

/** Silence of a coin's book: from its last message to the next snapshot, which is a new market. */
export interface Gap {
  readonly coin: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface RecordingHeader {
  readonly source: string;
  /** In the order the events number them. */
  readonly instruments: readonly Instrument[];
  /** Receipt of the first book of any coin. Events received before are given this time: they are history. */
  readonly marketStartMs: number;
  readonly endMs: number;
  readonly gaps: readonly Gap[];
  readonly counts: { readonly books: number; readonly bbos: number; readonly prints: number };
}

export interface Recording {
  readonly path: string;
  readonly header: RecordingHeader;
  /** From the start each time it is called, gaps told where they begin. Throws `RecordingError` at damage. */
  events(): Generator<MarketEvent, void, undefined>;
}

/** A recording that cannot be used; the message names the file and what to do. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
}

const damaged = (path: string, what: string): RecordingError =>
  new RecordingError(`${path}: ${what}. Make it again with: npm run import-recording -- --from DIR --to ${path}`);

/**
 * Opens a recording and checks all of it against its checksums, so that a fleet does not run into the damage an hour later
 * (about a second for 1 GB). Throws `RecordingError` when the file is missing, foreign, of another version, cut off or damaged.
 */
export function openRecording(path: string): Recording {
  const fd = openFile(path);
  try {
    const start = readHead(path, fd);
    for (let at = start.bodyAt; ; ) {
      const chunk = readChunk(path, fd, at);
      if (chunk === null) break;
      at = chunk.nextAt;
    }
    return {
      path,
      header: start.header,
      *events() {
        yield* withGaps(start.header.gaps, readEvents(path, start));
      },
    };
  } finally {
    closeSync(fd);
  }
}

function openFile(path: string): number {
  try {
    if (statSync(path).isDirectory()) throw new RecordingError(`${path} is a directory; name the recording file in it`);
    return openSync(path, 'r');
  } catch (error) {
    if (error instanceof RecordingError) throw error;
    throw new RecordingError(`${path}: cannot be opened (${error instanceof Error ? error.message : String(error)})`, { cause: error });
  }
}

interface Head {
  readonly header: RecordingHeader;
  readonly bodyAt: number;
}

function readHead(path: string, fd: number): Head {
  const fixed = readAt(fd, 0, HEAD_BYTES);
  if (!fixed.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new RecordingError(`${path} is no recording of ours: it does not begin with ${JSON.stringify(MAGIC.toString())}`);
  }
  if (fixed.length < HEAD_BYTES) throw damaged(path, 'it is cut off in its first bytes');
  const version = fixed.readUInt16LE(MAGIC.length);
  if (version !== VERSION) throw new RecordingError(`${path} is a recording of version ${version}; this program reads version ${VERSION}`);
  const length = fixed.readUInt32LE(MAGIC.length + 2);
  const bytes = length > HEADER_BYTES_MAX ? Buffer.alloc(0) : readAt(fd, HEAD_BYTES, length);
  if (bytes.length !== length) throw damaged(path, 'its header is cut off');
  if (crc32(bytes) !== fixed.readUInt32LE(MAGIC.length + 6)) throw damaged(path, 'its header is damaged');
  try {
    return { header: parseHeader(JSON.parse(bytes.toString('utf8'))), bodyAt: HEAD_BYTES + length };
  } catch (error) {
    throw damaged(path, `its header is unreadable (${error instanceof Error ? error.message : String(error)})`);
  }
}

/** Bytes from a place in the file; fewer only at its end. */
function readAt(fd: number, place: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  for (;;) {
    const read = filled < length ? readSync(fd, bytes, filled, length - filled, place + filled) : 0;
    if (read === 0) return bytes.subarray(0, filled);
    filled += read;
  }
}

function parseHeader(value: unknown): RecordingHeader {
  const header = value as Partial<RecordingHeader>;
  if (!Array.isArray(header.instruments) || header.instruments.length === 0) throw new Error('no instruments');
  for (const [name, number] of [
    ['marketStartMs', header.marketStartMs],
    ['endMs', header.endMs],
  ] as const) {
    if (!Number.isSafeInteger(number)) throw new Error(`${name} is ${String(number)}`);
  }
  if (!Array.isArray(header.gaps)) throw new Error('no list of gaps');
  return header as RecordingHeader;
}

function* readEvents(path: string, head: Head): Generator<RecordedEvent, void, undefined> {
  const fd = openFile(path);
  const coins = head.header.instruments.map((instrument) => instrument.coin);
  try {
    let at = head.bodyAt;
    for (;;) {
      const chunk = readChunk(path, fd, at);
      if (chunk === null) return;
      const bytes = createByteReader(unpack(path, at, chunk.packed));
      at = chunk.nextAt;
      const state = freshState(coins.length);
      while (!bytes.atEnd) yield decode(path, at, () => readEvent(bytes, state, coins));
    }
  } finally {
    closeSync(fd);
  }
}

function decode(path: string, at: number, read: () => RecordedEvent): RecordedEvent {
  try {
    return read();
  } catch (error) {
    throw error instanceof RangeError ? damaged(path, `the chunk before byte ${at} makes no events (${error.message})`) : error;
  }
}

/** The chunk at a place, still packed; null at the end mark. */
function readChunk(path: string, fd: number, at: number): { readonly packed: Buffer; readonly nextAt: number } | null {
  const head = readAt(fd, at, CHUNK_HEAD_BYTES);
  if (head.length >= 4 && head.readUInt32LE(0) === 0) {
    if (head.length > 4) throw damaged(path, 'something follows its end mark');
    return null;
  }
  if (head.length < CHUNK_HEAD_BYTES) throw damaged(path, 'it is cut off: its end mark is missing');
  const length = head.readUInt32LE(0);
  if (length > CHUNK_BYTES_MAX) throw damaged(path, `the chunk at byte ${at} is damaged`);
  const packed = readAt(fd, at + CHUNK_HEAD_BYTES, length);
  if (packed.length < length) throw damaged(path, `it is cut off in the chunk at byte ${at}`);
  if (crc32(packed) !== head.readUInt32LE(4)) throw damaged(path, `the chunk at byte ${at} is damaged`);
  return { packed, nextAt: at + CHUNK_HEAD_BYTES + length };
}

function unpack(path: string, at: number, packed: Buffer): Buffer {
  try {
    return zstdDecompressSync(packed, { maxOutputLength: CHUNK_BYTES_MAX });
  } catch {
    throw damaged(path, `the chunk at byte ${at} is damaged`);
  }
}

/** Tells each gap after the last event at or before its beginning. */
function* withGaps(gaps: readonly Gap[], events: Iterable<RecordedEvent>): Generator<MarketEvent, void, undefined> {
  let next = 0;
  const told = (gap: Gap): MarketEvent => ({ kind: 'gap', coin: gap.coin, atMs: gap.fromMs, untilMs: gap.untilMs });
  for (const event of events) {
    for (let gap = gaps[next]; gap !== undefined && gap.fromMs < event.atMs; gap = gaps[next]) {
      yield told(gap);
      next += 1;
    }
    yield event;
  }
}

/** Takes events in order of receipt and writes the file whole at `finish`; nothing is at `path` before. */
export interface RecordingWriter {
  add(event: RecordedEvent): void;
  finish(header: Omit<RecordingHeader, 'instruments' | 'counts'>): RecordingHeader;
  /** Removes what was begun. */
  abandon(): void;
}

/** Begins a recording of these instruments at `path`. Throws `RecordingError` when nothing can be written there. */
export function createRecordingWriter(path: string, instruments: readonly Instrument[]): RecordingWriter {
  const bodyPath = `${path}.body`;
  const fd = createFile(path, bodyPath);
  const places = new Map(instruments.map((instrument, index) => [instrument.coin, index]));
  const out = createByteWriter();
  const counts = { books: 0, bbos: 0, prints: 0 };
  let state = freshState(instruments.length);

  const closeChunk = (): void => {
    if (out.length === 0) return;
    const packed = zstdCompressSync(out.take());
    const head = Buffer.alloc(CHUNK_HEAD_BYTES);
    head.writeUInt32LE(packed.length, 0);
    head.writeUInt32LE(crc32(packed), 4);
    writeAll(fd, head);
    writeAll(fd, packed);
    state = freshState(instruments.length);
  };

  return {
    add(event) {
      const place = places.get(event.coin);
      if (place === undefined) throw new RangeError(`${event.coin} is not among the recording's instruments`);
      writeEvent(out, state, place, event);
      if (event.kind === 'book') counts.books += 1;
      else if (event.kind === 'bbo') counts.bbos += 1;
      else counts.prints += event.prints.length;
      if (out.length >= CHUNK_BYTES) closeChunk();
    },
    finish(rest) {
      closeChunk();
      writeAll(fd, Buffer.alloc(4));
      closeSync(fd);
      const header: RecordingHeader = { ...rest, instruments, counts };
      joinFile(path, bodyPath, header);
      return header;
    },
    abandon() {
      closeSync(fd);
      rmSync(bodyPath, { force: true });
    },
  };
}

function createFile(path: string, bodyPath: string): number {
  try {
    return openSync(bodyPath, 'w');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RecordingError(`${path} cannot be written (${reason}); name a path in a directory that exists`, { cause: error });
  }
}

/** All of the bytes: a nearly full disk takes a part first. */
function writeAll(fd: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written, bytes.length - written);
}

function joinFile(path: string, bodyPath: string, header: RecordingHeader): void {
  const json = Buffer.from(JSON.stringify(header));
  const head = Buffer.alloc(HEAD_BYTES);
  MAGIC.copy(head);
  head.writeUInt16LE(VERSION, MAGIC.length);
  head.writeUInt32LE(json.length, MAGIC.length + 2);
  head.writeUInt32LE(crc32(json), MAGIC.length + 6);
  const whole = `${path}.new`;
  const out = openSync(whole, 'w');
  const body = openSync(bodyPath, 'r');
  try {
    writeAll(out, head);
    writeAll(out, json);
    const block = Buffer.alloc(1 << 20);
    for (let read = readSync(body, block); read > 0; read = readSync(body, block)) writeAll(out, block.subarray(0, read));
  } finally {
    closeSync(body);
    closeSync(out);
  }
  rmSync(bodyPath);
  renameSync(whole, path);
}
