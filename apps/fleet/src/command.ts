import { readEnvironment } from '@hyperfleet/config';
import { JournalError, RecordingError } from '@hyperfleet/paper-exchange';
import { StoreError } from '@hyperfleet/store';
import { onParentGone } from '@hyperfleet/supervisor';
import { HELP, parseOptions, UsageError } from './argv.ts';
import { PaperKeysError } from './compose/paper-keys.ts';
import { PlanError } from './compose/plan.ts';
import { EXIT, runFleet } from './compose/run.ts';

/** npm hands on a Ctrl-C that the terminal has already sent to us: two this close are one. */
const SAME_SIGNAL_MS = 500;
const STOPPED_AT_ONCE = 130;

/** Resolves at the first signal with its name; a second one ends the process where it stands. */
function askedToStop(underNpm: boolean): Promise<string> {
  const first = Promise.withResolvers<string>();
  let firstAtMs: number | null = null;
  const hear = (signal: NodeJS.Signals): void => {
    if (firstAtMs === null) {
      firstAtMs = performance.now();
      // On a terminal the board says so, and a line of ours would tear it.
      if (!process.stdout.isTTY) process.stderr.write(`${signal}: finishing the step in hand; once more stops at once.\n`);
      first.resolve(`it was told to by ${signal}`);
      return;
    }
    if (performance.now() - firstAtMs < SAME_SIGNAL_MS) return;
    process.stderr.write('The fleet stopped at once; protective stops rest at the venue, nothing was added up.\n');
    process.exit(STOPPED_AT_ONCE);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, hear);
  if (underNpm) onParentGone(() => hear('SIGTERM'));
  return first.promise;
}

/** What is wrong with how we were started, or null when the fault is ours. */
function misuse(error: unknown): string | null {
  if (error instanceof UsageError || error instanceof PlanError || error instanceof RecordingError) return error.message;
  if (error instanceof StoreError || error instanceof PaperKeysError || error instanceof JournalError) return error.message;
  return null;
}

// Whoever reads our output may leave (`npm start | head`); the fleet goes on without being read.
process.stdout.on('error', () => undefined);

try {
  const env = readEnvironment();
  // npm starts us in the root of the repository, wherever it was typed.
  const typedIn = env.npm_lifecycle_event === 'start' ? env.INIT_CWD : undefined;
  const options = parseOptions(process.argv.slice(2), typedIn ?? process.cwd());
  if (options === null) process.stdout.write(HELP);
  else {
    process.exitCode = await runFleet(options, {
      out: process.stdout,
      err: process.stderr,
      env,
      asked: askedToStop(env.npm_lifecycle_event === 'start'),
    });
  }
} catch (error) {
  const told = misuse(error);
  process.stderr.write(`${told ?? (error instanceof Error ? (error.stack ?? error.message) : String(error))}\n`);
  process.exitCode = told === null ? EXIT.needsPerson : EXIT.misused;
}
// Signal handlers and whatever a broken start left open would hold the process; what was written goes out first.
process.stdout.write('', () => process.exit());
