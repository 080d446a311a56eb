import type { WriteStream } from 'node:tty';
import { happeningLine, layOut } from './layout.ts';
import type { Paint } from './paint.ts';
import type { FleetView, Happening } from './view.ts';

/** Where the fleet shows itself. */
export interface Board {
  /** Something worth a line happened. */
  happened(happening: Happening): void;
  /** Shows the state as it now is. */
  show(view: FleetView): void;
  /** Leaves the terminal as it was, the last state standing. */
  close(): void;
}

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const CLEAR_LINE_END = '\u001b[K';
const CLEAR_PAGE = '\u001b[2J\u001b[H';
const CLEAR_BELOW = '\u001b[J';
/** The terminal holds back what is between these and shows it at once (DEC mode 2026); others ignore them. */
const SYNC_BEGIN = '\u001b[?2026h';
const SYNC_END = '\u001b[?2026l';
/** Meanwhile a line beyond the edge is cut: wrapped, it would take a row that the next drawing does not count (DECAWM). */
const WRAP_OFF = '\u001b[?7l';
const WRAP_ON = '\u001b[?7h';

/** A board redrawn in place, line over line without clearing first, so that nothing flickers. */
export function openScreen(out: WriteStream, paint: Paint): Board {
  let drawn = 0;
  let closed = false;
  out.write(HIDE_CURSOR);
  // Lines that were wrapped anew by the terminal cannot be found again: start on a clear page.
  const resized = (): void => {
    if (drawn > 0) out.write(CLEAR_PAGE);
    drawn = 0;
  };
  out.on('resize', resized);
  return {
    // The board itself shows the newest ones.
    happened: () => undefined,
    show(view) {
      if (closed) return;
      const size = { columns: Math.max(20, (out.columns ?? 80) - 1), rows: Math.max(4, (out.rows ?? 24) - 1) };
      const lines = layOut(view, size, paint);
      const up = drawn > 0 ? `\u001b[${drawn}A` : '';
      const text = lines.map((line) => `\r${line}${CLEAR_LINE_END}\n`).join('');
      out.write(`${SYNC_BEGIN}${WRAP_OFF}${up}${text}${CLEAR_BELOW}${WRAP_ON}${SYNC_END}`);
      drawn = lines.length;
    },
    close() {
      if (closed) return;
      closed = true;
      out.off('resize', resized);
      out.write(SHOW_CURSOR);
    },
  };
}

/** Wide enough for any sentence: a file or pipe has no edge. */
const NO_EDGE = 10_000;

/** Plain lines, one a happening, for files, pipes and services. */
export function openLines(out: { write(text: string): unknown }, paint: Paint): Board {
  return {
    happened: (happening) => void out.write(`${happeningLine(happening, NO_EDGE, paint)}\n`),
    show: () => undefined,
    close: () => undefined,
  };
}
