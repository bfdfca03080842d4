/** How many events are read at once: less where they take long to handle, so that less is repeated after a crash. */

/** After so long a batch is handled too slowly to be repeated lightly: the next one is half as large. */
const batchMsMax = 1000;

/** A size that follows how long batches take. */
export class BatchSize {
  readonly #countMax: number;
  #count: number;

  constructor(countMax: number) {
    this.#countMax = countMax;
    this.#count = countMax;
  }

  /** How many events the next batch may have. */
  get count(): number {
    return this.#count;
  }

  /** A batch took so long. */
  adapt(elapsedMs: number): void {
    if (elapsedMs > batchMsMax) this.#count = Math.max(1, Math.floor(this.#count / 2));
    else if (elapsedMs < batchMsMax / 4) this.#count = Math.min(this.#countMax, this.#count * 2);
  }
}
