/** Numbers kept under hashes of 53 bits, none of them 0: open addressing, doubled when six tenths are taken. */
export interface Table {
  /** What is kept under a hash, 0 where nothing is. */
  get(hash: number): number;
  /** Keeps a number of 32 bits. */
  set(hash: number, value: number): void;
}

export function createTable(): Table {
  let hashes = new Float64Array(1 << 16);
  let values = new Uint32Array(1 << 16);
  let size = 0;

  const placeOf = (into: Float64Array, hash: number): number => {
    const mask = into.length - 1;
    let at = (hash ^ Math.floor(hash / 4_294_967_296)) & mask;
    for (let there = into[at]; there !== 0 && there !== hash; there = into[at]) at = (at + 1) & mask;
    return at;
  };

  const double = (): void => {
    const more = new Float64Array(hashes.length * 2);
    const moreValues = new Uint32Array(hashes.length * 2);
    for (let from = 0; from < hashes.length; from++) {
      const hash = hashes[from] ?? 0;
      if (hash === 0) continue;
      const to = placeOf(more, hash);
      more[to] = hash;
      moreValues[to] = values[from] ?? 0;
    }
    [hashes, values] = [more, moreValues];
  };

  return {
    get: (hash) => values[placeOf(hashes, hash)] ?? 0,
    set(hash, value) {
      const at = placeOf(hashes, hash);
      values[at] = value;
      if (hashes[at] === hash) return;
      hashes[at] = hash;
      size += 1;
      if (size > hashes.length * 0.6) double();
    },
  };
}
