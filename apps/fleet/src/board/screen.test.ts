import type { WriteStream } from 'node:tty';
import { expect, test } from 'vitest';
import { plainly } from './paint.ts';
import { openScreen } from './screen.ts';
import type { FleetView } from './view.ts';

const VIEW: FleetView = {
  mode: 'paper',
  nowMs: 0,
  startMs: 0,
  endMs: 1_000,
  speed: 10,
  bots: [],
  marks: [],
  happenings: [],
  ending: null,
};

test('a line wider than the terminal is cut by it: wrapped, it would take two rows, and the next drawing would miss the first by one', () => {
  let written = '';
  const out = { columns: 20, rows: 24, write: (text: string) => (written += text), on: () => out, off: () => out };
  const screen = openScreen(out as unknown as WriteStream, plainly);
  screen.show(VIEW);
  const places = ['\u001b[?7l', 'HYPERFLEET', '\u001b[?7h'].map((part) => written.indexOf(part));
  expect(places).not.toContain(-1);
  expect(places).toEqual(places.toSorted((a, b) => a - b));
});
