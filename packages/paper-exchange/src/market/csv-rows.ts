/** Rows of a CSV file, plain or gzipped, a line at a time: a file of days is never held whole. */
import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { createGunzip } from 'node:zlib';

const GZIP = Buffer.from([0x1f, 0x8b]);
/** A line longer than this is no row of these files: a book row has 83 short fields. */
const LINE_CHARS_MAX = 1_000_000;

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
  /** False where the row has not as many fields as the header: it was cut, or two were run together. */
  readonly isWhole: boolean;
  /** The text of a column, or undefined when the file has no such column or the row is too short. */
  at(column: string): string | undefined;
}

/** Lines without their ends. Throws an Error naming the file when it cannot be read or unpacked to its end. */
async function* readLines(path: string): AsyncGenerator<string, void, undefined> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  try {
    const file = createReadStream(path);
    const input = isGzip(path) ? file.pipe(createGunzip()) : file;
    // An error of the file itself does not travel through the pipe by itself.
    file.on('error', (error) => input.destroy(error));
    for await (const chunk of input) {
      const lines = (rest + decoder.write(chunk)).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > LINE_CHARS_MAX) throw new Error(`a line is longer than ${LINE_CHARS_MAX} characters`);
      yield* lines;
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${path} cannot be read to its end (${reason}); copy it again, or leave it out`, { cause: error });
  }
  rest += decoder.end();
  if (rest !== '') yield rest;
}

/**
 * The rows under a header line, which says where each column is. Throws an Error naming the file and the column when one that
 * is needed is missing. Fields are plain: these files quote nothing.
 */
export async function* readCsv(path: string, needed: readonly string[]): AsyncGenerator<CsvRow, void, undefined> {
  let columns: Map<string, number> | null = null;
  let line = 0;
  for await (const text of readLines(path)) {
    line += 1;
    const fields = (text.endsWith('\r') ? text.slice(0, -1) : text).split(',');
    if (columns === null) {
      columns = new Map(fields.map((name, place) => [name.replace(/^\uFEFF/, '').trim(), place]));
      for (const name of needed)
        if (!columns.has(name))
          throw new Error(`${path}: column "${name}" is missing; it has ${[...columns.keys()].slice(0, 8).join(', ')}`);
      continue;
    }
    if (fields.length === 1 && text.trim() === '') continue;
    const places = columns;
    yield { line, isWhole: fields.length === places.size, at: (column) => fields[places.get(column) ?? -1] };
  }
  if (columns === null) throw new Error(`${path} is empty; it needs a header line with ${needed.slice(0, 4).join(', ')}…`);
}
