/** Recording an outcome that no decider has a part in. */

import { commandStreamOf } from '../core/stream-id.ts';
import { resultOf } from '../store/append.ts';
import type { AnyStore } from '../store/context-of.ts';
import type { KeyedWrite } from '../store/engine-types.ts';
import type { Store } from '../store/store.ts';
import type { Outcome, OutcomeDetails, RecordedCommand } from './command.ts';
import { outcomeDigest, outcomeEvent, outcomeKey } from './command-record.ts';
import { tellOutcome } from './outcome-watch.ts';
import { outcomeIn, writtenRecord } from './read-command.ts';

/** Records an outcome unless there is one, and gives the one that stands. Throws what an append throws. */
export async function recordOutcome(
  store: AnyStore,
  command: RecordedCommand,
  details: OutcomeDetails,
  keyedWrites: readonly KeyedWrite[] = [],
): Promise<Outcome> {
  const { context } = store;
  // Every store has the members that this needs, whatever events it declares.
  const answer = await (store as Store).appendInternal({
    isReservedAllowed: true,
    streams: [{ streamId: commandStreamOf(command.streamId), events: [outcomeEvent(command, details)] }],
    key: outcomeKey(command.id),
    contentDigest: outcomeDigest,
    ...(keyedWrites.length > 0 && { keyedWrites }),
  });
  resultOf(context.engine, answer);
  if (answer.kind !== 'appended' && answer.kind !== 'duplicate') throw new Error('Any other answer has thrown.');
  const outcome = outcomeIn(context, await writtenRecord(context, answer.written));
  tellOutcome(context, outcome);
  return outcome;
}
