import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import { type Breach, breachAt, importsOf, isTest, type Source } from './source.ts';

/** A package.json as the laws need it. */
export interface Manifest {
  /** Folder relative to the root; '' is the root itself. */
  readonly folder: string;
  readonly name: string;
  /** Everything it declares: dependencies, devDependencies, optionalDependencies, peerDependencies. */
  readonly declared: Readonly<Record<string, string>>;
}

/**
 * Each npm package has one door: the packages whose sources may import it. Two stand behind two doors on purpose: the adapter's
 * and the paper venue's hashing and signature code check each other, so neither may borrow from the other.
 */
export const DOORS: ReadonlyMap<string, readonly string[]> = new Map([
  ['better-sqlite3', ['store']],
  ['@nktkas/hyperliquid', ['hyperliquid']],
  ['p-queue', ['hyperliquid']],
  ['secp256k1', ['hyperliquid', 'paper-exchange']],
  ['@noble/hashes', ['hyperliquid', 'paper-exchange']],
  ['pino', ['telemetry']],
  ['ws', ['paper-exchange']],
  ['@msgpack/msgpack', ['paper-exchange']],
]);

const TEST_PACKAGES: ReadonlySet<string> = new Set(['vitest', 'fast-check']);
/** Folders at the root that look at the whole house: they may import whatever some package.json declares. */
const WHOLE_HOUSE: ReadonlySet<string> = new Set(['test', 'bench']);
const SCOPE = '@hyperfleet/';

/** Which room of the house a file stands in. */
interface Room {
  readonly kind: 'package' | 'app' | 'root';
  /** `packages/store`, `apps/fleet`, or for the root its first folder (`test`, `tools`, `bench`, '' for files at the top). */
  readonly folder: string;
  /** The last part of the folder. */
  readonly name: string;
}

function roomOf(path: string): Room {
  const [first = '', second = ''] = path.split('/');
  if (first === 'packages' || first === 'apps') {
    return { kind: first === 'packages' ? 'package' : 'app', folder: `${first}/${second}`, name: second };
  }
  const folder = path.includes('/') ? first : '';
  return { kind: 'root', folder, name: folder };
}

/** `@scope/name/deep` → `@scope/name`. */
function packageOf(specifier: string): string {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? specifier);
}

/**
 * The import laws: apps → any package, never another app; middle packages → trading only; trading → nothing; supervisor →
 * node:* only; every npm package through its door; packages entered by their index; every import declared. Tests beside the
 * code obey too, but may import vitest and fast-check; whole-house tests under test/ may import anything declared somewhere, and
 * so may bench/, which measures npm packages bare beside what is built on them.
 */
export function importBreaches(sources: readonly Source[], manifests: readonly Manifest[]): readonly Breach[] {
  const byFolder = new Map(manifests.map((manifest) => [manifest.folder, manifest]));
  const everywhere = new Set(manifests.flatMap((manifest) => [manifest.name, ...Object.keys(manifest.declared)]));
  return sources.flatMap((source) => {
    const room = roomOf(source.path);
    return importsOf(source).flatMap(({ specifier, at }) => {
      const message = judge(specifier, source.path, room, byFolder, everywhere);
      return message === null ? [] : [breachAt(source, at, message)];
    });
  });
}

function judge(
  specifier: string,
  path: string,
  room: Room,
  byFolder: ReadonlyMap<string, Manifest>,
  everywhere: ReadonlySet<string>,
): string | null {
  if (specifier.startsWith('.')) return judgeRelative(specifier, path, room);
  if (specifier.startsWith('/') || specifier.startsWith('file:')) return `imports by absolute path '${specifier}': use a relative path`;
  if (isBuiltin(specifier)) return judgeBuiltin(specifier, room);
  const wanted = packageOf(specifier);
  if (wanted.startsWith(SCOPE)) {
    const floor = judgeNeighbour(specifier, wanted, room);
    if (floor !== null) return floor;
  } else {
    const door = judgeNpm(wanted, path, room);
    if (door !== null) return door;
  }
  return judgeDeclared(wanted, path, room, byFolder, everywhere);
}

function judgeRelative(specifier: string, path: string, room: Room): string | null {
  const target = posix.join(posix.dirname(path), specifier);
  const reached = roomOf(target);
  if (reached.folder === room.folder && !target.startsWith('..')) {
    return isTest(target) && !isTest(path) && room.kind !== 'root' ? `uses '${specifier}', which is for tests only` : null;
  }
  if (room.folder === 'test') return null;
  if (room.kind === 'root' && reached.kind === 'root' && !target.startsWith('..')) return null;
  // The fleet's one page of configuration stands at the root; an app may name it as its default.
  if (room.kind === 'app' && target === 'fleet.config.ts') return null;
  return `reaches out of ${room.folder || 'the root'} by a relative path ('${specifier}'): import the package's index by its name`;
}

function judgeBuiltin(specifier: string, room: Room): string | null {
  if (room.folder === 'packages/trading') return `trading imports nothing, but here '${specifier}': move what needs it to a package above`;
  return specifier.startsWith('node:') ? null : `write 'node:${specifier}'`;
}

function judgeNeighbour(specifier: string, wanted: string, room: Room): string | null {
  const name = wanted.slice(SCOPE.length);
  if (specifier !== wanted) return `'${specifier}' passes by the index: import '${wanted}' and export there what is meant for others`;
  if (room.folder === 'test') return null;
  if (name.startsWith('app-')) return `nothing imports an app ('${wanted}'): move what is shared into a package`;
  if (room.kind !== 'package') return null;
  if (name === room.name) return `imports its own package by name: use a relative path`;
  if (room.name === 'trading') return `trading imports nothing, but here '${wanted}': declare a port and let an app hand it in`;
  if (room.name === 'supervisor') return `supervisor imports node:* only, but here '${wanted}'`;
  if (name !== 'trading')
    return `the middle floor never looks sideways: ${room.name} imports '${wanted}'. Use a port in trading, met by an app`;
  return null;
}

function judgeNpm(wanted: string, path: string, room: Room): string | null {
  if (room.kind === 'root') return null;
  if (TEST_PACKAGES.has(wanted)) return isTest(path) ? null : `'${wanted}' belongs to tests (*.test.ts, testing/)`;
  if (room.name === 'trading' && room.kind === 'package') return `trading imports nothing, but here '${wanted}'`;
  if (room.name === 'supervisor' && room.kind === 'package') return `supervisor imports node:* only, but here '${wanted}'`;
  const doors = DOORS.get(wanted);
  if (doors === undefined)
    return `'${wanted}' has no door: choose the one package that may import it, and write it into DOORS in tools/laws/imports.ts`;
  if (room.kind === 'package' && doors.includes(room.name)) return null;
  return `'${wanted}' has its door in ${doors.join(' and ')}: use that package`;
}

function judgeDeclared(
  wanted: string,
  path: string,
  room: Room,
  byFolder: ReadonlyMap<string, Manifest>,
  everywhere: ReadonlySet<string>,
): string | null {
  const root = byFolder.get('');
  if (room.kind === 'root') {
    const isFree = WHOLE_HOUSE.has(room.folder) || wanted.startsWith(SCOPE);
    const known = isFree ? everywhere.has(wanted) : root !== undefined && wanted in root.declared;
    return known ? null : `'${wanted}' is in no package.json that covers this file: declare it`;
  }
  if (isTest(path) && TEST_PACKAGES.has(wanted))
    return root !== undefined && wanted in root.declared ? null : `declare '${wanted}' in package.json`;
  const own = byFolder.get(room.folder);
  return own !== undefined && wanted in own.declared ? null : `'${wanted}' is not declared in ${room.folder}/package.json`;
}
