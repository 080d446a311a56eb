/**
 * A number in [0, 1) drawn from a text: spreads those that failed together as chance would, and tells the same story in every
 * replay. FNV-1a with a final mix.
 */
export function lotOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** Full jitter: the wait before the try after `failures` in a row, from `leastMs` up to base × 2^(failures − 1), at most `mostMs`. */
export function backoffMs(
  lot: number,
  failures: number,
  bounds: { readonly leastMs: number; readonly baseMs: number; readonly mostMs: number },
): number {
  const fullMs = Math.min(bounds.mostMs, bounds.baseMs * 2 ** Math.min(20, Math.max(0, failures - 1)));
  return Math.max(bounds.leastMs, Math.floor(lot * fullMs));
}
