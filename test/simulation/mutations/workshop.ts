/** A copy of the sources in which mutations are tried, one at a time, by a process of their own. */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Change, Mutation } from './list.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const COPIED = ['packages', 'migrations', 'test'];
/** A mutated program may go round in a circle; one that runs this long is taken for caught. */
const HUNG_MS = 900_000;

interface Verdict {
  readonly mutation: Mutation;
  readonly caught: boolean;
  /** The promise that broke, or what else gave it away. */
  readonly by: string;
}

export interface Workshop {
  /** The copy as it is, which must break nothing: else whatever is found says nothing of a mutation. */
  tryUnchanged(): Promise<boolean>;
  try(mutation: Mutation): Promise<Verdict>;
  close(): void;
}

/** What a mutation changes. */
export const changesOf = (mutation: Mutation): readonly Change[] => (mutation.also === undefined ? [mutation] : [mutation, mutation.also]);

/** The file with the change in it. Throws when the old text does not stand there exactly once. */
export function changed({ file, old, wrong }: Change, text: string): string {
  const parts = text.split(old);
  if (parts.length !== 2)
    throw new Error(`${file}: "${old.slice(0, 60)}" stands there ${parts.length - 1} times; it must stand there once`);
  return parts.join(wrong);
}

/** Reads a source of the repository. */
export const sourceOf = ({ file }: Change): string => readFileSync(join(ROOT, file), 'utf8');

/** Copies the sources aside. Packages resolve to the copies, npm's to those installed. */
export function openWorkshop(): Workshop {
  const dir = mkdtempSync(join(tmpdir(), 'hyperfleet-mutations-'));
  for (const folder of COPIED) {
    cpSync(join(ROOT, folder), join(dir, folder), { recursive: true, filter: (from) => !from.includes('node_modules') });
  }
  cpSync(join(ROOT, 'package.json'), join(dir, 'package.json'));
  linkModules(dir);
  return {
    tryUnchanged: async () => !(await liveThrough(dir, { on: 'seeds', count: 3 })).caught,
    async try(mutation) {
      const before = changesOf(mutation).map((change) => ({ path: join(dir, change.file), text: sourceOf(change) }));
      for (const change of changesOf(mutation)) writeFileSync(join(dir, change.file), changed(change, sourceOf(change)));
      try {
        return { mutation, ...(await liveThrough(dir, mutation.trial)) };
      } finally {
        for (const { path, text } of before) writeFileSync(path, text);
      }
    },
    close: () => rmSync(dir, { recursive: true, force: true }),
  };
}

function linkModules(dir: string): void {
  const modules = join(dir, 'node_modules');
  mkdirSync(join(modules, '@hyperfleet'), { recursive: true });
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (name !== '@hyperfleet') symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  }
  for (const name of readdirSync(join(dir, 'packages'))) symlinkSync(join(dir, 'packages', name), join(modules, '@hyperfleet', name));
}

function liveThrough(dir: string, { on, count }: Mutation['trial']): Promise<{ caught: boolean; by: string }> {
  return new Promise((resolve) => {
    const trial = [`--${on}`, String(count)];
    const args = [join(dir, 'test', 'simulation', 'main.ts'), ...trial, '--first'];
    const child = spawn(process.execPath, args, { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'], timeout: HUNG_MS, killSignal: 'SIGKILL' });
    let said = '';
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('close', (code, signal) => {
      const broke = whatBroke(said);
      if (code === 0) resolve({ caught: false, by: `${trial.join(' ')} noticed nothing` });
      else if (signal !== null) resolve({ caught: true, by: 'it never came to an end' });
      else if (broke !== null) resolve({ caught: true, by: broke });
      // What does not even run is no bug that was found.
      else resolve({ caught: false, by: `the program ended by itself: ${said.trim().split('\n').slice(-12).join(' / ')}` });
    });
  });
}

/** The promise that broke and the seed; null when none did. */
function whatBroke(said: string): string | null {
  const lines = said.split('\n');
  const at = lines.findIndex((line) => line.startsWith('SEED '));
  const found = /^SEED (\d+) BROKE A PROMISE(?: of --\w+)?(?:: (.*))?/.exec(lines[at] ?? '');
  if (found === null) return null;
  return `seed ${found[1]}: ${(found[2] ?? lines[at + 1] ?? '').trim().slice(0, 160)}`;
}
