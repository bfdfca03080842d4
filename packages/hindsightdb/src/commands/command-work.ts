/** What is done about accepted commands: each is prepared, decided, and its outcome recorded with what was decided. */

import { isHindsightError } from '../core/errors.ts';
import type { RecordedEvent } from '../core/event.ts';
import { commandStreamOf } from '../core/stream-id.ts';
import type { SliceBatch, SliceWrites } from '../consumers/consumer-spec.ts';
import { decodeStored } from '../store/decode.ts';
import type { AnyStore } from '../store/context-of.ts';
import type { Outcome, OutcomeDetails, RecordedCommand } from './command.ts';
import { CommandLanes, type DecideItem, type LaneItem } from './command-lanes.ts';
import {
  commandOfEvent,
  commandDueType,
  dueRecordOf,
  entityOf,
  metadataBehind,
  outcomeDigest,
  outcomeEvent,
  outcomeKey,
} from './command-record.ts';
import { decideKept } from './decide-kept.ts';
import type { AnyCommands } from './define-commands.ts';
import { recordedError } from './job.ts';
import { tellOutcome } from './outcome-watch.ts';
import { keptOutcome, outcomeIn, outcomeWritten, writtenRecord } from './read-command.ts';
import { recordOutcome } from './record-outcome.ts';
import { contextFor } from './validate-command.ts';

/** How many commands of one entity are decided in one turn. */
const turnMaxDefault = 32;

/** Works on the commands of a category. */
export class CommandWork {
  readonly #store: AnyStore;
  readonly #commands: AnyCommands;
  readonly #lanes: CommandLanes;
  /** What was in the log when this began: of that, another process may have decided something. */
  readonly #heads: readonly number[];

  constructor(store: AnyStore, commands: AnyCommands, heads: readonly number[]) {
    this.#store = store;
    this.#commands = commands;
    this.#heads = heads;
    this.#lanes = new CommandLanes({
      retry: commands.retry,
      concurrencyMax: commands.concurrencyMax,
      // On a boundary nothing is decided ahead of the commit.
      turnMax: commands.boundary === undefined ? turnMaxDefault : 1,
      prepare: (item) => this.#prepare(item),
      isOver: async (item) => (await keptOutcome(store.context, commandIdOf(item.event))) !== undefined,
    });
  }

  /** Puts a batch into the lanes; the slice goes on while they are worked on. */
  handle({ events, signal }: SliceBatch): SliceWrites {
    return { later: events.map((event) => ({ event, settled: this.#lanes.add({ event, signal }) })) };
  }

  /** An operator has dropped a command that was set aside: that is its outcome. */
  async abandon(event: RecordedEvent): Promise<void> {
    const command = await this.#commandOf(event);
    await recordOutcome(this.#store, command, { kind: 'abandoned' });
    this.#lanes.forget(event);
  }

  #prepare(item: LaneItem): Promise<DecideItem | undefined> | DecideItem | undefined {
    const { event } = item;
    const isNew = event.position > (this.#heads[event.partition] ?? 0);
    if (!isNew || event.type === commandDueType || this.#commands.prepare !== undefined) return this.#prepareLate(item);
    const command = this.#declared(commandOfEvent(event));
    return this.#deciding(command, command);
  }

  async #prepareLate({ event, signal }: LaneItem): Promise<DecideItem | undefined> {
    const { context } = this.#store;
    const known = await keptOutcome(context, commandIdOf(event));
    if (known !== undefined) {
      tellOutcome(context, known);
      return undefined;
    }
    const command = this.#declared(await this.#commandOf(event));
    const { prepare } = this.#commands;
    const decided = prepare === undefined ? command : await prepare(command, contextFor(this.#store, command, signal));
    return this.#deciding(command, decided);
  }

  /** What is not declared here was accepted by other code, and is not to be decided by rules that do not know it. */
  #declared(command: RecordedCommand): RecordedCommand {
    const { name, schemas } = this.#commands;
    if (schemas.has(command.type)) return command;
    throw new Error(
      `The commands ${name}, as they are run here, have no type ${command.type}; newer code may have it.`,
    );
  }

  #deciding(command: RecordedCommand, decided: unknown): DecideItem {
    return async ({ signal }, chain) => {
      const { id, streamId } = command;
      const { context } = this.#store;
      let outcome: Outcome | Promise<Outcome> | undefined;
      try {
        await decideKept(this.#store, this.#commands, {
          streamId,
          decided,
          metadata: metadataBehind(command),
          signal,
          recording: {
            key: outcomeKey(id),
            digest: outcomeDigest,
            isRejection: (error) => !this.#commands.isFailure(error),
            streamFor: (details) => ({
              streamId: commandStreamOf(streamId),
              events: [outcomeEvent(command, details)],
            }),
            onWritten: (written, kind, details) => {
              outcome =
                kind === 'appended'
                  ? outcomeWritten(context, { commandId: id, streamId }, details, written)
                  : writtenRecord(context, written).then((event) => outcomeIn(context, event));
            },
            onFailed: () => (chain.isBroken = true),
            isHeldBack: () => chain.isBroken,
          },
        });
      } catch (error) {
        chain.isBroken = true;
        // It takes no more events, and will not by trying again.
        if (!isHindsightError(error, 'STREAM_TOMBSTONED')) throw error;
        outcome = await recordOutcome(this.#store, command, await this.#refusedByEnd(streamId, error));
        return;
      }
      if (outcome !== undefined) tellOutcome(context, await outcome);
    };
  }

  async #refusedByEnd(streamId: string, error: unknown): Promise<OutcomeDetails> {
    const { version } = await this.#store.context.engine.streamInfo(streamId);
    return { kind: 'rejected', on: version, error: recordedError(error) };
  }

  async #commandOf(event: RecordedEvent): Promise<RecordedCommand> {
    if (event.type !== commandDueType) return commandOfEvent(event);
    const { context } = this.#store;
    const page = await context.engine.readStream({
      streamId: event.streamId,
      direction: 'forward',
      fromVersion: dueRecordOf(event).version,
      limit: 1,
      bytesMax: 1,
    });
    const [record] = await decodeStored(context, page.events);
    if (record === undefined) throw new Error(`The command of ${entityOf(event)} that has come due is not there.`);
    return commandOfEvent(record);
  }
}

function commandIdOf(event: RecordedEvent): string {
  return event.type === commandDueType ? dueRecordOf(event).command : event.id;
}
