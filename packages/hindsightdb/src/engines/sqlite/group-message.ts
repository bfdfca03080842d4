/**
 * Groups in the form in which they cross to the writer thread and back. Objects cross by being copied key by key, which
 * costs more than the writing itself; so the common parts of a group cross as flat arrays, and only what is rare as objects.
 */

import type { AppendAnswer, AppendBatch, NewEvent, StreamWrite, Written } from '../../engine/contract.ts';
import type { PackedStatements } from './sql-message.ts';
import type { PlainError } from './sqlite-errors.ts';

type Cell = string | number | readonly string[];

/** What is written together: an append, or a write to the keyed store or by SQL, which is one without streams. */
export interface GroupMember extends AppendBatch {
  readonly statements?: PackedStatements;
}

/** How one append of a group ended. */
export type GroupAnswer = AppendAnswer | { readonly kind: 'failed'; readonly error: PlainError };

/** A group on its way to the writer. */
export interface PackedGroup {
  /** For each append with one stream and nothing else: stream id, expected version, predecessor or '', number of events, and of each event id, type, tags and record. */
  readonly cells: readonly Cell[];
  /** The other appends, by their place in the group. */
  readonly others: readonly (readonly [number, GroupMember])[];
  readonly count: number;
}

/** Answers on their way back. */
export interface PackedAnswers {
  /** For each append that was written: its place in the group, `recordedAt`, first position, and the first version of each of its streams. */
  readonly numbers: readonly number[];
  /** The other answers, by their place in the group. */
  readonly others: readonly (readonly [number, GroupAnswer])[];
}

const noTags: readonly string[] = [];

/** Packs a group. */
export function packGroup(batches: readonly GroupMember[]): PackedGroup {
  const cells: Cell[] = [];
  const others: (readonly [number, GroupMember])[] = [];
  batches.forEach((batch, index) => {
    const [only] = batch.streams;
    const isPlain =
      only !== undefined &&
      batch.streams.length === 1 &&
      batch.condition === undefined &&
      batch.key === undefined &&
      batch.keyedWrites === undefined &&
      batch.views === undefined &&
      only.effect === undefined;
    if (!isPlain) {
      others.push([index, batch]);
      return;
    }
    cells.push(only.streamId, only.expectedVersion, only.predecessorId ?? '', only.events.length);
    for (const { id, type, tags, record } of only.events) cells.push(id, type, tags, record);
  });
  return { cells, others, count: batches.length };
}

/** The group as it was packed. */
export function unpackGroup({ cells, others, count }: PackedGroup): readonly GroupMember[] {
  const batches: GroupMember[] = [];
  let cell = 0;
  let nextOther = 0;
  while (batches.length < count) {
    const other = others[nextOther];
    if (other !== undefined && other[0] === batches.length) {
      batches.push(other[1]);
      nextOther += 1;
      continue;
    }
    const eventCount = Number(cells[cell + 3]);
    batches.push({ streams: [unpackStream(cells, cell, eventCount)] });
    cell += 4 + eventCount * 4;
  }
  return batches;
}

function unpackStream(cells: readonly Cell[], start: number, eventCount: number): StreamWrite {
  const expected = cells[start + 1];
  const predecessorId = String(cells[start + 2]);
  const events: NewEvent[] = [];
  for (let cell = start + 4; events.length < eventCount; cell += 4) {
    const tags = cells[cell + 2];
    events.push({
      id: String(cells[cell]),
      type: String(cells[cell + 1]),
      tags: typeof tags === 'object' ? tags : noTags,
      record: String(cells[cell + 3]),
    });
  }
  return {
    streamId: String(cells[start]),
    expectedVersion: expected === 'exists' || expected === 'none' || typeof expected === 'number' ? expected : 'any',
    events,
    ...(predecessorId !== '' && { predecessorId }),
  };
}

/** Packs the answers to a group. */
export function packAnswers(answers: readonly GroupAnswer[]): PackedAnswers {
  const numbers: number[] = [];
  const others: (readonly [number, GroupAnswer])[] = [];
  answers.forEach((answer, index) => {
    const partition = answer.kind === 'appended' ? answer.written.partitions[0] : undefined;
    if (answer.kind !== 'appended' || partition === undefined) {
      others.push([index, answer]);
      return;
    }
    numbers.push(index, answer.written.recordedAt, partition.firstPosition);
    for (const stream of answer.written.streams) numbers.push(stream.firstVersion);
  });
  return { numbers, others };
}

/** The answers to a group, in its order. */
export function unpackAnswers(
  { numbers, others }: PackedAnswers,
  batches: readonly AppendBatch[],
): readonly (GroupAnswer | undefined)[] {
  const answers: (GroupAnswer | undefined)[] = batches.map(() => undefined);
  for (const [index, answer] of others) answers[index] = answer;
  for (let cell = 0; cell < numbers.length;) {
    const index = numbers[cell] ?? 0;
    const streams = batches[index]?.streams ?? [];
    const written = unpackWritten(numbers, cell, streams);
    answers[index] = { kind: 'appended', written };
    cell += 3 + streams.length;
  }
  return answers;
}

function unpackWritten(numbers: readonly number[], cell: number, streams: readonly StreamWrite[]): Written {
  const recordedAt = numbers[cell + 1] ?? 0;
  const firstPosition = numbers[cell + 2] ?? 0;
  let lastPosition = firstPosition - 1;
  let lastEventId = '';
  const written = streams.map(({ streamId, events }, index) => {
    const firstVersion = numbers[cell + 3 + index] ?? 0;
    lastPosition += events.length;
    lastEventId = events.at(-1)?.id ?? lastEventId;
    return { streamId, partition: 0, firstVersion, lastVersion: firstVersion + events.length - 1 };
  });
  return { recordedAt, streams: written, partitions: [{ partition: 0, firstPosition, lastPosition, lastEventId }] };
}
