import type { Breach } from './source.ts';

/** The parts of a package.json that laws judge. */
export interface PackageJson {
  readonly name?: string;
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** The parts of an entry of package-lock.json that laws judge. */
interface LockEntry extends PackageJson {
  readonly hasInstallScript?: boolean;
  readonly dev?: boolean;
  readonly link?: boolean;
}

/** package-lock.json, version 3. */
export interface Lockfile {
  readonly packages: Readonly<Record<string, LockEntry>>;
}

/** A package.json with the folder it stands in ('' is the root). */
export interface PlacedPackageJson {
  readonly folder: string;
  readonly json: PackageJson;
}

/** Direct npm packages that what runs may rest on. */
const RUNTIME_PACKAGES_MAX = 12;

/**
 * Packages that declare an install script and are accepted all the same, each with the reason why the script need not run
 * (.npmrc turns scripts off).
 */
const INSTALL_SCRIPTS_ACCEPTED: ReadonlyMap<string, string> = new Map([
  ['secp256k1', 'node-gyp-build finds the prebuilt binary inside the package; the script would only compile where there is none'],
  ['bufferutil', 'optional speed-up of ws; node-gyp-build finds the prebuilt binary inside the package'],
  ['ccxt', 'a stock client the tests drive; the script prints a greeting'],
]);

const KINDS = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'] as const;

const manifestPath = (folder: string): string => (folder === '' ? 'package.json' : `${folder}/package.json`);

/** Every version stands exact: npm would else resolve by the engine that happens to run it. */
export function versionBreaches(manifests: readonly PlacedPackageJson[]): readonly Breach[] {
  return manifests.flatMap(({ folder, json }) =>
    KINDS.flatMap((kind) =>
      Object.entries(json[kind] ?? {})
        .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
        .map(([name, version]) => ({ path: manifestPath(folder), line: null, message: `${name} '${version}' is no exact version` })),
    ),
  );
}

/** The lockfile says what the package.json files say: the same packages, at the same versions, all there. */
export function lockBreaches(manifests: readonly PlacedPackageJson[], lock: Lockfile): readonly Breach[] {
  return manifests.flatMap(({ folder, json }) => {
    const locked = lock.packages[folder];
    if (locked === undefined) return [breach(`has no entry for ${folder === '' ? 'the root' : folder}: run npm install`)];
    const differing = KINDS.filter((kind) => canonical(json[kind]) !== canonical(locked[kind]));
    const stale = differing.map((kind) => breach(`${kind} of ${manifestPath(folder)} differ from the lockfile: run npm install`));
    const absent = KINDS.filter((kind) => kind !== 'peerDependencies')
      .flatMap((kind) => Object.entries(json[kind] ?? {}))
      .filter(([name, version]) => !isLocked(name, version, folder, lock))
      .map(([name, version]) => breach(`does not hold ${name}@${version}, wanted by ${manifestPath(folder)}`));
    return [...stale, ...absent];
  });
}

/** An optional package the lockfile leaves out. */
export interface LeftOut {
  readonly name: string;
  readonly version: string;
  readonly dev: boolean;
}

/**
 * Optional packages of locked packages that have no entry of their own. `npm ci` refuses such a lockfile, on every machine;
 * `npm install` writes one where the registry did not have the packages of other platforms.
 */
export function leftOut(lock: Lockfile): readonly LeftOut[] {
  return Object.entries(lock.packages).flatMap(([where, entry]) =>
    Object.entries(where === '' ? {} : (entry.optionalDependencies ?? {}))
      .filter(
        ([name]) => lock.packages[`${where}/node_modules/${name}`] === undefined && lock.packages[`node_modules/${name}`] === undefined,
      )
      .map(([name, version]) => ({ name, version, dev: entry.dev === true })),
  );
}

/** `npm ci` finds an entry for every package it may be asked about. */
export const leftOutBreaches = (lock: Lockfile): readonly Breach[] =>
  leftOut(lock).map(({ name, version }) =>
    breach(`leaves out ${name}@${version}, so npm ci refuses it: run npx node tools/complete-lockfile.ts`),
  );

const breach = (message: string): Breach => ({ path: 'package-lock.json', line: null, message });

const canonical = (record: Readonly<Record<string, string>> | undefined): string => JSON.stringify(Object.entries(record ?? {}).sort());

function isLocked(name: string, version: string, folder: string, lock: Lockfile): boolean {
  const entry = lock.packages[`${folder}/node_modules/${name}`] ?? lock.packages[`node_modules/${name}`];
  return entry !== undefined && (entry.link === true || entry.version === version);
}

/** No runtime package needs a script at install: a clone installs without compiler and without running foreign code. */
export function installScriptBreaches(lock: Lockfile): readonly Breach[] {
  return Object.entries(lock.packages)
    .filter(([, entry]) => entry.hasInstallScript === true)
    .map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length))
    .filter((name) => !INSTALL_SCRIPTS_ACCEPTED.has(name))
    .map((name) =>
      breach(`${name} has an install script: choose a package without one, or accept it with a reason in tools/laws/manifests.ts`),
    );
}

/** The npm packages the workspaces declare to run on, without the workspaces themselves, sorted. */
export function runtimePackages(manifests: readonly PlacedPackageJson[]): readonly string[] {
  const own = new Set(manifests.map(({ json }) => json.name));
  const names = manifests.flatMap(({ json }) => Object.keys(json.dependencies ?? {})).filter((name) => !own.has(name));
  return [...new Set(names)].sort();
}

/** What runs rests on a dozen npm packages at most. */
export function runtimeCountBreaches(manifests: readonly PlacedPackageJson[]): readonly Breach[] {
  const names = runtimePackages(manifests);
  if (names.length <= RUNTIME_PACKAGES_MAX) return [];
  const message = `${names.length} runtime packages, the limit is ${RUNTIME_PACKAGES_MAX}: ${names.join(', ')}`;
  return [{ path: 'package.json', line: null, message }];
}
