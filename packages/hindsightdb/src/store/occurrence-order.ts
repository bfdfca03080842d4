/**
 * Events put into the order in which they occurred, by their places alone: three numbers are kept of each.
 */

/** Where an event stands. */
export interface PlacedEvent {
  readonly version: number;
  readonly partition: number;
  readonly position: number;
}

/** Events that stand one behind the other in the order of reading, and in that of occurrence as well. Both ends are inclusive. */
export interface OccurrenceRun {
  readonly first: PlacedEvent;
  readonly last: PlacedEvent;
}

/** Collects events in the order of reading, and gives them out in that of occurrence. Those of one moment keep their order. */
export class OccurrenceOrder {
  readonly #times: number[] = [];
  readonly #versions: number[] = [];
  readonly #positions: number[] = [];
  /** The first index of each partition's events, in the order in which they were added. */
  readonly #partitions: { readonly partition: number; readonly start: number }[] = [];

  /** Adds an event that occurred at a time, in microseconds. */
  add({ version, partition, position }: PlacedEvent, time: number): void {
    if (this.#partitions.at(-1)?.partition !== partition)
      this.#partitions.push({ partition, start: this.#times.length });
    this.#times.push(time);
    this.#versions.push(version);
    this.#positions.push(position);
  }

  /** The events as runs that can be read at once. Mostly events occur in the order in which they are recorded, and there is one. */
  *runs(): Generator<OccurrenceRun> {
    const order = Uint32Array.from(this.#times.keys());
    const time = (index: number): number => this.#times[index] ?? 0;
    // Typed arrays sort stably, as all sorting does.
    order.sort((left, right) => time(left) - time(right));
    const starts = new Set(this.#partitions.map(({ start }) => start));
    for (let begin = 0; begin < order.length;) {
      let end = begin;
      while (end + 1 < order.length && follows(order, end) && !starts.has(order[end + 1] ?? 0)) end += 1;
      yield { first: this.#placed(order[begin] ?? 0), last: this.#placed(order[end] ?? 0) };
      begin = end + 1;
    }
  }

  #placed(index: number): PlacedEvent {
    const partition = this.#partitions.findLast(({ start }) => start <= index)?.partition ?? 0;
    return { version: this.#versions[index] ?? 0, partition, position: this.#positions[index] ?? 0 };
  }
}

function follows(order: Uint32Array, place: number): boolean {
  return order[place + 1] === (order[place] ?? 0) + 1;
}
