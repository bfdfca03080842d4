/**
 * Readings: lazily paged results, walked event by event, page by page, or all at once. Each walk reads anew.
 */

/** Something that comes in pages of events. */
export interface PageOf<Item> {
  readonly events: readonly Item[];
}

/** A read that is under way only while it is walked. Memory holds one page, whatever the length. */
export class Reading<Item, Page extends PageOf<Item>> implements AsyncIterable<Item> {
  readonly #readPages: () => AsyncIterable<Page>;

  /** Takes what makes the pages of one walk. */
  constructor(readPages: () => AsyncIterable<Page>) {
    this.#readPages = readPages;
  }

  /** The same as pages, each with the place to go on from. */
  pages(): AsyncIterable<Page> {
    return this.#readPages();
  }

  /** Everything in one array: for reads that are known to be small. */
  async toArray(): Promise<Item[]> {
    const all: Item[] = [];
    for await (const page of this.#readPages()) for (const event of page.events) all.push(event);
    return all;
  }

  /** The first event, or undefined. */
  async first(): Promise<Item | undefined> {
    for await (const page of this.#readPages()) if (page.events.length > 0) return page.events[0];
    return undefined;
  }

  [Symbol.asyncIterator](): AsyncIterator<Item> {
    return new EventWalk(this.#readPages()[Symbol.asyncIterator]());
  }
}

/** Hands out the events of pages one by one; written out because a delegating generator waits several times for each event. */
class EventWalk<Item> implements AsyncIterator<Item> {
  readonly #pages: AsyncIterator<PageOf<Item>>;
  #events: readonly Item[] = [];
  #index = 0;
  #isOver = false;
  /** Calls that wait for a page, or behind one that does: answers keep the order of the calls. */
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(pages: AsyncIterator<PageOf<Item>>) {
    this.#pages = pages;
  }

  next(): Promise<IteratorResult<Item>> {
    const event = this.#waiting === 0 ? this.#events[this.#index] : undefined;
    if (event !== undefined) {
      this.#index += 1;
      return Promise.resolve({ done: false, value: event });
    }
    this.#waiting += 1;
    const answer = this.#waiting === 1 ? this.#take() : this.#last.then(async () => await this.#take());
    this.#last = answer.then(nothing, nothing);
    return answer;
  }

  async #take(): Promise<IteratorResult<Item>> {
    try {
      for (;;) {
        const event = this.#events[this.#index];
        if (event !== undefined) {
          this.#index += 1;
          return { done: false, value: event };
        }
        const page = this.#isOver ? undefined : await this.#pages.next();
        if (page === undefined || this.#isOver || page.done === true) return { done: true, value: undefined };
        this.#events = page.value.events;
        this.#index = 0;
      }
    } finally {
      this.#waiting -= 1;
    }
  }

  async return(): Promise<IteratorResult<Item>> {
    this.#isOver = true;
    this.#events = [];
    await this.#pages.return?.();
    return { done: true, value: undefined };
  }
}

function nothing(): void {}
