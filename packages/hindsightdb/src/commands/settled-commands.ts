/** The commands of an entity with what became of them, read from the stream that records them. */

import { commandStreamOf } from '../core/stream-id.ts';
import type { RecordedEvent } from '../core/event.ts';
import { idOfRecord, typeOfRecord } from '../core/record.ts';
import { reasonOf } from '../core/text.ts';
import { decodeStored } from '../store/decode.ts';
import type { StoredEvent } from '../store/engine-types.ts';
import { readStreamPages } from '../store/read.ts';
import type { StoreContext } from '../store/settings.ts';
import type { OutcomeDetails, RecordedCommand } from './command.ts';
import { commandOfEvent, holdsCommand, holdsOutcome, outcomeOfEvent } from './command-record.ts';

/** A command that was accepted, and what became of it. */
export interface SettledCommand {
  readonly id: string;
  /** Where it was accepted. */
  readonly accepted: Pick<StoredEvent, 'partition' | 'position'>;
  /** Undefined where its record cannot be read. */
  readonly command: RecordedCommand | undefined;
  /** Undefined where there is none, or where it cannot be read. */
  readonly outcome: { readonly details: OutcomeDetails; readonly at: StoredEvent } | undefined;
  /** Why a record of it cannot be read. */
  readonly unreadable: string | undefined;
}

/**
 * The commands of an entity in the order of their outcomes, then those that have none. Memory holds a page, and the commands
 * that wait for their outcome.
 */
export async function* settledCommands(
  context: StoreContext,
  streamId: string,
  { fromVersion = 1, signal }: { readonly fromVersion?: number; readonly signal: AbortSignal },
): AsyncGenerator<SettledCommand> {
  const waiting = new Map<string, SettledCommand>();
  let unreadableOutcome: string | undefined;
  for await (const page of readStreamPages(context, commandStreamOf(streamId), { fromVersion, signal })())
    for (const { stored, event, unreadable } of await decodedEach(context, page.events)) {
      const type = { type: typeOfRecord(stored.record) };
      if (holdsCommand(type)) {
        const id = idOfRecord(stored.record);
        const command = event && commandOfEvent(event);
        waiting.set(id, { id, accepted: stored, command, outcome: undefined, unreadable });
      }
      if (!holdsOutcome(type)) continue;
      if (event === undefined) {
        unreadableOutcome = unreadable;
        continue;
      }
      const { command: id, details } = outcomeOfEvent(event);
      const settled = waiting.get(id);
      // One that was accepted before the first version that is read is not asked for.
      if (settled === undefined) continue;
      waiting.delete(id);
      yield { ...settled, outcome: { details, at: stored } };
    }
  for (const settled of waiting.values()) yield { ...settled, unreadable: settled.unreadable ?? unreadableOutcome };
}

interface Decoded {
  readonly stored: StoredEvent;
  readonly event: RecordedEvent | undefined;
  readonly unreadable: string | undefined;
}

/** A page is decoded at once; where the codec fails on it, event by event. Upcasters are not for the library's own records. */
async function decodedEach(context: StoreContext, page: readonly StoredEvent[]): Promise<readonly Decoded[]> {
  try {
    const events = await decodeStored(context, page);
    return page.map((stored, index) => ({ stored, event: events[index], unreadable: undefined }));
  } catch (error) {
    const [only] = page;
    if (only === undefined) return [];
    if (page.length === 1) return [{ stored: only, event: undefined, unreadable: reasonOf(error) }];
    const each: Decoded[] = [];
    for (const stored of page) each.push(...(await decodedEach(context, [stored])));
    return each;
  }
}
