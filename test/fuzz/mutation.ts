import type { createChance } from '@hyperfleet/paper-exchange';

export type Chance = ReturnType<typeof createChance>;

/** One of several, each as likely. */
export function pick<T>(chance: Chance, from: readonly T[]): T {
  const one = from[chance(from.length)];
  if (one === undefined && !from.includes(one as T)) throw new RangeError('nothing to pick from');
  return one as T;
}

/** Values that parsers stumble over. */
export const RUBBISH: readonly unknown[] = [
  ...[
    null,
    true,
    false,
    0,
    -1,
    1,
    1.5,
    -0,
    2 ** 31,
    2 ** 32,
    2 ** 53,
    2 ** 64,
    1e15,
    1e308,
    Number.MAX_SAFE_INTEGER,
    -Number.MAX_SAFE_INTEGER,
  ],
  ...['', '0', '-1', '1e5', '0x', '0x0', 'Infinity', 'NaN', '99999999999999999999', '0.00000001', '100000.0', '１', '\u0000', '\ud800'],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'a'.repeat(5_000), `0x${'f'.repeat(64)}`, `0x${'0'.repeat(40)}`],
  ...['Gtc', 'Ioc', 'na', 'normalTpsl', 'BTC', '@1', 'xyz:GOLD', 27, 28, 29, 10_000, 110_000, 5, 2],
  ...[[], [[]], {}, [1, 2, 3], { limit: { tif: 'Gtc' } }, { limit: null }, { toString: 1 }, [null], new Array(200).fill(0)],
];

const KEYS = ['__proto__', 'constructor', 'type', 'x', 'f', 'a', 'c', 'builder', 'grouping', 'vaultAddress', 'expiresAfter', 'dex', 'user'];

type Branch = Record<string, unknown>;
const isBranch = (value: unknown): value is Branch => typeof value === 'object' && value !== null;

/** Every place in a value that something can be done to: the object it stands in and its key there. */
function places(value: unknown): { readonly holder: Branch; readonly key: string }[] {
  if (!isBranch(value)) return [];
  return Object.keys(value).flatMap((key) => [{ holder: value, key }, ...places(value[key])]);
}

/** A copy with one to three things lost, doubled, added or put in another's place. */
export function mutate(value: unknown, chance: Chance): unknown {
  const copy: unknown = structuredClone(value);
  for (let times = 1 + chance(3); times > 0; times -= 1) {
    const found = places(copy);
    if (found.length === 0) return copy;
    const { holder, key } = pick(chance, found);
    switch (chance(4)) {
      case 0:
        delete holder[key];
        break;
      case 1:
        if (Array.isArray(holder)) holder.push(structuredClone(holder[Number(key)]));
        else
          Object.defineProperty(holder, pick(chance, KEYS), {
            value: structuredClone(pick(chance, RUBBISH)),
            enumerable: true,
            configurable: true,
            writable: true,
          });
        break;
      default:
        holder[key] = structuredClone(pick(chance, RUBBISH));
    }
  }
  return copy;
}

const MARKS = [34, 44, 58, 91, 93, 123, 125, 48, 92];

/** A text with bytes changed, or cut off somewhere. */
export function garble(text: string, chance: Chance): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length === 0) return bytes;
  for (let times = 1 + chance(4); times > 0; times -= 1) {
    if (chance(4) === 0) return bytes.subarray(0, chance(bytes.length));
    bytes[chance(bytes.length)] = chance(2) === 0 ? chance(256) : pick(chance, MARKS);
  }
  return bytes;
}
