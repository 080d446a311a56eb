import { BadFile } from './bad-file.ts';

export interface CsvRow {
  /** Line of the file on which the row begins, counted from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

/**
 * The rows of a CSV text (RFC 4180: quoted cells may hold commas, line ends and doubled quotes). Blank lines are left out.
 * Throws `BadFile` where a quote is never closed or is followed by anything but a comma or a line end.
 */
export function parseCsv(text: string, file: string): readonly CsvRow[] {
  const rows: CsvRow[] = [];
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  let line = 1;
  while (at < text.length) {
    const begun = line;
    const cells: string[] = [];
    for (;;) {
      const cell = text[at] === '"' ? quoted(text, at, { file, line }) : plain(text, at);
      cells.push(cell.value);
      line += cell.lines;
      at = cell.end;
      if (text[at] !== ',') break;
      at += 1;
    }
    if (text[at] === '\r') at += 1;
    if (text[at] === '\n') at += 1;
    line += 1;
    if (cells.length > 1 || cells[0] !== '') rows.push({ line: begun, cells });
  }
  return rows;
}

interface Cell {
  readonly value: string;
  readonly end: number;
  /** Line ends inside the cell. */
  readonly lines: number;
}

const CELL_END = /[,\r\n]|$/g;

function plain(text: string, from: number): Cell {
  CELL_END.lastIndex = from;
  const end = CELL_END.exec(text)?.index ?? text.length;
  return { value: text.slice(from, end), end, lines: 0 };
}

function quoted(text: string, from: number, where: { readonly file: string; readonly line: number }): Cell {
  let at = from + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) throw new BadFile(where.file, where, 'a quote is opened and never closed');
    if (text[quote + 1] !== '"') {
      const raw = text.slice(from + 1, quote);
      const next = text[quote + 1];
      if (next !== undefined && next !== ',' && next !== '\r' && next !== '\n') {
        throw new BadFile(where.file, where, `a closed quote is followed by "${next}": quotes inside a cell must be doubled`);
      }
      return { value: raw.replaceAll('""', '"'), end: quote + 1, lines: raw.split('\n').length - 1 };
    }
    at = quote + 2;
  }
}
