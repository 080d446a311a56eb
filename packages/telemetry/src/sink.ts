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
  const file = options.file === null ? null : destination({ dest: options.file, append: true, sync: true, mkdir: true });
  if (file !== null) streams.push({ stream: file, level: 'debug' });
  if (options.screen === 'json') streams.push({ stream: destination({ dest: 2, sync: true }), level: 'debug' });
  if (options.screen === 'pretty')
    streams.push({ stream: PinoPretty({ destination: 2, sync: true, ignore: 'pid,hostname' }), level: 'debug' });
  const logger = pino({ level: 'debug', base: null, timestamp: false }, multistream(streams));
  return {
    write({ level, time, phrase, data }) {
      logger[level]({ time, ...data }, phrase);
    },
    close() {
      file?.end();
    },
  };
}
