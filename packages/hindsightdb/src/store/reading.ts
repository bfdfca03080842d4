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
    for await (const page of this.#readPages()) all.push(...page.events);
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

  constructor(pages: AsyncIterator<PageOf<Item>>) {
    this.#pages = pages;
  }

  next(): Promise<IteratorResult<Item>> {
    const event = this.#events[this.#index];
    if (event === undefined) return this.#nextPage();
    this.#index += 1;
    return Promise.resolve({ done: false, value: event });
  }

  async #nextPage(): Promise<IteratorResult<Item>> {
    for (;;) {
      const page = await this.#pages.next();
      if (page.done === true) return { done: true, value: undefined };
      const first = page.value.events[0];
      if (first === undefined) continue;
      this.#events = page.value.events;
      this.#index = 1;
      return { done: false, value: first };
    }
  }

  async return(): Promise<IteratorResult<Item>> {
    this.#events = [];
    await this.#pages.return?.();
    return { done: true, value: undefined };
  }
}
