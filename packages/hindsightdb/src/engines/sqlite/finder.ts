/**
 * The finder: where in the log the events are that a filter means. It joins the lists of the index tables, which end before
 * the head, with a look at each event of the tail behind them. Used by reads, and by the writer for conditions.
 */

import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { matchesQuery, type QueryItem } from '../../core/query.ts';
import { categoryOf, isReserved } from '../../core/stream-id.ts';
import type { Direction, LogFilter } from '../../engine/contract.ts';
import { allOf, anyOf, tablePosting, type Budget, type Posting, type PostingStatements } from './postings.ts';
import { numberOf, prepareArrays, rowOf } from './rows.ts';
import type { Tail, TailEntry } from './tail.ts';

/** A part of the log to look through. */
export interface FindRange {
  readonly direction: Direction;
  /** Exclusive. */
  readonly from: number;
  /** Inclusive. */
  readonly until: number;
  /** How many positions are wanted. */
  readonly limit: number;
  /** After how many steps through the lists the search pauses. */
  readonly stepsMax: number;
}

/** Positions in the order of the walk. */
export interface Found {
  readonly positions: readonly number[];
  /** Whether the range was looked through to its end. */
  readonly isEnd: boolean;
  /** How far was looked, where that is further than the last position found; undefined when the limit ended the search. */
  readonly lookedTo: number | undefined;
}

/** Finds positions by filter. Call it inside the transaction in which the tail was refreshed. */
export class Finder {
  readonly #tail: Tail;
  readonly #kinds: {
    readonly byType: StatementSync;
    readonly byCategory: StatementSync;
    readonly byBoth: StatementSync;
  };
  readonly #tagKey: StatementSync;
  readonly #kindEvents: PostingStatements;
  readonly #tagEvents: PostingStatements;
  readonly #streamEvents: PostingStatements;
  readonly #streamKey: StatementSync;

  constructor(database: DatabaseSync, tail: Tail) {
    this.#tail = tail;
    const kinds = (where: string): StatementSync =>
      prepareArrays(database, `SELECT key, category, type FROM kind WHERE ${where}`);
    this.#kinds = {
      byType: kinds('type = ?'),
      byCategory: kinds('category = ?'),
      byBoth: kinds('category = ? AND type = ?'),
    };
    this.#tagKey = prepareArrays(database, 'SELECT key FROM tag WHERE tag = ?');
    this.#streamKey = prepareArrays(database, 'SELECT key FROM stream WHERE stream_id = ?');
    this.#kindEvents = postingStatements(database, 'kind_event', 'kind');
    this.#tagEvents = postingStatements(database, 'tag_event', 'tag');
    this.#streamEvents = streamStatements(database);
  }

  /** The positions of the events that the filter means, nearest first. */
  find(filter: LogFilter, range: FindRange): Found {
    return range.direction === 'forward' ? this.#findForward(filter, range) : this.#findBackward(filter, range);
  }

  #findForward(filter: LogFilter, range: FindRange): Found {
    const { from, until, limit } = range;
    const indexedTo = this.#indexedTo(filter);
    const walk: Walk = from >= indexedTo ? noWalk : this.#walk(filter, range, Math.min(until, indexedTo));
    if (walk.pausedAt !== undefined && walk.positions.length <= limit)
      return { positions: walk.positions, isEnd: false, lookedTo: walk.pausedAt - 1 };
    const isWanted = (entry: TailEntry): boolean =>
      entry.position > from && entry.position <= until && this.#matches(filter, entry);
    const inTail =
      walk.positions.length > limit
        ? []
        : this.#behindIndex(filter)
            .filter(isWanted)
            .map((entry) => entry.position);
    return foundOf([...walk.positions, ...inTail], range);
  }

  #findBackward(filter: LogFilter, range: FindRange): Found {
    const { from, until, limit } = range;
    const isWanted = (entry: TailEntry): boolean =>
      entry.position < from && entry.position >= until && this.#matches(filter, entry);
    const inTail = this.#behindIndex(filter)
      .filter(isWanted)
      .map((entry) => entry.position);
    inTail.reverse();
    const start = Math.min(from, this.#indexedTo(filter) + 1);
    const isDone = inTail.length > limit || start <= until;
    const walk: Walk = isDone
      ? noWalk
      : this.#walk(filter, { ...range, from: start, limit: limit - inTail.length }, until);
    const positions = [...inTail, ...walk.positions];
    if (walk.pausedAt !== undefined && positions.length <= limit)
      return { positions, isEnd: false, lookedTo: walk.pausedAt + 1 };
    return foundOf(positions, range);
  }

  /** How far the index tables reach that the filter is looked up in. */
  #indexedTo({ streamId }: LogFilter): number {
    return streamId === undefined ? this.#tail.indexedTo : this.#tail.streamsIndexedTo;
  }

  /** The events behind them among which matches may be. */
  #behindIndex({ streamId }: LogFilter): readonly TailEntry[] {
    return streamId === undefined ? this.#tail.unindexed : this.#tail.entriesOf(streamId);
  }

  /** One more position than wanted, where there is one, so that the caller knows whether it is the end. */
  #walk(filter: LogFilter, { direction, from, limit, stepsMax }: FindRange, until: number): Walk {
    const budget: Budget = { stepsLeft: stepsMax, pausedAt: undefined };
    const posting = this.#posting(filter, direction, budget);
    const positions: number[] = [];
    const step = direction === 'forward' ? 1 : -1;
    const isPast = (position: number, bound: number): boolean =>
      direction === 'forward' ? position > bound : position < bound;
    for (let target = from + step; positions.length <= limit;) {
      const position = posting?.seek(target);
      const { pausedAt } = budget;
      if (pausedAt !== undefined && (position === undefined || !isPast(pausedAt, position)))
        return { positions, pausedAt: isPast(pausedAt, until) ? undefined : pausedAt };
      if (position === undefined || isPast(position, until)) break;
      positions.push(position);
      target = position + step;
    }
    return { positions, pausedAt: undefined };
  }

  /** The list that a filter means; undefined when nothing can match. */
  #posting(filter: LogFilter, direction: Direction, budget: Budget): Posting | undefined {
    const { streamId, category, query, includeReserved } = filter;
    if (streamId === undefined) return this.#queryPosting(filter, direction, budget);
    const own = categoryOf(streamId);
    const key = numberOf(this.#streamKey.get(streamId), 0);
    if (key === 0 || (category !== undefined && category !== own) || (!includeReserved && isReserved(streamId)))
      return undefined;
    const stream = tablePosting(this.#streamEvents, key, direction);
    // Most streams hold no reserved types; then nothing stands beside the list of the stream.
    const isAllWanted = includeReserved || !this.#kindKeys(own, []).some(({ type }) => isReserved(type));
    if (query === undefined && isAllWanted) return stream;
    const wanted = this.#queryPosting({ ...filter, category: own }, direction, budget);
    return wanted && allOf([stream, wanted], direction, budget);
  }

  #queryPosting(filter: LogFilter, direction: Direction, budget: Budget): Posting | undefined {
    if (filter.query === undefined) return this.#kindsPosting(filter, [], direction);
    const items = filter.query
      .map((item) => this.#itemPosting(filter, item, direction, budget))
      .filter((posting) => posting !== undefined);
    return items.length === 0 ? undefined : anyOf(items, direction);
  }

  #itemPosting(
    filter: LogFilter,
    { types = [], tags = [] }: QueryItem,
    direction: Direction,
    budget: Budget,
  ): Posting | undefined {
    const lists: Posting[] = [];
    for (const tag of tags) {
      const key = numberOf(this.#tagKey.get(tag), 0);
      if (key === 0) return undefined;
      lists.push(tablePosting(this.#tagEvents, key, direction));
    }
    if (types.length > 0 || filter.category !== undefined || lists.length === 0) {
      const kinds = this.#kindsPosting(filter, types, direction);
      if (kinds === undefined) return undefined;
      lists.push(kinds);
    }
    return allOf(lists, direction, budget);
  }

  #kindsPosting(
    { category, includeReserved }: LogFilter,
    types: readonly string[],
    direction: Direction,
  ): Posting | undefined {
    const keys = this.#kindKeys(category, types).filter(
      (kind) => includeReserved || !(isReserved(kind.category) || isReserved(kind.type)),
    );
    return keys.length === 0
      ? undefined
      : anyOf(
          keys.map(({ key }) => tablePosting(this.#kindEvents, key, direction)),
          direction,
        );
  }

  #kindKeys(category: string | undefined, types: readonly string[]): readonly Kind[] {
    if (types.length === 0) return category === undefined ? [] : kindsOf(this.#kinds.byCategory, category);
    return types.flatMap((type) =>
      category === undefined ? kindsOf(this.#kinds.byType, type) : kindsOf(this.#kinds.byBoth, category, type),
    );
  }

  #matches({ category, streamId, query, includeReserved }: LogFilter, entry: TailEntry): boolean {
    if (streamId !== undefined && entry.streamId !== streamId) return false;
    if (category !== undefined && categoryOf(entry.streamId) !== category) return false;
    if (!includeReserved && isReserved(entry.streamId)) return false;
    const { type, tags } = this.#tail.labels(entry);
    return (includeReserved || !isReserved(type)) && (query === undefined || matchesQuery(query, type, tags));
  }
}

interface Kind {
  readonly key: number;
  readonly category: string;
  readonly type: string;
}

function kindsOf(statement: StatementSync, ...values: SQLInputValue[]): readonly Kind[] {
  return statement.all(...values).map((row) => {
    const [key, category, type] = rowOf(row);
    return { key: Number(key), category: String(category), type: String(type) };
  });
}

/** Positions found in the index tables, and where the search paused if it did. */
interface Walk {
  readonly positions: readonly number[];
  readonly pausedAt: number | undefined;
}

const noWalk: Walk = { positions: [], pausedAt: undefined };

function foundOf(positions: readonly number[], { limit, until }: FindRange): Found {
  const isEnd = positions.length <= limit;
  return { positions: isEnd ? positions : positions.slice(0, limit), isEnd, lookedTo: isEnd ? until : undefined };
}

function postingStatements(database: DatabaseSync, table: string, key: string): PostingStatements {
  return {
    forward: prepareArrays(
      database,
      `SELECT position FROM ${table} WHERE ${key} = ? AND position >= ? ORDER BY position LIMIT ?`,
    ),
    backward: prepareArrays(
      database,
      `SELECT position FROM ${table} WHERE ${key} = ? AND position <= ? ORDER BY position DESC LIMIT ?`,
    ),
  };
}

/** A stream's events by position. Their index is by version, whose order is the same; the place in it is found by halving. */
function streamStatements(database: DatabaseSync): PostingStatements {
  const first = `WITH RECURSIVE halving(low, high) AS (
      SELECT 1, coalesce((SELECT max(version) FROM stream_event WHERE stream = ?1), 0) + 1
      UNION ALL
      SELECT CASE WHEN (SELECT position FROM stream_event WHERE stream = ?1 AND version = (low + high) / 2) >= ?2 THEN low ELSE (low + high) / 2 + 1 END,
             CASE WHEN (SELECT position FROM stream_event WHERE stream = ?1 AND version = (low + high) / 2) >= ?2 THEN (low + high) / 2 ELSE high END
      FROM halving WHERE low < high
    ) SELECT low FROM halving WHERE low = high`;
  return {
    forward: prepareArrays(
      database,
      `SELECT position FROM stream_event WHERE stream = ?1 AND version >= (${first}) ORDER BY version LIMIT ?3`,
    ),
    backward: prepareArrays(
      database,
      `SELECT position FROM stream_event WHERE stream = ?1 AND version <= (${first}) AND position <= ?2 ORDER BY version DESC LIMIT ?3`,
    ),
  };
}
