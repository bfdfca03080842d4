/** The entity that an event belongs to, as the consumer says it. */

import { HindsightError } from '../core/errors.ts';
import type { RecordedEvent } from '../core/event.ts';
import { describe } from '../core/text.ts';
import { BatchFailure, type ConsumerSpec, type FailedEvent } from './consumer-spec.ts';

/** Names the entity of an event. Throws a `BatchFailure` where the consumer's code does, or names none. */
export type EntityOf = (event: RecordedEvent) => string;

/** Longer names would make keys that no engine keeps. */
const entityLengthMax = 1000;

/** How a consumer names entities: by its own function, or by the stream. */
export function entityOfSpec({ entityOf }: Pick<ConsumerSpec, 'entityOf'>): EntityOf {
  if (entityOf === undefined) return ({ streamId }) => streamId;
  return (event) => {
    let entity: unknown;
    try {
      entity = entityOf(event);
    } catch (error) {
      throw new BatchFailure(error);
    }
    if (typeof entity === 'string' && entity !== '' && entity.length <= entityLengthMax && entity.isWellFormed())
      return entity;
    const message = `The entity of the event at version ${event.version} of ${event.streamId} must be a text of 1 to ${entityLengthMax} characters, not ${describe(entity)}.`;
    throw new BatchFailure(new HindsightError('CONSUMER_FAILED', message));
  };
}

/**
 * Whether the event comes behind a failed one of the same entity. Positions can be compared within a partition; what lies in
 * another one waits in any case.
 */
export function isBehind(
  event: RecordedEvent,
  failed: readonly Pick<FailedEvent, 'event'>[],
  entityOf: EntityOf,
): boolean {
  const { partition, position } = event;
  return failed.some(
    ({ event: other }) =>
      (other.partition !== partition || other.position < position) && entityOf(other) === entityOf(event),
  );
}

/** Whether both are made of one stored event and belong to one entity. */
export function isSameWork(left: RecordedEvent, right: RecordedEvent, entityOf: EntityOf): boolean {
  return left.partition === right.partition && left.position === right.position && entityOf(left) === entityOf(right);
}

/** Each stored event once for each entity, whatever upcasters made of it. */
export function onceEach<Item>(
  items: readonly Item[],
  eventOf: (item: Item) => RecordedEvent,
  entityOf: EntityOf,
): readonly Item[] {
  const seen = new Set<string>();
  return items.filter((item) => {
    const event = eventOf(item);
    const key = `${event.partition}-${event.position}-${entityOf(event)}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
