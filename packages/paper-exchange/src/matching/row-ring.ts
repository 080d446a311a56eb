/** Rows there is room for at first; the room doubles until it reaches the limit. */
const FIRST_ROWS = 64;

/**
 * The last `limit` rows of `width` numbers, written over in place: what is remembered for long costs the collector nothing
 * and has no cost of its own to forget. What is no number of a row stands in arrays of the owner's, under the same index.
 */
export class RowRing {
  readonly #width: number;
  readonly #limit: number;
  #room: number;
  #numbers: Float64Array;
  /** Index of the next row. */
  #next = 0;
  #isFull = false;

  constructor(width: number, limit: number) {
    this.#width = width;
    this.#limit = Math.max(1, limit);
    this.#room = Math.min(this.#limit, FIRST_ROWS);
    this.#numbers = new Float64Array(this.#room * width);
  }

  /** Whether the next row is written over the oldest one. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** The index of the next row: the oldest one's when all are taken. */
  get next(): number {
    return this.#next;
  }

  /** The numbers of all rows, row after row, with room for the next one. Ask anew after each `push`. */
  get numbers(): Float64Array {
    if (this.#next >= this.#room) this.#grow();
    return this.#numbers;
  }

  /** Says that the next row is written. */
  push(): void {
    this.#next += 1;
    if (this.#next < this.#limit) return;
    this.#next = 0;
    this.#isFull = true;
  }

  /** Indices of the rows, newest first. */
  *newestFirst(): Generator<number> {
    for (let row = this.#next - 1; row >= 0; row -= 1) yield row;
    if (this.#isFull) for (let row = this.#limit - 1; row >= this.#next; row -= 1) yield row;
  }

  /** Index of the newest row that begins with this number; −1 where none does. */
  newestWith(first: number): number {
    for (let row = this.#next - 1; row >= 0; row -= 1) if (this.#numbers[row * this.#width] === first) return row;
    if (!this.#isFull) return -1;
    for (let row = this.#limit - 1; row >= this.#next; row -= 1) if (this.#numbers[row * this.#width] === first) return row;
    return -1;
  }

  #grow(): void {
    this.#room = Math.min(this.#limit, this.#room * 2);
    const numbers = new Float64Array(this.#room * this.#width);
    numbers.set(this.#numbers);
    this.#numbers = numbers;
  }
}
