/**
 * What of a record is indexed.
 */

import { removedType } from '../../core/event.ts';
import { parseRecord } from '../../core/record.ts';

/** What an event is found by. */
export interface Labels {
  readonly id: string;
  /** The type under which it was written, also when its contents were removed since. */
  readonly type: string;
  readonly tags: readonly string[];
}

/** The labels of a record. */
export function labelsOf(record: string): Labels {
  const { id, type, tags = [], data } = parseRecord(record);
  return { id, type: type === removedType ? formerType(data) : type, tags };
}

function formerType(data: unknown): string {
  const type: unknown = typeof data === 'object' && data !== null ? Reflect.get(data, 'type') : undefined;
  return typeof type === 'string' ? type : removedType;
}
