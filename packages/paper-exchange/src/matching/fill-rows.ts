import { lots, microUsd, ticks } from '@hyperfleet/trading';
import type { Address, VenueFill } from './contract.ts';
import { RowRing } from './row-ring.ts';

/** Numbers of one row: oid, asset, px, sz, side, timeMs, startPosition, closedPnl, crossed, fee, builderFee, tid, hash. */
const WIDTH = 13;
const [ASSET, PX, SZ, IS_BUY, TIME_MS, START, PNL, CROSSED, FEE, BUILDER_FEE, TID, HASH] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

/** The hash of the n-th transaction: no real one, but unlike every other. */
export const hashOf = (nth: number): string => `0x${nth.toString(16).padStart(64, '0')}`;

/** The last fills of one account. As objects 10,000 fills are 4 MB that the collector carries along; as rows 1.3. */
export class FillRows {
  readonly #user: Address;
  readonly #rows: RowRing;
  readonly #coins: string[] = [];
  readonly #dirs: string[] = [];
  readonly #cloids: (string | null)[] = [];
  readonly #liquidations: VenueFill['liquidation'][] = [];

  constructor(user: Address, limit: number) {
    this.#user = user;
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
    this.#coins[row] = fill.coin;
    this.#dirs[row] = fill.dir;
    this.#cloids[row] = fill.cloid;
    this.#liquidations[row] = fill.liquidation;
    this.#rows.push();
  }

  /** All fills, oldest first. */
  list(): VenueFill[] {
    return [...this.#rows.newestFirst()].reverse().map((row) => this.#read(row));
  }

  #read(row: number): VenueFill {
    const { numbers } = this.#rows;
    const number = (column: number): number => numbers[row * WIDTH + column] ?? 0;
    const [coin, dir] = [this.#coins[row], this.#dirs[row]];
    if (coin === undefined || dir === undefined) throw new RangeError(`there is no fill row ${row}`);
    const builderFee = number(BUILDER_FEE);
    return {
      user: this.#user,
      coin,
      asset: number(ASSET),
      px: ticks(number(PX)),
      sz: lots(number(SZ)),
      side: number(IS_BUY) === 1 ? 'buy' : 'sell',
      timeMs: number(TIME_MS),
      startPosition: lots(number(START)),
      dir,
      closedPnl: microUsd(number(PNL)),
      oid: number(0),
      cloid: this.#cloids[row] ?? null,
      crossed: number(CROSSED) === 1,
      fee: microUsd(number(FEE)),
      builderFee: Number.isNaN(builderFee) ? null : microUsd(builderFee),
      tid: number(TID),
      hash: hashOf(number(HASH)),
      liquidation: this.#liquidations[row] ?? null,
    };
  }
}
