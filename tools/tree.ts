import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Manifest } from './laws/imports.ts';
import type { PackageJson, PlacedPackageJson } from './laws/manifests.ts';
import { type Breach, parseSource, type Source, type TextFile } from './laws/source.ts';

/** Larger files are data. */
const TEXT_BYTES_MAX = 512 * 1024;

/** The house as the laws see it: every file git tracks or would track, read once. */
export interface Tree {
  readonly files: readonly TextFile[];
  readonly sources: readonly Source[];
  /** Files that did not parse. */
  readonly unreadable: readonly Breach[];
  readonly packageJsons: readonly PlacedPackageJson[];
  readonly manifests: readonly Manifest[];
}

/** Reads the tree at `root`. Throws when git cannot list it. */
export function readTree(root: string): Tree {
  const files = listed(root).flatMap((path) => readText(root, path));
  const sources: Source[] = [];
  const unreadable: Breach[] = [];
  for (const file of files.filter(({ path }) => path.endsWith('.ts'))) {
    if (file.text.includes('\0')) unreadable.push({ path: file.path, line: null, message: 'holds a NUL byte: write it as an escape' });
    try {
      sources.push(parseSource(file));
    } catch (error) {
      unreadable.push({ path: file.path, line: null, message: error instanceof Error ? error.message : String(error) });
    }
  }
  const packageJsons = files
    .filter(({ path }) => path === 'package.json' || /^(packages|apps)\/[^/]+\/package\.json$/.test(path))
    .map(({ path, text }) => ({
      folder: path === 'package.json' ? '' : path.slice(0, -'/package.json'.length),
      json: JSON.parse(text) as PackageJson,
    }));
  return { files, sources, unreadable, packageJsons, manifests: packageJsons.map(toManifest) };
}

function listed(root: string): readonly string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '-z'];
  return execFileSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 })
    .split('\0')
    .filter((path) => path !== '');
}

function readText(root: string, path: string): readonly TextFile[] {
  const absolute = join(root, path);
  if (!existsSync(absolute) || statSync(absolute).size > TEXT_BYTES_MAX || !statSync(absolute).isFile()) return [];
  const bytes = readFileSync(absolute);
  return bytes.includes(0) && !path.endsWith('.ts') ? [] : [{ path, text: bytes.toString('utf8') }];
}

function toManifest({ folder, json }: PlacedPackageJson): Manifest {
  const declared = { ...json.peerDependencies, ...json.optionalDependencies, ...json.devDependencies, ...json.dependencies };
  return { folder, name: json.name ?? '', declared };
}
