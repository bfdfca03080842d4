/** A slice's share of what was read, and the places within it. */

import type { PartitionPlace } from '../core/checkpoint.ts';
import type { RecordedEvent } from '../core/event.ts';

/** A share of what was read. */
export interface Share {
  /** Events of the slice behind its place, one partition after the other, in each in order. */
  readonly events: readonly RecordedEvent[];
  /** How far was read. */
  readonly places: readonly PartitionPlace[];
  readonly isCaughtUp: boolean;
}

/** For each event of a share the place before it: that of the event before it in its partition, or where the slice was. */
export function placesBefore(
  events: readonly RecordedEvent[],
  from: readonly PartitionPlace[],
): (event: RecordedEvent) => PartitionPlace {
  const before = new Map<string, PartitionPlace>();
  let last: RecordedEvent | undefined;
  let place: PartitionPlace | undefined;
  for (const event of events) {
    const { partition, position } = event;
    if (last?.partition !== partition) place = from[partition];
    // Upcasters may have made several of one.
    else if (last.position !== position) place = { position: last.position, eventId: last.id };
    if (place !== undefined) before.set(keyOf(event), place);
    last = event;
  }
  return (event) => before.get(keyOf(event)) ?? from[event.partition] ?? { position: 0, eventId: undefined };
}

/** The part of a share with so many events at most, but one that was stored at least, and the places where it ends. */
export function partOf(share: Share, from: readonly PartitionPlace[], countMax: number): Share {
  const { events, places } = share;
  if (events.length <= countMax) return share;
  let end = countMax;
  while (end > 0 && isOneStored(events[end - 1], events[end])) end -= 1;
  // All of what upcasters made of the first one: it cannot be parted.
  if (end === 0) end = events.findIndex((event) => !isOneStored(event, events[0]));
  if (end === -1) return share;
  const beforeOf = placesBefore(events, from);
  const left = events.slice(end);
  return {
    events: events.slice(0, end),
    places: places.map((place, partition) => {
      const first = left.find((event) => event.partition === partition);
      return first === undefined ? place : beforeOf(first);
    }),
    isCaughtUp: false,
  };
}

function isOneStored(left: RecordedEvent | undefined, right: RecordedEvent | undefined): boolean {
  return left?.partition === right?.partition && left?.position === right?.position;
}

function keyOf({ partition, position }: RecordedEvent): string {
  return `${partition}-${position}`;
}

/** The sum of positions, which grows whenever one of them does. */
export function sumOf(places: readonly PartitionPlace[]): number {
  return places.reduce((sum, { position }) => sum + position, 0);
}

/** The place that lies further in its partition. */
export function further(left: PartitionPlace, right: PartitionPlace | undefined): PartitionPlace {
  return right !== undefined && right.position > left.position ? right : left;
}

/** In each partition the least advanced place. */
export function leastOf(all: readonly (readonly PartitionPlace[])[]): readonly PartitionPlace[] {
  const [first = [], ...rest] = all;
  return first.map((place, partition) =>
    rest.reduce((least, places) => {
      const other = places[partition];
      return other !== undefined && other.position < least.position ? other : least;
    }, place),
  );
}
