/** Reading what is recorded of a command by its id: the keys that it was written under say where. */

import type { PartitionPlace } from '../core/checkpoint.ts';
import type { RecordedEvent } from '../core/event.ts';
import { isoOfMicros } from '../core/time.ts';
import { resultOf, type KeyedAnswer, type Written } from '../store/append.ts';
import { decodeStored } from '../store/decode.ts';
import { checkpointOf } from '../store/places.ts';
import type { StoreContext } from '../store/settings.ts';
import type { Outcome, OutcomeDetails } from './command.ts';
import { acceptanceKey, entityOf, outcomeKey, outcomeOfEvent } from './command-record.ts';

/** An event of a command stream, and the append that wrote it. */
export interface KeptRecord {
  readonly event: RecordedEvent;
  readonly answer: KeyedAnswer;
}

/** The event that holds a command; undefined where none was accepted under the id. */
export async function keptCommand(context: StoreContext, id: string): Promise<KeptRecord | undefined> {
  return await keptUnder(context, acceptanceKey(id));
}

/** The outcome that was written after the command; undefined where there is none, or it stands with the command. */
export async function keptOutcome(context: StoreContext, id: string): Promise<Outcome | undefined> {
  const kept = await keptUnder(context, outcomeKey(id));
  return kept && outcomeIn(context, kept.event);
}

async function keptUnder(context: StoreContext, key: string): Promise<KeptRecord | undefined> {
  const answer = await context.engine.answerOf(key);
  return answer && { answer, event: await writtenRecord(context, answer.written) };
}

/** The last event of an append: the one of the command stream, which is written behind those of the entity. */
export async function writtenRecord(context: StoreContext, written: Written): Promise<RecordedEvent> {
  const [place] = written.partitions;
  const stored = place && (await context.engine.eventAt(place.partition, place.lastPosition));
  const [event] = stored === undefined ? [] : await decodeStored(context, [stored]);
  if (event === undefined) throw new Error('An append under the key of a command has an event.');
  return event;
}

/** The outcome in an event. */
export function outcomeIn({ engine }: StoreContext, event: RecordedEvent): Outcome {
  const { command, details } = outcomeOfEvent(event);
  const places: PartitionPlace[] = [];
  for (let partition = 0; partition < engine.identity.partitionCount; partition += 1)
    places.push(
      partition === event.partition
        ? { position: event.position, eventId: event.id }
        : { position: 0, eventId: undefined },
    );
  return {
    ...details,
    commandId: command,
    streamId: entityOf(event),
    recordedAt: event.recordedAt,
    checkpoint: checkpointOf(engine, places),
  };
}

/** The outcome that was just written. */
export function outcomeWritten(
  { engine }: StoreContext,
  of: { readonly commandId: string; readonly streamId: string },
  details: OutcomeDetails,
  written: Written,
): Outcome {
  return {
    ...details,
    ...of,
    recordedAt: isoOfMicros(written.recordedAt),
    checkpoint: resultOf(engine, { kind: 'appended', written }).checkpoint,
  };
}
