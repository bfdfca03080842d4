/** Pending timers of many instances in the order of their time, in memory: a binary heap. */

/** An instance, and when its first timer is due. */
export interface DueInstance {
  /** Microseconds since 1970. */
  readonly due: number;
  readonly key: string;
}

/** Instances by the time of their first timer, and by their keys where that is the same. */
export class TimerOrder {
  readonly #heap: DueInstance[] = [];

  /** The first one; undefined where there is none. */
  get first(): DueInstance | undefined {
    return this.#heap[0];
  }

  /** Adds one. What was said of the same instance before stays, and is to be recognised when it comes. */
  add(entry: DueInstance): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(entry, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
  }

  /** Takes the first one away. */
  removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const child = lesserChild(heap, index);
      const below = heap[child];
      if (below === undefined || !isBefore(below, last)) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = last;
  }
}

function lesserChild(heap: readonly DueInstance[], index: number): number {
  const left = 2 * index + 1;
  const [first, second] = [heap[left], heap[left + 1]];
  return first !== undefined && second !== undefined && isBefore(second, first) ? left + 1 : left;
}

function isBefore(left: DueInstance, right: DueInstance): boolean {
  return left.due === right.due ? left.key < right.key : left.due < right.due;
}
