/**
 * A list whose items leave from anywhere at once. What has left leads nowhere: an item that the garbage collector has not
 * looked at yet does not keep alive what came after it, as the tables of a set would.
 */

/** An item's place in a list. */
export interface ListPlace<Item> {
  readonly item: Item;
}

interface Place<Item> extends ListPlace<Item> {
  before: Place<Item> | undefined;
  after: Place<Item> | undefined;
}

/** Items in the order in which they came. */
export class LinkedList<Item> {
  #first: Place<Item> | undefined;
  #last: Place<Item> | undefined;

  /** The one that has been there for longest. */
  get first(): Item | undefined {
    return this.#first?.item;
  }

  /** Whether there is none. */
  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  /** Puts an item behind all others. */
  add(item: Item): ListPlace<Item> {
    const place: Place<Item> = { item, before: this.#last, after: undefined };
    if (this.#last === undefined) this.#first = place;
    else this.#last.after = place;
    this.#last = place;
    return place;
  }

  /** Takes an item out, if it is still there. */
  remove(given: ListPlace<Item>): void {
    // Places are made by `add` alone.
    const place = given as Place<Item>;
    const { before, after } = place;
    if (before === undefined && this.#first !== place) return;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    place.before = undefined;
    place.after = undefined;
  }

  /** Takes out the one that has been there for longest. */
  takeFirst(): Item | undefined {
    const first = this.#first;
    if (first !== undefined) this.remove(first);
    return first?.item;
  }

  /** The items that are there now. */
  items(): readonly Item[] {
    const items: Item[] = [];
    for (let place = this.#first; place !== undefined; place = place.after) items.push(place.item);
    return items;
  }
}
