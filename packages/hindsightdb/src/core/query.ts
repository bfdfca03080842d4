/**
 * Queries: which events are meant. Items are joined by OR; an item matches an event whose type is one of its types (none
 * given: any) and that carries all of its tags. The shape and meaning follow the specification of dynamic consistency
 * boundaries (dcb.events).
 */

import { argumentError } from './errors.ts';

/** One alternative of a query. At least one type or one tag. */
export interface QueryItem {
  readonly types?: readonly string[];
  readonly tags?: readonly string[];
}

/** Items joined by OR; at least one. */
export type Query = readonly QueryItem[];

/** Checks what a user passes as a query and returns it without repetitions. Throws `INVALID_QUERY`. */
export function normalizeQuery(query: unknown): Query {
  if (!Array.isArray(query))
    throw argumentError('INVALID_QUERY', 'A query must be an array of items like { types: [...], tags: [...] }.');
  if (query.length === 0)
    throw argumentError('INVALID_QUERY', 'A query needs at least one item; to read everything, read the log.');
  return query.map((item: unknown, index) => normalizeItem(item, index));
}

function normalizeItem(item: unknown, index: number): QueryItem {
  if (typeof item !== 'object' || item === null || Array.isArray(item))
    throw argumentError('INVALID_QUERY', `Item ${index} of the query must be an object.`);
  // A misspelt member would make the query mean more events than its author thinks.
  const strange = Object.keys(item).find((key) => key !== 'types' && key !== 'tags');
  if (strange !== undefined)
    throw argumentError(
      'INVALID_QUERY',
      `Item ${index} of the query has a member ${JSON.stringify(strange)}; it can have types and tags.`,
    );
  const types = names(item, 'types', index);
  const tags = names(item, 'tags', index);
  if (types.length === 0 && tags.length === 0) {
    throw argumentError('INVALID_QUERY', `Item ${index} of the query selects nothing: give it types, tags or both.`);
  }
  return { types, tags };
}

function names(item: object, field: 'types' | 'tags', index: number): readonly string[] {
  const value: unknown = Reflect.get(item, field) ?? [];
  if (!Array.isArray(value) || !value.every((name): name is string => typeof name === 'string' && name.length > 0)) {
    throw argumentError(
      'INVALID_QUERY',
      `${field} of item ${index} of the query must be an array of non-empty strings.`,
    );
  }
  return [...new Set(value)];
}

/** Whether an event of this type with these tags is meant by the query. */
export function matchesQuery(query: Query, type: string, tags: readonly string[]): boolean {
  return query.some((item) => matchesItem(item, type, tags));
}

function matchesItem(item: QueryItem, type: string, tags: readonly string[]): boolean {
  const { types = [], tags: wanted = [] } = item;
  return (types.length === 0 || types.includes(type)) && wanted.every((tag) => tags.includes(tag));
}
