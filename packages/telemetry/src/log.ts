/** One log stream for all threads: a worker turns a phrase into a record, the main thread writes it. */
import { scrub } from './scrub.ts';

type Level = 'debug' | 'info' | 'warn' | 'error';

/** A line of the log on its way between threads: plain data, already scrubbed of secrets. */
export interface LogRecord {
  readonly level: Level;
  /** Wall time, ms. */
  readonly time: number;
  /** A fixed phrase; what varies stands in `data`. */
  readonly phrase: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface Log {
  debug(phrase: string, data?: object): void;
  info(phrase: string, data?: object): void;
  warn(phrase: string, data?: object): void;
  error(phrase: string, data?: object): void;
  /** A log whose every line carries these fields as well. */
  child(bindings: object): Log;
}

/** A log that gives its records to `post`. Secrets are taken out here, before anything leaves the thread that knows them. */
export function createLog(post: (record: LogRecord) => void, bindings: object = {}): Log {
  const say =
    (level: Level) =>
    (phrase: string, data: object = {}): void =>
      post({ level, time: Date.now(), phrase: String(scrub(phrase)), data: scrub({ ...bindings, ...data }) as Record<string, unknown> });
  return {
    debug: say('debug'),
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
    child: (more) => createLog(post, { ...bindings, ...more }),
  };
}
