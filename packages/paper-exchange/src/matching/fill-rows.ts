import { lots, microUsd, ticks } from '@hyperfleet/trading';
import type { Address, VenueFill } from './contract.ts';
import type { Coins } from './order-rows.ts';
import { RowRing } from './row-ring.ts';

/** Numbers of one row: oid, asset, px, sz, side, timeMs, startPosition, closedPnl, crossed, fee, builderFee, tid, hash. */
const WIDTH = 13;
const [ASSET, PX, SZ, IS_BUY, TIME_MS, START, PNL, CROSSED, FEE, BUILDER_FEE, TID, HASH] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

/** What stands before a hash's last digits, by how many those are. */
const BEFORE = Array.from({ length: 65 }, (_, digits) => `0x${'0'.repeat(64 - digits)}`);

/** The hash of the n-th transaction: no real one, but unlike every other. */
export function hashOf(nth: number): string {
  const digits = nth.toString(16);
  return `${BEFORE[digits.length] ?? '0x'}${digits}`;
}

/** The last fills of one account. As objects 10,000 fills are 4 MB that the collector carries along; as rows 1.3. */
export class FillRows {
  readonly #user: Address;
  readonly #rows: RowRing;
  readonly #coins: Coins;
  readonly #dirs: string[] = [];
  /** By row, of those that have one. */
  readonly #cloids = new Map<number, string>();
  readonly #liquidations = new Map<number, VenueFill['liquidation']>();

  constructor({ user, coins, limit }: { readonly user: Address; readonly coins: Coins; readonly limit: number }) {
    this.#user = user;
    this.#coins = coins;
    this.#rows = new RowRing(WIDTH, limit);
  }

  /** Writes down a fill whose hash is `hashOf(nth)`. */
  push(fill: VenueFill, nth: number): void {
    const { next: row, numbers } = this.#rows;
    const at = row * WIDTH;
    numbers[at] = fill.oid;
    numbers[at + ASSET] = fill.asset;
    numbers[at + PX] = fill.px;
    numbers[at + SZ] = fill.sz;
    numbers[at + IS_BUY] = fill.side === 'buy' ? 1 : 0;
    numbers[at + TIME_MS] = fill.timeMs;
    numbers[at + START] = fill.startPosition;
    numbers[at + PNL] = fill.closedPnl;
    numbers[at + CROSSED] = fill.crossed ? 1 : 0;
    numbers[at + FEE] = fill.fee;
    numbers[at + BUILDER_FEE] = fill.builderFee === null ? Number.NaN : fill.builderFee;
    numbers[at + TID] = fill.tid;
    numbers[at + HASH] = nth;
    this.#dirs[row] = fill.dir;
    if (fill.cloid !== null) this.#cloids.set(row, fill.cloid);
    else if (this.#cloids.size > 0) this.#cloids.delete(row);
    if (fill.liquidation !== null) this.#liquidations.set(row, fill.liquidation);
    else if (this.#liquidations.size > 0) this.#liquidations.delete(row);
    this.#rows.push();
  }

  /** All fills, or those from a time on, oldest first. Reads no further back than that. */
  list(sinceMs = Number.NEGATIVE_INFINITY): VenueFill[] {
    const { numbers } = this.#rows;
    const rows: number[] = [];
    for (const row of this.#rows.newestFirst()) {
      if ((numbers[row * WIDTH + TIME_MS] ?? 0) < sinceMs) break;
      rows.push(row);
    }
    return rows.reverse().map((row) => this.#read(row));
  }

  #read(row: number): VenueFill {
    const { numbers } = this.#rows;
    const number = (column: number): number => numbers[row * WIDTH + column] ?? 0;
    const asset = number(ASSET);
    const builderFee = number(BUILDER_FEE);
    return {
      user: this.#user,
      coin: this.#coins.get(asset)?.instrument.coin ?? '',
      asset,
      px: ticks(number(PX)),
      sz: lots(number(SZ)),
      side: number(IS_BUY) === 1 ? 'buy' : 'sell',
      timeMs: number(TIME_MS),
      startPosition: lots(number(START)),
      dir: this.#dirs[row] ?? '',
      closedPnl: microUsd(number(PNL)),
      oid: number(0),
      cloid: this.#cloids.get(row) ?? null,
      crossed: number(CROSSED) === 1,
      fee: microUsd(number(FEE)),
      builderFee: Number.isNaN(builderFee) ? null : microUsd(builderFee),
      tid: number(TID),
      hash: hashOf(number(HASH)),
      liquidation: this.#liquidations.get(row) ?? null,
    };
  }
}
