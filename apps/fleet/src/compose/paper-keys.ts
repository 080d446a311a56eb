import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';

/** A file of paper keys that cannot be used; the message never holds a key. */
export class PaperKeysError extends Error {
  override readonly name = 'PaperKeysError';
}

const KEY = /^0x[0-9a-f]{64}$/;

/**
 * The throw-away keys of paper accounts by bot id: drawn once and kept in a file only its owner may read, so that a restart
 * has the same accounts. Bots that are new get a key, others keep theirs; the account of one that has traded is never made
 * anew in silence. Throws PaperKeysError.
 */
export function keepPaperKeys(path: string, botIds: readonly string[], traded: readonly string[]): ReadonlyMap<string, string> {
  const keys = existsSync(path) ? readKeys(path) : new Map<string, string>();
  const missing = botIds.filter((id) => !keys.has(id));
  const lost = missing.filter((id) => traded.includes(id));
  if (lost.length > 0) {
    const whose = lost.map((id) => `"${id}"`).join(', ');
    throw new PaperKeysError(`${path} has no key for ${whose}, which has traded here before; restore it, or start with another --data-dir`);
  }
  for (const id of missing) keys.set(id, `0x${randomBytes(32).toString('hex')}`);
  if (missing.length > 0) {
    // Whole or not at all: a torn file would cost the accounts.
    writeFileSync(`${path}.new`, `${JSON.stringify(Object.fromEntries(keys), null, 2)}\n`, { mode: 0o600 });
    chmodSync(`${path}.new`, 0o600);
    renameSync(`${path}.new`, path);
  }
  return new Map(botIds.map((id) => [id, keys.get(id) ?? '']));
}

/** What to say of a file of keys that others of this machine may read; null where none may, or no such thing is known. */
export function openToOthers(path: string): string | null {
  const mode = process.platform === 'win32' ? 0 : (statSync(path, { throwIfNoEntry: false })?.mode ?? 0);
  return (mode & 0o077) === 0 ? null : `${path} holds private keys and may be read by others of this machine: chmod 600 ${path}`;
}

function readKeys(path: string): Map<string, string> {
  const remedy = 'restore it, or start with another --data-dir';
  let held: unknown;
  try {
    held = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    // The cause is left out on purpose: a JSON error quotes the text it stumbled over.
    throw new PaperKeysError(`${path} cannot be read as JSON; ${remedy}`);
  }
  if (typeof held !== 'object' || held === null) throw new PaperKeysError(`${path} holds no keys; ${remedy}`);
  return new Map(
    Object.entries(held).map(([id, key]: [string, unknown]) => {
      if (typeof key !== 'string' || !KEY.test(key)) throw new PaperKeysError(`${path} holds no valid key for ${id}; ${remedy}`);
      return [id, key];
    }),
  );
}
