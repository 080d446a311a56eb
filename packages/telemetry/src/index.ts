export { createLog, type Log, type LogRecord } from './log.ts';
export { type LogSink, openLogSink } from './sink.ts';
