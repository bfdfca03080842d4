/** Functions that users declare by name, such as handlers by event type, and the query that follows from them. */

import { argumentError } from '../core/errors.ts';
import type { Query } from '../core/query.ts';
import { assertFunction, assertObject } from '../store/argument-checks.ts';

/** The functions of an object by their names. Throws a `TypeError` where anything else is among them. */
export function functionsOf<Kind extends (...given: never[]) => unknown>(
  what: string,
  given: unknown,
): ReadonlyMap<string, Kind> {
  assertObject(what, given);
  const functions = new Map<string, Kind>();
  for (const [name, each] of Object.entries<unknown>({ ...given })) {
    assertFunction(`${what}.${name}`, each);
    // What it is called with, the compiler has compared with its annotations where it was declared.
    functions.set(name, each as Kind);
  }
  return functions;
}

/** What of a query has a handler. Throws `INVALID_QUERY` where nothing has; `whose` names what the query is of. */
export function narrowedTo(handlers: ReadonlyMap<string, unknown>, query: Query, whose: string): Query {
  const items = query.flatMap((item) => {
    const types = (item.types ?? [...handlers.keys()]).filter((type) => handlers.has(type));
    return types.length === 0 ? [] : [{ ...item, types }];
  });
  if (items.length > 0) return items;
  throw argumentError('INVALID_QUERY', `The query of ${whose} means no event that has a handler.`);
}
