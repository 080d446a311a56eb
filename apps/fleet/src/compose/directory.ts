import { mkdirSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { PlanError } from './plan.ts';

/**
 * Makes a directory and those above it that are missing, one by one: the recursive mkdir of Node never returns where the
 * system says ENOENT for a new name under a directory that is there, as /proc does. Throws PlanError naming what failed.
 */
export function makeDirectory(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) return;
  if (found !== undefined) throw new PlanError(`--data-dir ${path} is a file; name a directory`);
  const above = dirname(path);
  if (above !== path) makeDirectory(above);
  try {
    mkdirSync(path);
  } catch (cause) {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PlanError(`--data-dir ${path} cannot be made (${reason}); name a directory this user may write`, { cause });
  }
}

/**
 * Where all fleets of this user lock their signers and accounts, made if need be. It must be one place whatever a process was started
 * with, so it hangs on the user's entry in the system and not on HOME, TMPDIR or a login session, which differ between a shell and a
 * service. Throws PlanError where that user has no home to write in.
 */
export function makeLocksDir({ homedir, username }: { homedir: string; username: string } = userInfo()): string {
  const path = join(homedir, '.hyperfleet', 'locks');
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new PlanError(
      `${path} cannot be made, where the fleet locks its keys: the user ${username} needs a home directory it may write; ` +
        'make it, or run the fleet as a user that has one',
      { cause },
    );
  }
  return path;
}
