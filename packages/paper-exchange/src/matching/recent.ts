/** The last `limit` of what was pushed, oldest first; what falls out is told to `onDropped`. Pushing costs constant time on average. */
export class Recent<T> {
  #items: T[] = [];
  #start = 0;
  readonly #limit: number;
  readonly #onDropped: ((item: T) => void) | null;

  constructor(limit: number, onDropped: ((item: T) => void) | null = null) {
    this.#limit = limit;
    this.#onDropped = onDropped;
  }

  push(item: T): void {
    this.#items.push(item);
    if (this.#items.length - this.#start <= this.#limit) return;
    const dropped = this.#items[this.#start];
    this.#start += 1;
    if (dropped !== undefined) this.#onDropped?.(dropped);
    // The array is cut only when half of it is dead, so that a push never moves memory each time.
    if (this.#start >= 1024 && this.#start * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#start);
      this.#start = 0;
    }
  }

  /** A copy, oldest first. */
  list(): T[] {
    return this.#items.slice(this.#start);
  }
}
