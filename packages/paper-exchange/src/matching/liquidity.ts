import { type Level, lots, ticks } from '@hyperfleet/trading';

interface AnonymousLevel {
  readonly px: number;
  /** As recorded. */
  raw: number;
  /** What is left to take. */
  left: number;
}

/**
 * One side of the recorded book, as anonymous liquidity. What a taker of ours takes is gone until the next snapshot;
 * a newer best-bid-offer changes the recorded size of its level but brings nothing back that was taken. What an order
 * of ours that rested took from a side crossing it stays gone for as long as that level is in every snapshot: the same
 * standing order cannot hit us twice.
 */
export class LiquiditySide {
  #levels: AnonymousLevel[] = [];
  readonly #taken = new Map<number, number>();
  readonly #crossed = new Map<number, number>();
  readonly #sign: 1 | -1;

  /** `best`: whether the highest (bids) or the lowest price (asks) comes first. */
  constructor(best: 'highest' | 'lowest') {
    this.#sign = best === 'highest' ? 1 : -1;
  }

  /** A new snapshot, best level first: everything taken is restored. */
  replace(levels: readonly Level[]): void {
    this.#taken.clear();
    if (this.#crossed.size > 0) this.#forgetGone(levels);
    this.#levels = levels.map((level) => ({
      px: level.px,
      raw: level.sz,
      left: level.sz - Math.min(level.sz, this.#crossed.get(level.px) ?? 0),
    }));
  }

  /** A newer top of the side: what was better vanishes, its own level takes the new size. Null empties the side. */
  overrideTop(top: Level | null): void {
    if (top === null) {
      this.#levels = [];
      return;
    }
    let better = 0;
    while (better < this.#levels.length && this.#isBetter(this.#levels[better]?.px ?? 0, top.px)) better += 1;
    if (better > 0) this.#levels.splice(0, better);
    const gone = (this.#taken.get(top.px) ?? 0) + (this.#crossed.get(top.px) ?? 0);
    const level = { px: top.px, raw: top.sz, left: Math.max(0, top.sz - gone) };
    if (this.#levels[0]?.px === top.px) this.#levels[0] = level;
    else this.#levels.unshift(level);
  }

  /** The best price with something left, worse than `after` where that is given; or null. */
  bestPx(after: number | null = null): number | null {
    for (const level of this.#levels) if (level.left > 0 && (after === null || this.#isBetter(after, level.px))) return level.px;
    return null;
  }

  /** What is left at a price. */
  leftAt(px: number): number {
    return this.#find(px)?.left ?? 0;
  }

  /** The recorded size at a price; null when the price lies beyond the visible levels, 0 when it is visible and empty. */
  rawAt(px: number): number | null {
    const worst = this.#levels[this.#levels.length - 1];
    if (worst === undefined || this.#isBetter(worst.px, px)) return null;
    return this.#find(px)?.raw ?? 0;
  }

  /** Takes lots at a price; `by` says how long they stay gone (see the class). */
  take(px: number, sz: number, by: 'taker' | 'crossing'): void {
    const level = this.#find(px);
    if (level === undefined || level.left < sz) throw new Error(`liquidity at ${px} is less than the ${sz} taken`);
    level.left -= sz;
    const gone = by === 'taker' ? this.#taken : this.#crossed;
    gone.set(px, (gone.get(px) ?? 0) + sz);
  }

  /** The recorded top, whatever of it was taken. */
  top(): { readonly px: number; readonly sz: number } | null {
    const level = this.#levels[0];
    return level === undefined ? null : { px: level.px, sz: level.raw };
  }

  /** What is left, best first, for those who look at the book. */
  list(): Level[] {
    return this.#levels.filter((level) => level.left > 0).map((level) => ({ px: ticks(level.px), sz: lots(level.left) }));
  }

  #find(px: number): AnonymousLevel | undefined {
    return this.#levels.find((level) => level.px === px);
  }

  #isBetter(a: number, b: number): boolean {
    return a * this.#sign > b * this.#sign;
  }

  #forgetGone(levels: readonly Level[]): void {
    for (const px of this.#crossed.keys()) if (!levels.some((level) => level.px === px)) this.#crossed.delete(px);
  }
}
