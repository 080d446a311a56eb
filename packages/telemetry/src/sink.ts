import { appendFileSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DestinationStream } from 'pino';
import type { LogRecord } from './log.ts';

export interface LogSink {
  write(record: LogRecord): void;
  close(): void;
}

/**
 * Opens the file of the log: one JSON line a record, written at once, so that the last one before a crash is there. What writes the
 * lines is loaded only here: every thread makes records, one of them writes.
 */
export async function openLogSink(path: string): Promise<LogSink> {
  const { pino } = await import('pino');
  const file = openLines(path);
  const logger = pino({ level: 'debug', base: null, timestamp: false }, file);
  return {
    write({ level, time, phrase, data }) {
      logger[level]({ time, ...data }, phrase);
    },
    close: () => file.close(),
  };
}

/**
 * A file of lines that never throws: a full disk costs lines of the log, not the fleet that protects positions. What was lost
 * is told in the first line for which there is room again.
 */
function openLines(path: string): DestinationStream & { close(): void } {
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, 'a');
  let closed = false;
  let lost = 0;
  return {
    write(line) {
      if (closed) return;
      // A line cut off by a full disk ends before the next begins.
      const notice = lost === 0 ? '' : `\n${JSON.stringify({ level: 40, time: Date.now(), lost, msg: 'lines could not be written' })}\n`;
      try {
        appendFileSync(file, notice + line);
        lost = 0;
      } catch {
        lost += 1;
      }
    },
    close() {
      if (!closed) closeSync(file);
      closed = true;
    },
  };
}
