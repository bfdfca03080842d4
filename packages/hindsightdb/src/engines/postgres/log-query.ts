/**
 * A page of the log as one question. Without a filter it walks the primary key; with one, every alternative of the filter is a
 * walk along an index in the order of positions, cut off at the page's size, and the walks are merged.
 */

import type { QueryItem } from '../../core/query.ts';
import type { LogFilter, LogReadRequest } from '../../engine/contract.ts';
import type { Tables } from './tables.ts';

/** Gathers values and gives their places in the text. */
export class Values {
  readonly list: unknown[] = [];

  /** The placeholder of a value. */
  add(value: unknown): string {
    this.list.push(value);
    return `$${this.list.length}`;
  }
}

interface Range {
  readonly values: Values;
  /** Of columns of `alias`: which positions are in range. */
  readonly within: (alias: string) => string;
  readonly order: 'ASC' | 'DESC';
  readonly limit: string;
  readonly partition: string;
}

/** The columns of an event, as they are read from every answer. */
export const eventColumns = 'stream_id, version, partition, position, recorded_at, record';

/**
 * A page as rows of: the last event of the range with its id, the id of the event at `from`, how many candidates there were, then
 * a candidate: whether it is shown, and its columns. One candidate more than the limit shows that there is more; those that
 * begin behind `bytesMax` are left out. At least one row, in the order of reading.
 */
export function logQuery(
  tables: Tables,
  { partition, direction, from, until, filter, limit, bytesMax }: LogReadRequest,
): { readonly text: string; readonly values: readonly unknown[] } {
  const values = new Values();
  const partitionValue = `${values.add(partition)}::smallint`;
  const fromValue = `${values.add(from)}::bigint`;
  const untilValue = `${values.add(until ?? (direction === 'forward' ? Number.MAX_SAFE_INTEGER : 1))}::bigint`;
  const order = direction === 'forward' ? 'ASC' : 'DESC';
  const range: Range = {
    values,
    partition: partitionValue,
    order,
    limit: `${values.add(limit + 1)}::bigint`,
    within: (alias) =>
      direction === 'forward'
        ? `${alias}.position > ${fromValue} AND ${alias}.position <= ${untilValue}`
        : `${alias}.position < ${fromValue} AND ${alias}.position >= ${untilValue}`,
  };
  const candidates = `SELECT e.*, (${shownCondition(filter, values)}) AS is_shown, count(*) OVER () AS candidates
    FROM (${candidateEvents(tables, filter, range)}) AS e`;
  const measured = `SELECT c.*, coalesce(sum(octet_length(record)) FILTER (WHERE is_shown) OVER (ORDER BY position ${order}
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before FROM (${candidates}) AS c`;
  const text = `SELECT edge.position, edge.id, (SELECT id FROM ${tables.event} WHERE partition = ${partitionValue} AND position = ${fromValue}),
      p.candidates, p.is_shown, p.id, p.stream_id, p.version, p.partition, p.position, p.recorded_at,
      CASE WHEN p.is_shown THEN p.record END
    FROM (SELECT 1) AS one
    LEFT JOIN LATERAL (SELECT x.position, x.id FROM ${tables.event} x WHERE x.partition = ${partitionValue} AND ${range.within('x')}
      ORDER BY x.position ${order === 'ASC' ? 'DESC' : 'ASC'} LIMIT 1) AS edge ON true
    LEFT JOIN (SELECT * FROM (${measured}) AS m WHERE before <= ${values.add(bytesMax)}::bigint) AS p ON true
    ORDER BY p.position ${order}`;
  return { text, values: values.list };
}

/** What the filter asks of an event. */
function shownCondition({ includeReserved, category, streamId, query }: LogFilter, values: Values): string {
  const parts: string[] = [];
  if (!includeReserved) parts.push(`left(e.stream_id, 1) <> '$' AND left(e.type, 1) <> '$'`);
  if (streamId !== undefined) parts.push(`e.stream_id = ${values.add(streamId)}`);
  if (category !== undefined) parts.push(`e.category = ${values.add(category)}`);
  if (query !== undefined) parts.push(`(${query.map((item) => itemCondition(item, values)).join(' OR ')})`);
  return parts.length === 0 ? 'true' : parts.join(' AND ');
}

function itemCondition({ types = [], tags = [] }: QueryItem, values: Values): string {
  const parts: string[] = [];
  if (types.length > 0) parts.push(`e.type = ANY (${values.add(types)}::text[])`);
  if (tags.length > 0) parts.push(`e.tags @> ${values.add(tags)}::text[]`);
  return parts.length === 0 ? 'true' : `(${parts.join(' AND ')})`;
}

/** The events that are looked at: everything that the filter means is among them, as far as they reach. */
function candidateEvents(tables: Tables, filter: LogFilter, range: Range): string {
  const { values, partition, within, order, limit } = range;
  const { streamId, category, query } = filter;
  const walk = (condition: string): string =>
    `SELECT * FROM ${tables.event} e WHERE ${condition}e.partition = ${partition} AND ${within('e')} ORDER BY e.position ${order} LIMIT ${limit}`;
  if (streamId !== undefined)
    return `SELECT * FROM ${tables.event} e WHERE e.stream_id = ${values.add(streamId)} AND e.partition = ${partition} AND ${within('e')} ORDER BY e.version ${order} LIMIT ${limit}`;
  if (query === undefined) return walk(category === undefined ? '' : `e.category = ${values.add(category)} AND `);
  const walks = query.flatMap(({ types = [], tags: [tag, ...others] = [] }) => {
    if (tag !== undefined) return [tagWalk(tables, { tag, others, types }, range)];
    return types.map((type) => typeWalk(tables, type, range));
  });
  return `SELECT e.* FROM (SELECT position FROM (${walks.map((each) => `(${each})`).join(' UNION ')}) AS u ORDER BY position ${order} LIMIT ${limit}) AS w
    JOIN ${tables.event} e ON e.partition = ${partition} AND e.position = w.position`;
}

function tagWalk(
  { tag: table }: Tables,
  {
    tag,
    others,
    types,
  }: { readonly tag: string; readonly others: readonly string[]; readonly types: readonly string[] },
  { values, partition, within, order, limit }: Range,
): string {
  const ofTypes = types.length === 0 ? '' : ` AND t.type = ANY (${values.add(types)}::text[])`;
  const withOthers = others.map(
    (other) =>
      ` AND EXISTS (SELECT FROM ${table} o WHERE o.partition = ${partition} AND o.tag = ${values.add(other)} AND o.position = t.position)`,
  );
  return `SELECT t.position FROM ${table} t WHERE t.partition = ${partition} AND t.tag = ${values.add(tag)} AND ${within('t')}${ofTypes}${withOthers.join('')} ORDER BY t.position ${order} LIMIT ${limit}`;
}

function typeWalk({ event }: Tables, type: string, { values, partition, within, order, limit }: Range): string {
  return `SELECT t.position FROM ${event} t WHERE t.type = ${values.add(type)} AND t.partition = ${partition} AND ${within('t')} ORDER BY t.position ${order} LIMIT ${limit}`;
}
