/**
 * Whether an append that was refused for its versions was written before. It is judged after the answer: events at a version
 * never change, so it makes no difference when they are looked at.
 */

import { idOfRecord } from '../../core/record.ts';
import { partitionOf } from '../../core/stream-id.ts';
import type { AppendAnswer, AppendBatch, StoredEvent } from '../../engine/contract.ts';
import { judgeRepetition } from '../../engine/judge-append.ts';

/** The answer to a refused append; another one where it had been written already. */
export async function repeatedAnswer(
  batch: AppendBatch,
  answer: AppendAnswer,
  engine: {
    readonly partitionCount: number;
    /** The events of a stream from a version on, so many at most, whatever its settings hide. */
    eventsFrom(streamId: string, version: number, limit: number): Promise<readonly StoredEvent[]>;
    /** The version that a stream has. */
    versionOf(streamId: string): Promise<number>;
  },
): Promise<AppendAnswer> {
  if (answer.kind !== 'conflict' || batch.key !== undefined) return answer;
  const events = new Map<string, StoredEvent>();
  const versions = new Map<string, number>();
  for (const { streamId, expectedVersion, events: given } of batch.streams) {
    const expected = expectedVersion === 'none' ? 0 : expectedVersion;
    if (typeof expected !== 'number') versions.set(streamId, await engine.versionOf(streamId));
    else if (given.length > 0)
      for (const event of await engine.eventsFrom(streamId, expected + 1, given.length))
        events.set(`${event.version} ${streamId}`, event);
  }
  const repetition = judgeRepetition(batch, {
    eventAtVersion: (streamId, version) => {
      const event = events.get(`${version} ${streamId}`);
      return event && { id: idOfRecord(event.record), event };
    },
    stream: (streamId) => ({ version: versions.get(streamId) ?? 0 }),
    partitionOf: (streamId) => partitionOf(streamId, engine.partitionCount),
  });
  return repetition?.kind === 'write' || repetition === undefined ? answer : repetition;
}
