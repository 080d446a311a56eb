/**
 * Gives the lockfile an entry for each optional platform package that it leaves out. Run it after `npm install` against a
 * registry that lacks packages of other platforms: `npm ci` wants an entry for each, fetched or not. What is added has a
 * version, a platform and no integrity, since nobody here has seen the package.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LeftOut, type Lockfile, leftOut } from './laws/manifests.ts';

const SYSTEMS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'sunos', 'win32'];
const PROCESSORS = ['arm64', 'x64', 'ia32', 'arm', 'ppc64', 'riscv64', 's390x'];

/** The platform a package says in its name: `cli-linux-x64-musl` is linux, x64, musl. Throws when it says none. */
function platformOf(name: string): { readonly os: string; readonly cpu: string; readonly libc: readonly string[] } {
  const parts = name.slice(name.lastIndexOf('/') + 1).split('-');
  const os = SYSTEMS.find((each) => parts.includes(each));
  const cpu = PROCESSORS.find((each) => parts.includes(each));
  if (os === undefined || cpu === undefined)
    throw new Error(`${name} does not name its platform: add its entry to package-lock.json by hand`);
  if (os !== 'linux') return { os, cpu, libc: [] };
  const libc = parts.some((part) => part.startsWith('musl')) ? ['musl'] : parts.some((part) => part.startsWith('gnu')) ? ['glibc'] : [];
  return { os, cpu, libc };
}

function entryOf({ name, version, dev }: LeftOut): object {
  const { os, cpu, libc } = platformOf(name);
  return { version, cpu: [cpu], ...(dev ? { dev } : {}), ...(libc.length > 0 ? { libc } : {}), optional: true, os: [os] };
}

const path = join(import.meta.dirname, '..', 'package-lock.json');
const lock = JSON.parse(readFileSync(path, 'utf8')) as Lockfile;
const missing = leftOut(lock);
const packages: Record<string, object> = { ...lock.packages };
for (const each of missing) packages[`node_modules/${each.name}`] = entryOf(each);
const sorted = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)));
if (missing.length > 0) writeFileSync(path, `${JSON.stringify({ ...lock, packages: sorted }, null, 2)}\n`);
console.log(missing.length === 0 ? 'Nothing is left out.' : `Added ${missing.map(({ name }) => name).join(', ')}.`);
