/** Rows of a CSV file, plain or gzipped, a line at a time: a file of days is never held whole. */
import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';

const GZIP = Buffer.from([0x1f, 0x8b]);

/** Whether a file begins as gzip does, whatever its name says. */
function isGzip(path: string): boolean {
  const fd = openSync(path, 'r');
  try {
    const head = Buffer.alloc(2);
    return readSync(fd, head, 0, 2, 0) === 2 && head.equals(GZIP);
  } finally {
    closeSync(fd);
  }
}

/** A row with its place in the file, for messages. */
export interface CsvRow {
  readonly line: number;
  /** The text of a column, or undefined when the row is too short. */
  at(column: string): string | undefined;
}

/**
 * The rows under a header line. Throws an Error naming the file and the column when one that is needed is missing.
 * Fields are plain: these files quote nothing.
 */
export async function* readCsv(path: string, needed: readonly string[]): AsyncGenerator<CsvRow, void, undefined> {
  const file = createReadStream(path);
  const input = isGzip(path) ? file.pipe(createGunzip()) : file;
  // An error of the file itself does not travel through the pipe by itself.
  file.on('error', (error) => input.destroy(error));
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  let columns: Map<string, number> | null = null;
  let line = 0;
  for await (const text of lines) {
    line += 1;
    if (columns === null) {
      columns = new Map(
        text
          .replace(/^\uFEFF/, '')
          .split(',')
          .map((name, place) => [name.trim(), place]),
      );
      for (const name of needed)
        if (!columns.has(name))
          throw new Error(`${path}: column "${name}" is missing; it has ${[...columns.keys()].slice(0, 8).join(', ')}`);
      continue;
    }
    if (text.trim() === '') continue;
    const fields = text.split(',');
    const places = columns;
    yield { line, at: (column) => fields[places.get(column) ?? -1] };
  }
  if (columns === null) throw new Error(`${path} is empty; it needs a header line with ${needed.slice(0, 4).join(', ')}…`);
}
