import { type ChildProcess, fork } from 'node:child_process';
import { assertNever } from '../assert-never.ts';
import type { FeederDown, FeederUp } from './feeder-protocol.ts';

/** A feeder at work, seen from the fleet. */
export interface Feeding {
  /** True once every row is in the database. */
  readonly finished: boolean;
  /** Ends the feeder; what it has not fed stays for the next run. */
  stop(): Promise<void>;
}

/** What comes of feeding. */
export interface FeedingEvents {
  readonly onFed: (index: number, rowId: number, table: 'signals' | 'bot_controls') => void;
  readonly onSkipped: (index: number, reason: string) => void;
  readonly onWaiting: (reason: string) => void;
  readonly onFinished: () => void;
  /** The feeder ended too often without having finished. */
  readonly onGivenUp: (reason: string) => void;
}

/** A feeder that dies goes on where its transactions stopped; more often than this something is wrong for good. */
const LIVES_MAX = 5;

/** Starts the feeder, a process of its own with an empty environment, and starts it again should it die before its end. */
export function startFeeding(task: FeederDown, events: FeedingEvents): Feeding {
  let child: ChildProcess | null = null;
  let lives = 0;
  let finished = false;
  let stopping = false;

  function hear(message: FeederUp): void {
    switch (message.kind) {
      case 'fed':
        events.onFed(message.index, message.rowId, message.table);
        return;
      case 'skipped':
        events.onSkipped(message.index, message.reason);
        return;
      case 'waiting':
        events.onWaiting(message.reason);
        return;
      case 'done':
        finished = true;
        events.onFinished();
        return;
      default:
        assertNever(message);
    }
  }

  function start(): void {
    lives += 1;
    const born = fork(new URL('./feeder.ts', import.meta.url), {
      env: {},
      serialization: 'advanced',
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child = born;
    born.on('message', (message: FeederUp) => hear(message));
    // A feeder that dies while it is written to is dealt with at its exit.
    born.on('error', () => undefined);
    born.once('exit', (code, signal) => {
      child = null;
      if (finished || stopping) return;
      if (lives < LIVES_MAX) start();
      else events.onGivenUp(`the feeder ended ${lives} times before its work was done, at last with ${signal ?? `code ${code}`}`);
    });
    born.send(task);
  }

  start();
  return {
    get finished() {
      return finished;
    },
    stop() {
      stopping = true;
      const ending = child;
      if (ending === null) return Promise.resolve();
      return new Promise((resolve) => {
        ending.once('exit', () => resolve());
        ending.kill();
      });
    },
  };
}
