/** Commands that are to be decided later: a timer gives each its turn. */

import { commandStreamOf } from '../core/stream-id.ts';
import { isoOfMicros, microsOf } from '../core/time.ts';
import { resultOf } from '../store/append.ts';
import type { AnyStore } from '../store/context-of.ts';
import type { KeyedWrite } from '../store/engine-types.ts';
import type { StoreContext } from '../store/settings.ts';
import type { Store } from '../store/store.ts';
import {
  clearWrites,
  encodedDueTimers,
  firstDue,
  readEncodedTimer,
  setWrites,
  type StoredTimer,
} from '../timers/stored-timer.ts';
import type { RecordedCommand } from './command.ts';
import { acceptanceKey, commandDueType, type DueRecord } from './command-record.ts';
import type { AnyCommands } from './define-commands.ts';

/** The timers of scheduled commands: those of the consumer that processes them. Their ids are those of the commands. */
function groupOf(consumer: string): string {
  return `commands/${consumer}`;
}

/** What is written with a command that is not due yet; undefined for one that is to be decided in its turn. */
export async function timerWritesFor(
  context: StoreContext,
  commands: AnyCommands,
  { id, dueAt, streamId }: RecordedCommand,
): Promise<readonly KeyedWrite[] | undefined> {
  if (dueAt === undefined) return undefined;
  const due = microsOf('dueAt', dueAt);
  if (due <= context.now()) return undefined;
  return await setWrites(context, undefined, {
    group: groupOf(commands.name),
    id,
    dueAt: due,
    dataText: '{}',
    streamId,
  });
}

/** What is written with the cancellation of a scheduled command: its timer goes. Empty where it has fired. */
export async function timerEndFor(
  context: StoreContext,
  consumer: string,
  { id }: RecordedCommand,
): Promise<readonly KeyedWrite[]> {
  const timer = await readEncodedTimer(context.engine, groupOf(consumer), id);
  return timer === undefined ? [] : clearWrites(timer);
}

/** How many are given their turn at once. */
const pageSize = 100;
/** A timer that another process sets is heard of after so long at most. */
const lookEveryMs = 250;

/** Gives every command that is due its turn, in the order of their times. Answers when to look again, in milliseconds. */
export async function giveTurns(store: AnyStore, consumer: string, signal: AbortSignal): Promise<number> {
  const { context } = store;
  const group = groupOf(consumer);
  while (!signal.aborted) {
    const timers = await encodedDueTimers(context.engine, group, context.now(), pageSize);
    if (timers.length === 0) break;
    const appends: Promise<void>[] = [];
    for (const timer of timers) appends.push(giveTurn(store, timer, await recordVersion(context, timer.id)));
    await Promise.all(appends);
  }
  const next = await firstDue(context.engine, group);
  return next === undefined ? lookEveryMs : Math.min(lookEveryMs, Math.max(0, (next.at - context.now()) / 1000));
}

/** Where the record of a command stands in its stream. */
async function recordVersion({ engine }: StoreContext, commandId: string): Promise<number> {
  const accepted = await engine.answerOf(acceptanceKey(commandId));
  const [stream] = accepted?.written.streams ?? [];
  if (stream === undefined) throw new Error(`The scheduled command ${commandId} is not there.`);
  return stream.lastVersion;
}

async function giveTurn(store: AnyStore, timer: StoredTimer, version: number): Promise<void> {
  const { id, dueAt, streamId = '' } = timer;
  // Every store has the members that this needs, whatever events it declares.
  const answer = await (store as Store).appendInternal({
    isReservedAllowed: true,
    streams: [
      {
        streamId: commandStreamOf(streamId),
        events: [
          {
            type: commandDueType,
            data: { command: id, version } satisfies DueRecord,
            occurredAt: isoOfMicros(dueAt),
            metadata: { causationId: id },
          },
        ],
      },
    ],
    keyedWrites: clearWrites(timer),
  });
  const isTaken = answer.kind === 'conflict' && answer.conflicts.every(({ kind }) => kind === 'keyedStore');
  // It was cancelled, or somebody else gave it its turn.
  if (!isTaken) resultOf(store.context.engine, answer);
}
