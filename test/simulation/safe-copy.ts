/**
 * A database as it stood when it was last made safe, kept beside it. Only pages that were written since are copied, either way: a file
 * that grows through a long story would else be copied whole every minute.
 */
import { closeSync, copyFileSync, existsSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';

export interface SafeCopy {
  /** What is committed now is safe from here on. The database may be open, but in no transaction. */
  sync(): void;
  /** To be called before the database is closed, and its log folded into it. */
  closing(): void;
  /** Puts the database, which is closed, back to what was safe. False, and nothing done, while nothing ever was. */
  setBack(): boolean;
}

/** Where things are in SQLite's write-ahead log, bytes: a header, then frames of a header and a page each. */
const HEADER = 32;
const PAGE_SIZE_AT = 8;
const RESTARTS_AT = 12;
const SALT_AT = 16;
const FRAME_HEADER = 24;
const PAGES_AT = 4;
const FRAME_SALT_AT = 8;

function read(fd: number, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(fd, bytes, 0, length, at));
}

function withFile<T>(path: string, flags: 'r' | 'r+', work: (fd: number) => T): T {
  const fd = openSync(path, flags);
  try {
    return work(fd);
  } finally {
    closeSync(fd);
  }
}

/** What a log tells of pages, from a place in it on. */
interface Frames {
  /** Where the newest content of each page is in the log, by the page's number. */
  readonly pages: ReadonlyMap<number, number>;
  /** Pages of the database after the last commit; null without one. */
  readonly count: number | null;
  /** Where the next frame will be. */
  readonly to: number;
}

/** All frames of one salt from a place on; of another is what is left of a longer log of before. */
function readFrames(fd: number, from: number, { salt, pageSize }: { readonly salt: bigint; readonly pageSize: number }): Frames {
  const bytes = read(fd, from, fstatSync(fd).size - from);
  const step = FRAME_HEADER + pageSize;
  const pages = new Map<number, number>();
  let count: number | null = null;
  let at = 0;
  for (; at + step <= bytes.length && bytes.readBigUInt64BE(at + FRAME_SALT_AT) === salt; at += step) {
    pages.set(bytes.readUInt32BE(at), from + at + FRAME_HEADER);
    count = bytes.readUInt32BE(at + PAGES_AT) || count;
  }
  return { pages, count, to: from + at };
}

/** Keeps the safe copy of the database at `path`. */
export function createSafeCopy(path: string, safePath: string): SafeCopy {
  const logPath = `${path}-wal`;
  /** Pages in which database and copy may differ; null for all. */
  let written: Set<number> | null = null;
  /** Of the log as far as it was read: which it is, and the pages in it that the copy does not have. */
  let log: { readonly salt: bigint; readonly restarts: number; readonly to: number; readonly count: number } | null = null;
  const logged = new Map<number, number>();
  let pageSize = 0;

  function gather(): void {
    if (!existsSync(logPath)) return;
    withFile(logPath, 'r', (fd) => {
      const header = read(fd, 0, HEADER);
      if (header.length < HEADER) return;
      const [salt, restarts] = [header.readBigUInt64BE(SALT_AT), header.readUInt32BE(RESTARTS_AT)];
      pageSize = header.readUInt32BE(PAGE_SIZE_AT);
      const before = log;
      const frames = readFrames(fd, before?.salt === salt ? before.to : HEADER, { salt, pageSize });
      if (before?.salt !== salt) {
        logged.clear();
        // It was begun anew. What it told of before stands behind what it tells now, as far as that does not reach over it.
        const isThere = before !== null && restarts === before.restarts + 1 && frames.to <= before.to;
        const told = isThere ? readFrames(fd, before.to, { salt: before.salt, pageSize }).pages.keys() : [];
        if (before === null ? restarts !== 0 : !isThere) written = null;
        for (const page of told) written?.add(page);
      }
      log = { salt, restarts, to: frames.to, count: frames.count ?? before?.count ?? 0 };
      for (const [page, at] of frames.pages) {
        logged.set(page, at);
        written?.add(page);
      }
    });
  }

  /** Copies pages from where they are in one file into another. */
  const copyPages = (source: string, target: string, pages: Iterable<readonly [page: number, from: number]>): void =>
    withFile(source, 'r', (from) =>
      withFile(target, 'r+', (to) => {
        for (const [page, at] of pages) writeSync(to, read(from, at, pageSize), 0, undefined, (page - 1) * pageSize);
      }),
    );
  const inPlace = (pages: Iterable<number>): (readonly [number, number])[] => [...pages].map((page) => [page, (page - 1) * pageSize]);
  const cut = (target: string, bytes: number): void => withFile(target, 'r+', (fd) => ftruncateSync(fd, bytes));
  const bytesOf = (file: string): number => withFile(file, 'r', (fd) => fstatSync(fd).size);

  return {
    sync() {
      gather();
      if (written === null) copyFileSync(path, safePath);
      else copyPages(path, safePath, inPlace([...written].filter((page) => !logged.has(page))));
      if (logged.size > 0) copyPages(logPath, safePath, logged);
      cut(safePath, log === null ? bytesOf(path) : log.count * pageSize);
      written = new Set();
      logged.clear();
    },
    closing() {
      gather();
      // All of it is in the database then, and the next log is another.
      log = null;
      logged.clear();
    },
    setBack() {
      if (!existsSync(safePath)) return false;
      const bytes = bytesOf(safePath);
      if (written === null) copyFileSync(safePath, path);
      else {
        // Pages that a smaller database has given up are written nowhere.
        for (let end = bytesOf(path); end < bytes; end += pageSize) written.add(end / pageSize + 1);
        copyPages(safePath, path, inPlace(written));
      }
      cut(path, bytes);
      written = new Set();
      return true;
    },
  };
}
