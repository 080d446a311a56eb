/**
 * The journal of accepted inputs. Everything the exchange does follows from its market, its settings and these lines, so
 * replaying them gives the same state, ids included. Beside the journal stands an 8-byte file with the latest market time
 * at which a byte left the server: a restart never tells of an earlier time than was already shown.
 */
import { closeSync, existsSync, ftruncateSync, openSync, readFileSync, readSync, statSync, writeSync } from 'node:fs';
import { lots, type MicroUsd, ticks } from '@hyperfleet/trading';
import { readImposed } from './faults/imposed.ts';
import type { JournalEntry, JournalPage, NumberedEntry } from './journal-entry.ts';
import { readStep } from './market/step.ts';
import type { Address, Intervention } from './matching/contract.ts';
import { isAddress, isRecord } from './wire/fields.ts';

/** What binds a journal to the market it was made on. */
export interface JournalHeader {
  readonly version: 1;
  /** Names the market; a journal replays only on the same one. */
  readonly market: string;
  /** Market time of the exchange's start. */
  readonly startMs: number;
  /** What was added to the recording's own times. */
  readonly offsetMs: number;
  /** The venue's settings: with others the same inputs would come out otherwise. Missing in journals of old. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

export interface Journal {
  readonly header: JournalHeader;
  /** Entries found at opening, oldest first. Read once. */
  replay(): Generator<JournalEntry>;
  /** Latest market time shown to anyone before the restart; startMs for a new journal. */
  readonly highWaterMs: number;
  /** Entries after the first `after` of them, out of the file. */
  page(after: number, limit: number): JournalPage;
  /** Adds an entry, which must be written before anything that follows from it may be told. */
  append(entry: JournalEntry): void;
  /** Hands everything appended to the operating system. */
  write(): void;
  /** Writes, and raises the high-water mark. Cheap when there is nothing new. */
  raise(atMs: number): void;
  close(): void;
}

/** A journal that cannot be used: another market, an unknown version, a damaged line before the last. */
export class JournalError extends Error {
  override readonly name = 'JournalError';
  readonly code = 'journal-unusable';
  readonly retry = 'never';
}

const CHUNK_BYTES = 1 << 16;
/** How many entries lie between two places of the file that are remembered. */
const MARK_EVERY = 1_000;

/** The whole lines of a file, decoded one by one; a torn last line is left out. Yields the byte offset after each line. */
function* lines(path: string, fromByte = 0): Generator<{ readonly text: string; readonly endByte: number }> {
  const file = openSync(path, 'r');
  try {
    let rest = Buffer.alloc(0);
    let start = fromByte;
    for (;;) {
      const chunk = Buffer.alloc(CHUNK_BYTES);
      const size = readSync(file, chunk, 0, CHUNK_BYTES, start + rest.length);
      if (size === 0) return;
      rest = Buffer.concat([rest, chunk.subarray(0, size)]);
      let from = 0;
      for (let at = rest.indexOf(10); at >= 0; at = rest.indexOf(10, from)) {
        yield { text: rest.toString('utf8', from, at), endByte: start + at + 1 };
        from = at + 1;
      }
      rest = rest.subarray(from);
      start += from;
    }
  } finally {
    closeSync(file);
  }
}

function parseLine(text: string, path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new JournalError(`journal ${path} has a damaged line "${text.slice(0, 60)}": restore it or start with another --data-dir`, {
      cause,
    });
  }
  if (!isRecord(value)) throw new JournalError(`journal ${path} has a line that is no object: start with another --data-dir`);
  return value;
}

const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value);

function toAction(from: Record<string, unknown>, atMs: number, user: Address): JournalEntry | null {
  const { signer, nonce, expiresAfter, action, imposed, skewMs } = from;
  if (!isAddress(signer) || !isTime(nonce) || !(expiresAfter === null || isTime(expiresAfter))) return null;
  const read = imposed === undefined ? null : readImposed(imposed);
  if (read === undefined || !(skewMs === undefined || isTime(skewMs))) return null;
  const faults = { ...(read === null ? {} : { imposed: read }), ...(skewMs === undefined ? {} : { skewMs }) };
  return { kind: 'action', atMs, signer, user, nonce, expiresAfter, action, ...faults };
}

function toIntervention(value: unknown): Intervention | null {
  if (!isRecord(value)) return null;
  const { kind, id, status, asset, px, sz } = value;
  if (kind === 'cancel') return (typeof id === 'string' || isTime(id)) && typeof status === 'string' ? { kind, id, status } : null;
  if (kind === 'reuse-oid') return typeof id === 'string' || isTime(id) ? { kind, id } : null;
  if (kind !== 'deleverage' || !isTime(asset)) return null;
  if (!(px === null || isTime(px)) || !(sz === null || isTime(sz))) return null;
  return { kind, asset, px: px === null ? null : ticks(px), sz: sz === null ? null : lots(sz) };
}

function readEntry(from: Record<string, unknown>): JournalEntry | null {
  const { kind, atMs, user, usd, coin, untilMs, agent } = from;
  if (!isTime(atMs)) return null;
  if (kind === 'fund') return isAddress(user) && isTime(usd) ? { kind, atMs, user, usd: usd as MicroUsd } : null;
  if (kind === 'action') return isAddress(user) ? toAction(from, atMs, user) : null;
  if (kind === 'market') return { kind, atMs, step: readStep(from.step) };
  if (kind === 'pause') return typeof coin === 'string' && isTime(untilMs) ? { kind, atMs, coin, untilMs } : null;
  if (kind === 'intervene') {
    const intervention = toIntervention(from.intervention);
    return intervention !== null && isAddress(user) ? { kind, atMs, user, intervention } : null;
  }
  return kind === 'expire-agent' && isAddress(agent) ? { kind, atMs, agent } : null;
}

function toEntry(from: Record<string, unknown>, path: string): JournalEntry {
  const entry = readEntry(from);
  if (entry !== null) return entry;
  throw new JournalError(
    `journal ${path} has an entry of unknown shape ${JSON.stringify(from).slice(0, 80)}: start with another --data-dir`,
  );
}

function toHeader(from: Record<string, unknown>, path: string): JournalHeader {
  const { version, market, startMs, offsetMs, settings } = from;
  if (version !== 1)
    throw new JournalError(`journal ${path} has version ${String(version)}, this program reads 1: start with another --data-dir`);
  if (typeof market !== 'string' || !isTime(startMs) || !isTime(offsetMs)) throw new JournalError(`journal ${path} has no valid header`);
  return { version, market, startMs, offsetMs, ...(isRecord(settings) ? { settings } : {}) };
}

/** The header of a journal, or null when there is none yet (no file, or not even its first line is whole). */
export function readJournalHeader(path: string): JournalHeader | null {
  if (!existsSync(path)) return null;
  for (const line of lines(path)) return toHeader(parseLine(line.text, path), path);
  return null;
}

/** The latest market time a journal's exchange showed anyone, or null without a journal: a clock must not start before it. */
export function readJournalTime(path: string): number | null {
  const header = readJournalHeader(path);
  return header === null ? null : Math.max(header.startMs, readMark(path, header));
}

/** No exchange ran this much longer than it had when it started: a time beyond is damage, and a clock set to it would never be caught up with. */
const LONGEST_LIFE_MS = 10 * 365 * 86_400_000;

/** The high-water mark beside a journal; where there is none, the time of the last entry, which somebody may have been told of. */
function readMark(path: string, { startMs }: JournalHeader): number {
  const markPath = `${path}.time`;
  const bytes = existsSync(markPath) ? readFileSync(markPath) : Buffer.alloc(0);
  if (bytes.length === 0) return lastEntryMs(path);
  const markMs = bytes.length === 8 ? Number(bytes.readBigUInt64LE(0)) : Number.NaN;
  if (markMs <= startMs + LONGEST_LIFE_MS) return markMs;
  throw new JournalError(`${markPath} is damaged: it holds no time this exchange can have come to; ${MARK_REMEDY}`);
}

/** What to do about a mark that cannot be right. */
export const MARK_REMEDY = 'remove that file, and the time is taken from the journal itself';

function lastEntryMs(path: string): number {
  let last = '';
  for (const { text } of lines(path)) last = text;
  const { atMs } = parseLine(last, path);
  return isTime(atMs) ? atMs : 0;
}

/** The entries of a journal, oldest first; a torn last line (the process died while writing it) is left out. */
export function* replayJournal(path: string): Generator<JournalEntry> {
  let first = true;
  for (const line of lines(path)) {
    if (!first) yield toEntry(parseLine(line.text, path), path);
    first = false;
  }
}

interface Pen {
  /** Byte after the last line added. */
  readonly end: number;
  /** Adds a line, which `write` hands to the operating system. */
  add(value: unknown): void;
  write(): void;
}

/** Adds lines to a file from a byte on, all that were added between two writes in one: a write costs more than the line's making. */
function createPen(file: number, from: number): Pen {
  let written = from;
  let waiting: Buffer[] = [];
  let end = from;
  return {
    get end() {
      return end;
    },
    add(value) {
      const line = Buffer.from(`${JSON.stringify(value)}\n`);
      waiting.push(line);
      end += line.length;
    },
    write() {
      if (waiting.length === 0) return;
      const bytes = waiting.length === 1 && waiting[0] !== undefined ? waiting[0] : Buffer.concat(waiting);
      waiting = [];
      for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done, written + done);
      written += bytes.length;
    },
  };
}

/** Settings of what is told of the market alone: nothing that was entered comes out otherwise with others. */
const ONLY_TOLD: ReadonlySet<string> = new Set(['outsideInterestUsd']);

/** The first setting that differs from a journal's and what to do; null when none does, or the journal is too old to say. */
export function settingConflict({ settings: was }: JournalHeader, is: Readonly<Record<string, unknown>>): string | null {
  if (was === undefined) return null;
  const shown = (value: unknown): string => JSON.stringify(value) ?? 'nothing';
  const name = Object.keys(is).find((key) => Object.hasOwn(was, key) && !ONLY_TOLD.has(key) && shown(was[key]) !== shown(is[key]));
  return name === undefined ? null : `${name}=${shown(was[name])}, not ${shown(is[name])}: start with what it was made with`;
}

/**
 * Opens or makes the journal at `path`; a torn last line is cut off. Lines are handed to the operating system before `write`
 * or `raise` returns, so they outlive the process, though not a power cut. Throws `JournalError` when the file belongs to
 * another market or cannot be read.
 */
export function openJournal(path: string, fresh: JournalHeader): Journal {
  const found = readJournalHeader(path);
  if (found !== null && found.market !== fresh.market) {
    throw new JournalError(`journal ${path} belongs to market ${found.market}, not ${fresh.market}: use another --data-dir or that market`);
  }
  if (found !== null && found.offsetMs !== fresh.offsetMs) {
    throw new JournalError(
      `journal ${path} has its market moved by ${found.offsetMs} ms, not ${fresh.offsetMs} ms: move the market as its header says`,
    );
  }
  const odd = found === null ? null : settingConflict(found, fresh.settings ?? {});
  if (odd !== null) throw new JournalError(`journal ${path} was made with ${odd}, or use another --data-dir`);
  const file = openSync(path, existsSync(path) ? 'r+' : 'w+');
  const header = found ?? fresh;
  let end = 0;
  let written = 0;
  /** Byte at which every thousandth entry begins. */
  const marks: number[] = [];
  const count = (fromByte: number): void => {
    if (written % MARK_EVERY === 0) marks.push(fromByte);
    written += 1;
  };
  if (found !== null) {
    for (const line of lines(path)) {
      // The first line is the header.
      if (end > 0) count(end);
      end = line.endByte;
    }
  }
  if (statSync(path).size > end) ftruncateSync(file, end);
  const pen = createPen(file, end);
  if (found === null) pen.add(header);
  pen.write();
  const markPath = `${path}.time`;
  let highWaterMs = Math.max(header.startMs, found === null ? 0 : readMark(path, found));
  const mark = openSync(markPath, existsSync(markPath) ? 'r+' : 'w+');
  const markBytes = Buffer.alloc(8);
  const stamp = (): void => {
    markBytes.writeBigUInt64LE(BigInt(highWaterMs));
    writeSync(mark, markBytes, 0, 8, 0);
  };
  stamp();
  return {
    header,
    highWaterMs,
    replay: () => replayJournal(path),
    append(entry) {
      count(pen.end);
      pen.add(entry);
    },
    write: pen.write,
    page(after, limit) {
      pen.write();
      const entries: NumberedEntry[] = [];
      let seq = Math.floor(after / MARK_EVERY) * MARK_EVERY;
      const fromByte = marks[seq / MARK_EVERY];
      for (const line of fromByte === undefined ? [] : lines(path, fromByte)) {
        seq += 1;
        if (seq > after) entries.push({ seq, ...toEntry(parseLine(line.text, path), path) });
        if (entries.length >= limit) break;
      }
      return { entries, next: after + entries.length, last: written, first: 1 };
    },
    raise(atMs) {
      pen.write();
      if (atMs <= highWaterMs) return;
      highWaterMs = atMs;
      stamp();
    },
    close() {
      pen.write();
      closeSync(file);
      closeSync(mark);
    },
  };
}
