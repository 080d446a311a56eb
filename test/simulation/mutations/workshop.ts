/** A copy of the sources in which mutations are tried, one at a time, by a process of their own. */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mutation } from './list.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const COPIED = ['packages', 'migrations', 'test'];
/** A mutated program may go round in a circle; one that runs this long is taken for caught. */
const HUNG_MS = 300_000;

interface Verdict {
  readonly mutation: Mutation;
  readonly caught: boolean;
  /** The promise that broke, or what else gave it away. */
  readonly by: string;
}

export interface Workshop {
  try(mutation: Mutation): Promise<Verdict>;
  close(): void;
}

/** The file with the mutation in it. Throws when the old text does not stand there exactly once. */
export function mutated(mutation: Mutation, text: string): string {
  const parts = text.split(mutation.old);
  if (parts.length !== 2) {
    throw new Error(`"${mutation.name}": its text stands ${parts.length - 1} times in ${mutation.file}; it must stand there once`);
  }
  return parts.join(mutation.wrong);
}

/** Reads a source of the repository. */
export const sourceOf = (mutation: Mutation): string => readFileSync(join(ROOT, mutation.file), 'utf8');

/** Copies the sources aside. Packages resolve to the copies, npm's to those installed. */
export function openWorkshop(): Workshop {
  const dir = mkdtempSync(join(tmpdir(), 'hyperfleet-mutations-'));
  for (const folder of COPIED) {
    cpSync(join(ROOT, folder), join(dir, folder), { recursive: true, filter: (from) => !from.includes('node_modules') });
  }
  cpSync(join(ROOT, 'package.json'), join(dir, 'package.json'));
  linkModules(dir);
  return {
    async try(mutation) {
      const path = join(dir, mutation.file);
      const text = sourceOf(mutation);
      writeFileSync(path, mutated(mutation, text));
      try {
        return { mutation, ...(await liveThrough(dir, mutation.seeds)) };
      } finally {
        writeFileSync(path, text);
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

function liveThrough(dir: string, seeds: number): Promise<{ caught: boolean; by: string }> {
  return new Promise((resolve) => {
    const args = [join(dir, 'test', 'simulation', 'main.ts'), '--seeds', String(seeds), '--first'];
    const child = spawn(process.execPath, args, { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'], timeout: HUNG_MS, killSignal: 'SIGKILL' });
    let said = '';
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('close', (code, signal) => {
      if (code === 0) resolve({ caught: false, by: `${seeds} seeds noticed nothing` });
      else if (signal !== null) resolve({ caught: true, by: 'it never came to an end' });
      else resolve({ caught: true, by: whatBroke(said) });
    });
  });
}

function whatBroke(said: string): string {
  const lines = said.split('\n');
  const at = lines.findIndex((line) => line.startsWith('SEED '));
  const seed = at < 0 ? '' : `${lines[at]?.split(' ')[1]}: `;
  const sentence = at < 0 ? lines.find((line) => /Error/.test(line)) : lines[at + 1];
  return `${at < 0 ? '' : 'seed '}${seed}${(sentence ?? 'the program ended by itself').trim().slice(0, 160)}`;
}
