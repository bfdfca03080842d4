/**
 * What the store's declared event types say of an event, asked row by row: the store itself refuses a whole append.
 */

import { RawJson, type Event, type Store } from 'hindsightdb';
import { BadRowError } from '../source/bad-input.ts';

/** Whether the store judges types at all. */
export function hasTypes({ context }: Store): boolean {
  return context.strictTypes || context.definitions.size > 0;
}

/** The event as the store will take it: a schema sees data and not the text of data. Throws `BadRowError` where it refuses. */
export async function typedEvent(store: Store, event: Event): Promise<Event> {
  const { definitions, strictTypes } = store.context;
  const definition = definitions.get(event.type);
  if (definition === undefined && strictTypes)
    throw new BadRowError(`The event type ${JSON.stringify(event.type)} is not declared.`);
  if (definition?.schema === undefined) return event;
  const data: unknown = event.data instanceof RawJson ? event.data.toJSON() : event.data;
  const result = await definition.schema['~standard'].validate(data);
  if (result.issues !== undefined)
    throw new BadRowError(
      `The data does not satisfy the schema of ${event.type}: ${result.issues.map(({ message }) => message).join('; ')}`,
    );
  return { ...event, data };
}
