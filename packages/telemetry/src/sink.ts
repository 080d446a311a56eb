import { appendFileSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { type DestinationStream, destination, multistream, pino } from 'pino';
import { PinoPretty } from 'pino-pretty';
import type { LogRecord } from './log.ts';

export interface LogSink {
  write(record: LogRecord): void;
  close(): void;
}

/**
 * Opens where the log goes: JSON lines in a file, and on standard error `pretty` for a person, `json` for a program, or not at
 * all where a board has the screen. Lines are written at once, so that the last one before a crash is there.
 */
export function openLogSink(options: { readonly file: string | null; readonly screen: 'pretty' | 'json' | 'none' }): LogSink {
  const streams: { stream: DestinationStream; level: 'debug' }[] = [];
  const file = options.file === null ? null : openLines(options.file);
  if (file !== null) streams.push({ stream: file, level: 'debug' });
  // Whoever reads the screen may leave; the fleet goes on.
  if (options.screen === 'json')
    streams.push({ stream: destination({ dest: 2, sync: true }).on('error', () => undefined), level: 'debug' });
  if (options.screen === 'pretty')
    streams.push({ stream: PinoPretty({ destination: 2, sync: true, ignore: 'pid,hostname' }), level: 'debug' });
  const logger = pino({ level: 'debug', base: null, timestamp: false }, multistream(streams));
  return {
    write({ level, time, phrase, data }) {
      logger[level]({ time, ...data }, phrase);
    },
    close() {
      file?.close();
    },
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
