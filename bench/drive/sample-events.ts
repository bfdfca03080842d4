/** What every contestant is given to write: the same small business event, about 165 bytes as a record. */

/** An event as a writer hands it in. */
export interface SampleEvent {
  readonly type: string;
  readonly data: { readonly sku: string; readonly quantity: number; readonly price: number; readonly note: string };
  readonly tags?: readonly string[];
}

/** The types of the events, in turn. */
export const sampleTypes: readonly string[] = [
  'ItemAdded',
  'ItemRemoved',
  'AddressChanged',
  'DiscountGranted',
  'OrderPlaced',
];

/** The event of a turn. `tagCount` 2 adds a customer (of 10,000) and a product (of 1,000). */
export function sampleEvent(turn: number, tagCount: 0 | 2): SampleEvent {
  const type = sampleTypes[turn % sampleTypes.length] ?? 'ItemAdded';
  const data = {
    sku: `sku-${turn % 1000}`,
    quantity: turn % 7,
    price: 19.99,
    note: 'leave it with the neighbour, 2nd floor',
  };
  if (tagCount === 0) return { type, data };
  return { type, data, tags: [`customer:${(turn * 7919) % 10_000}`, `product:${turn % 1000}`] };
}

/** Several events of consecutive turns. */
export function sampleEvents(turn: number, count: number, tagCount: 0 | 2): SampleEvent[] {
  return Array.from({ length: count }, (_, index) => sampleEvent(turn + index, tagCount));
}

/** The size of the working set: the entities that writers append to while they are measured. */
export const workingSetCount = 10_000;

/** Which entity of the working set a writer's turn concerns; a fixed walk that visits all of them. */
export function workingSetIndex(writer: number, turn: number): number {
  return (writer * 7919 + turn * 127) % workingSetCount;
}
