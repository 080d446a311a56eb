import { describe, expect, it } from 'vitest';
import {
  installScriptBreaches,
  type Lockfile,
  leftOutBreaches,
  lockBreaches,
  type PlacedPackageJson,
  runtimeCountBreaches,
  runtimePackages,
  versionBreaches,
} from './manifests.ts';

const MANIFESTS: readonly PlacedPackageJson[] = [
  { folder: '', json: { name: 'house', devDependencies: { vitest: '5.1.1' } } },
  {
    folder: 'packages/store',
    json: { name: '@house/store', version: '0.1.0', dependencies: { sqlite: '1.2.3', '@house/trading': '0.1.0' } },
  },
  { folder: 'packages/trading', json: { name: '@house/trading', version: '0.1.0' } },
];

const LOCK: Lockfile = {
  packages: {
    '': { devDependencies: { vitest: '5.1.1' } },
    'packages/store': { dependencies: { '@house/trading': '0.1.0', sqlite: '1.2.3' } },
    'packages/trading': {},
    'node_modules/vitest': { version: '5.1.1', dev: true },
    'node_modules/sqlite': { version: '1.2.3' },
    'node_modules/@house/trading': { link: true },
  },
};

const change = (path: string, entry: Lockfile['packages'][string]): Lockfile => ({ packages: { ...LOCK.packages, [path]: entry } });

describe('versions', () => {
  const judge = (version: string): number => versionBreaches([{ folder: '', json: { dependencies: { a: version } } }]).length;

  it.each(['^1.2.3', '~1.2.3', '1.x', '*', 'latest', '>=1.0.0', '1.2', 'workspace:*', 'file:../a', ''])('refuse %s', (version) => {
    expect(judge(version)).toBe(1);
  });

  it.each(['1.2.3', '10.0.0', '1.0.0-rc.1'])('accept %s', (version) => {
    expect(judge(version)).toBe(0);
  });
});

describe('the lockfile', () => {
  it('passes when it says what the package.json files say', () => {
    expect(lockBreaches(MANIFESTS, LOCK)).toEqual([]);
  });

  it('fails when a dependency was added, changed or taken away without it', () => {
    const stale = change('packages/store', { dependencies: { sqlite: '1.2.2', '@house/trading': '0.1.0' } });
    expect(lockBreaches(MANIFESTS, stale)).toHaveLength(1);
    expect(lockBreaches(MANIFESTS, change('', {}))).toHaveLength(1);
    expect(lockBreaches(MANIFESTS, change('packages/trading', { dependencies: { sqlite: '1.2.3' } }))).toHaveLength(1);
  });

  it('fails when a wanted version is not in it', () => {
    expect(lockBreaches(MANIFESTS, change('node_modules/sqlite', { version: '1.2.4' })).map(({ message }) => message)).toEqual([
      'does not hold sqlite@1.2.3, wanted by packages/store/package.json',
    ]);
  });

  it('fails when a workspace is not in it', () => {
    const grown = [...MANIFESTS, { folder: 'apps/new', json: { name: 'new' } }];
    expect(lockBreaches(grown, LOCK)).toHaveLength(1);
  });
});

describe('optional packages of other platforms', () => {
  const native = { version: '1.0.0', optionalDependencies: { 'native-linux': '1.0.0', 'native-darwin': '1.0.0' } };
  const lock = { packages: { 'node_modules/native': native, 'node_modules/native-linux': { version: '1.0.0' } } };

  it('have an entry each, or npm ci refuses the lockfile', () => {
    expect(leftOutBreaches(lock).map(({ message }) => message)).toEqual([expect.stringMatching(/^leaves out native-darwin@1\.0\.0/)]);
  });

  it('are enough when they stand inside the package that wants them', () => {
    const nested = { packages: { ...lock.packages, 'node_modules/native/node_modules/native-darwin': { version: '1.0.0' } } };
    expect(leftOutBreaches(nested)).toEqual([]);
  });
});

describe('install scripts', () => {
  it('refuse a package that brings one', () => {
    expect(
      installScriptBreaches(change('node_modules/a/node_modules/@b/c', { hasInstallScript: true })).map(({ message }) => message),
    ).toEqual([expect.stringMatching(/^@b\/c has an install script/)]);
  });

  it('accept the listed one', () => {
    expect(installScriptBreaches(change('node_modules/secp256k1', { hasInstallScript: true }))).toEqual([]);
  });
});

describe('runtime packages', () => {
  it('are those the workspaces declare, without the workspaces', () => {
    expect(runtimePackages(MANIFESTS)).toEqual(['sqlite']);
  });

  it('are a dozen at most', () => {
    const many = (count: number): PlacedPackageJson => ({
      folder: 'packages/a',
      json: { dependencies: Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, '1.0.0'])) },
    });
    expect(runtimeCountBreaches([many(12)])).toEqual([]);
    expect(runtimeCountBreaches([many(13)])).toHaveLength(1);
  });
});
