import { statSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { resolve as resolvePath } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type ConfigProblem, type FleetConfigError, looksSecret, problem } from './problem.ts';

export type LoadedConfig =
  | { readonly kind: 'ok'; readonly path: string; readonly options: unknown }
  | { readonly kind: 'errors'; readonly path: string; readonly errors: readonly ConfigProblem[] };

const OWN_NAME = '@hyperfleet/config';
let ownNameResolves = false;

/** A configuration may lie anywhere, also where no node_modules is: `import … from '@hyperfleet/config'` always finds us. */
function resolveOwnName(): void {
  if (ownNameResolves) return;
  ownNameResolves = true;
  const own = new URL('./index.ts', import.meta.url).href;
  registerHooks({
    resolve: (specifier, context, next) => (specifier === OWN_NAME ? { url: own, shortCircuit: true } : next(specifier, context)),
  });
}

const firstLine = (error: unknown): string => {
  const text = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
  return looksSecret(text) ? 'an error whose text looks like a private key' : text;
};

/**
 * Where in the configuration, or in a file it imports, an error arose, as far as the runtime tells: the type stripper puts file and line
 * before the stack, what is thrown has them in its frames. Empty where nothing is told.
 */
function placeOf(error: unknown, file: string): string {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const [, parsed, parsedLine] = /^(?:file:\/\/)?(\S.*):(\d+)\r?\n/.exec(stack) ?? [];
  if (parsed !== undefined) return parsed === file ? ` at line ${parsedLine}` : ` in ${parsed} at line ${parsedLine}`;
  const url = pathToFileURL(file).href;
  const frame = stack.split('\n').find((line) => line.includes(`${url}:`)) ?? '';
  const [, line] = /^:(\d+)/.exec(frame.slice(frame.indexOf(url) + url.length)) ?? [];
  return line === undefined ? '' : ` at line ${line}`;
}

/**
 * Imports a configuration file (TypeScript or JavaScript with a default export). The options come back as the file gave them:
 * `resolveFleet` checks them. A missing file, one that throws and one without a default export are told as problems. A file is
 * read once in a process.
 */
export async function loadFleetConfig(path: string): Promise<LoadedConfig> {
  const file = resolvePath(path);
  const failed = (errors: readonly ConfigProblem[]): LoadedConfig => ({ kind: 'errors', path: file, errors });
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) return failed([problem(file, 'not there', 'name the configuration with --config FILE')]);
  if (!found.isFile()) return failed([problem(file, 'not a file', 'name the configuration file itself with --config FILE')]);
  resolveOwnName();
  let loaded: unknown;
  try {
    loaded = await import(pathToFileURL(file).href);
  } catch (error) {
    if (isFleetConfigError(error)) return failed(error.problems);
    return failed([problem(file, 'not readable', `correct it, it fails${placeOf(error, file)} with: ${firstLine(error)}`)]);
  }
  const options = typeof loaded === 'object' && loaded !== null && 'default' in loaded ? loaded.default : undefined;
  if (options === undefined) return failed([problem(file, 'without a default export', 'write export default defineFleet({ … })')]);
  return { kind: 'ok', path: file, options };
}

/** By name, since the file may have come by another copy of the class. */
const isFleetConfigError = (error: unknown): error is FleetConfigError => error instanceof Error && error.name === 'FleetConfigError';
