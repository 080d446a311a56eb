/** Takes secrets out of what is about to be logged. */

const SECRET_NAMES = /^(private_?key|secret(_?key)?|key|mnemonic|seed|password|signature|authorization|[rs])$/i;
/** 64 hex digits or more in a row: a private key, or a signature. Client order ids have 32 and addresses 40. */
const KEY_TEXT = /(0x)?[0-9a-f]{64,}/gi;
const HIDDEN = '[hidden]';
const DEPTH_MAX = 6;

/** A copy of a value with fields of secret names hidden, and texts that look like keys wherever they stand. Errors become plain data. */
export function scrub(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return value.replace(KEY_TEXT, HIDDEN);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEPTH_MAX) return '[deep]';
  if (value instanceof Error) {
    const { name, message, stack, cause } = value;
    return scrub(
      { name, message, stack, ...('code' in value ? { code: value.code } : {}), ...(cause === undefined ? {} : { cause }) },
      depth + 1,
    );
  }
  if (Array.isArray(value)) return value.map((item) => scrub(item, depth + 1));
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return '[bytes]';
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, SECRET_NAMES.test(name) ? HIDDEN : scrub(item, depth + 1)]));
}
