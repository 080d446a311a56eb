export interface Seen {
  /** How a hash stands to what was there: not there, there at a higher cost, which is lowered, or there. */
  add(hash: number, cost: number): 'new' | 'cheaper' | 'known';
  has(hash: number): boolean;
}

/** Hashes of 53 bits, none of them 0, each with the least cost it came at: open addressing, doubled when six tenths are taken. */
export function createSeen(): Seen {
  let slots = new Float64Array(1 << 16);
  let costs = new Uint8Array(1 << 16);
  let size = 0;

  const placeOf = (into: Float64Array, hash: number): number => {
    const mask = into.length - 1;
    let at = (hash ^ Math.floor(hash / 4_294_967_296)) & mask;
    for (let there = into[at]; there !== 0 && there !== hash; there = into[at]) at = (at + 1) & mask;
    return at;
  };

  const double = (): void => {
    const more = new Float64Array(slots.length * 2);
    const moreCosts = new Uint8Array(slots.length * 2);
    for (const [from, hash] of slots.entries()) {
      if (hash === 0) continue;
      const to = placeOf(more, hash);
      more[to] = hash;
      moreCosts[to] = costs[from] ?? 0;
    }
    [slots, costs] = [more, moreCosts];
  };

  return {
    has: (hash) => slots[placeOf(slots, hash)] === hash,
    add(hash, cost) {
      const at = placeOf(slots, hash);
      if (slots[at] === hash) {
        if ((costs[at] ?? 0) <= cost) return 'known';
        costs[at] = cost;
        return 'cheaper';
      }
      slots[at] = hash;
      costs[at] = cost;
      size += 1;
      if (size > slots.length * 0.6) double();
      return 'new';
    },
  };
}
