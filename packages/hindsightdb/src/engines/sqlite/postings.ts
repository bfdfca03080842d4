/**
 * Postings: sorted lists of positions in the index tables, walked in either direction, joined by AND and OR. A walk seeks:
 * it asks for the first position at or beyond a target, and skips what lies between. The method is the leapfrog join
 * (Veldhuizen, 2014).
 */

import type { StatementSync } from 'node:sqlite';
import type { Direction } from '../../engine/contract.ts';
import { rowOf } from './rows.ts';

/** A sorted list of positions. Targets given to `seek` never go back. */
export interface Posting {
  /** The first position at or beyond the target in the direction of the walk; undefined when there is none. */
  seek(target: number): number | undefined;
}

/** How many positions are fetched at once: few where a walk skips, more the longer it goes straight on. */
const chunkMin = 16;
const chunkMax = 512;

/** The statements that read one index table in both directions: `(key, from, limit)`, `from` inclusive. */
export interface PostingStatements {
  readonly forward: StatementSync;
  readonly backward: StatementSync;
}

/** The list of one key of an index table. */
export function tablePosting(statements: PostingStatements, key: number, direction: Direction): Posting {
  const statement = statements[direction];
  const isBeyond =
    direction === 'forward'
      ? (position: number, target: number) => position >= target
      : (position: number, target: number) => position <= target;
  let chunk: readonly number[] = [];
  let index = 0;
  let size = chunkMin;
  let isEnd = false;
  return {
    seek(target) {
      for (;;) {
        while (index < chunk.length) {
          const position = chunk[index];
          if (position !== undefined && isBeyond(position, target)) return position;
          index += 1;
        }
        if (isEnd) return undefined;
        chunk = statement.all(key, target, size).map((row) => Number(rowOf(row)[0]));
        isEnd = chunk.length < size;
        index = 0;
        size = Math.min(size * 2, chunkMax);
      }
    },
  };
}

/** Positions that are in any of the lists. */
export function anyOf(postings: readonly Posting[], direction: Direction): Posting {
  const [only, ...others] = postings;
  if (only !== undefined && others.length === 0) return only;
  const nearer = direction === 'forward' ? Math.min : Math.max;
  return {
    seek(target) {
      let found: number | undefined;
      for (const posting of postings) {
        const position = posting.seek(target);
        if (position !== undefined) found = found === undefined ? position : nearer(found, position);
      }
      return found;
    },
  };
}

/** Bounds a search that may skip through long lists without finding anything. */
export interface Budget {
  stepsLeft: number;
  /** The nearest position from which some list of the search still has to be looked through, once the steps are used up. */
  pausedAt: number | undefined;
}

/** Positions that are in all of the lists. Pauses when the budget is used up; what it then gives beyond `pausedAt` is not the nearest. */
export function allOf(postings: readonly Posting[], direction: Direction, budget: Budget): Posting {
  const [only, ...others] = postings;
  if (only !== undefined && others.length === 0) return only;
  const nearer = direction === 'forward' ? Math.min : Math.max;
  return {
    seek(target) {
      let candidate = target;
      // Every list moves the candidate on or agrees; when all agreed in a row it is in all of them.
      for (let agreed = 0, turn = 0; agreed < postings.length; turn += 1) {
        budget.stepsLeft -= 1;
        if (budget.stepsLeft < 0) {
          budget.pausedAt = budget.pausedAt === undefined ? candidate : nearer(budget.pausedAt, candidate);
          return undefined;
        }
        const position = postings[turn % postings.length]?.seek(candidate);
        if (position === undefined) return undefined;
        agreed = position === candidate ? agreed + 1 : 1;
        candidate = position;
      }
      return candidate;
    },
  };
}
