/** Deliberately broken command logs: each breaks one promise, and names the cases of the kit that must notice. */

import { libraryCommands, type CommandRuntime } from '../../../src/conformance/index.ts';
import { commandStreamOf } from '../../../src/core/stream-id.ts';
import { commandTypes } from '../../../src/core/command-types.ts';
import { commandDueType, entityOf } from '../../../src/commands/command-record.ts';
import { CommandWork } from '../../../src/commands/command-work.ts';
import type { AnyCommands } from '../../../src/commands/define-commands.ts';
import type { Consumer } from '../../../src/consumers/index.ts';
import { runConsumer } from '../../../src/consumers/run-consumer.ts';
import type { ConsumerSpec } from '../../../src/consumers/consumer-spec.ts';
import { isHindsightError } from '../../../src/core/errors.ts';
import type { AppendBatch } from '../../../src/engine/contract.ts';
import type { AnyStore } from '../../../src/store/context-of.ts';
import type { Store } from '../../../src/store/store.ts';
import { pause } from '../altered-engine.ts';
import { seenBy, type EngineChange } from './seen-store.ts';

/** A command log with a fault. */
export interface BrokenCommands {
  /** The fault, in words. */
  readonly fault: string;
  readonly runtime: CommandRuntime;
  /** Names of the cases that must fail. */
  readonly failing: readonly string[];
  /** What the message of the first of them must say. */
  readonly because: RegExp;
}

/** The library's commands but for what is given. */
function broken(
  fault: string,
  expected: { readonly failing: readonly string[]; readonly because: RegExp },
  changes: Partial<CommandRuntime>,
): BrokenCommands {
  return { fault, ...expected, runtime: { ...libraryCommands, ...changes } };
}

/** What runs the commands sees another engine. */
function running(alter: EngineChange): Partial<CommandRuntime> {
  const seen = seenBy(alter);
  return { runCommands: (store, commands, options) => libraryCommands.runCommands(seen(store), commands, options) };
}

/** Whoever submits commands sees another engine. */
function submitting(alter: EngineChange): Partial<CommandRuntime> {
  const seen = seenBy(alter);
  return { submit: (store, ...given) => libraryCommands.submit(seen(store), ...given) };
}

/** Whoever executes commands sees another engine. */
function executing(alter: EngineChange): Partial<CommandRuntime> {
  const seen = seenBy(alter);
  return { execute: (store, ...given) => libraryCommands.execute(seen(store), ...given) };
}

/** What runs the commands hands them out otherwise. */
function handingOut(
  change: (spec: ConsumerSpec, workOf: () => CommandWork) => Partial<ConsumerSpec>,
): Partial<CommandRuntime> {
  return {
    runCommands: async (store: AnyStore, commands: AnyCommands): Promise<Consumer> => {
      const { name, category, running: settings } = commands;
      const heads = await store.context.engine.heads();
      const work = new CommandWork(store, commands, heads);
      const { slices, ...rest } = settings;
      const spec: ConsumerSpec = {
        ...rest,
        kind: 'commands',
        name,
        filter: { category: commandStreamOf(category), types: [commandTypes.accepted, commandDueType] },
        startAt: 'beginning',
        onFailure: 'setAside',
        ...(slices !== undefined && { sliceCount: slices }),
        entityOf,
        handle: async (batch) => work.handle(batch),
        whenSkipped: (event) => work.abandon(event),
      };
      return await runConsumer(store, { ...spec, ...change(spec, () => new CommandWork(store, commands, heads)) });
    },
  };
}

function isUnder(batch: AppendBatch, start: string): boolean {
  return batch.key?.key.startsWith(start) === true;
}

/** An engine that keeps nothing under keys that begin so. */
function forgetting(start: string): EngineChange {
  return (engine) => ({
    append: async (batch, options) => {
      const { key: _key, ...rest } = batch;
      return await engine.append(isUnder(batch, start) ? rest : batch, options);
    },
    answerOf: async (key) => (key.startsWith(start) ? undefined : await engine.answerOf(key)),
  });
}

/** An engine that is given other batches where they record an outcome. */
function recordingOutcomes(change: (batch: AppendBatch) => AppendBatch): EngineChange {
  return (engine) => ({
    append: (batch, options) => engine.append(isUnder(batch, '$outcome/') ? change(batch) : batch, options),
  });
}

const isOfCommands = ({ streamId }: { readonly streamId: string }): boolean => streamId.startsWith('$command.');

/** Command logs with faults. */
export const commandsBroken: readonly BrokenCommands[] = [
  broken(
    'decide a command twice',
    {
      failing: [
        'after a sudden end right behind an outcome, nothing is decided twice, and what is open is decided',
        'of a cancellation and a decision one stands, and both sides are told of it',
      ],
      because: /has two outcomes/,
    },
    running((engine) => ({
      append: async (batch, options) => {
        const answer = await engine.append(batch, options);
        if (answer.kind !== 'duplicate' || !isUnder(batch, '$outcome/')) return answer;
        const { key: _key, ...again } = batch;
        return await engine.append(again, options);
      },
      answerOf: async (key) => (key.startsWith('$outcome/') ? undefined : await engine.answerOf(key)),
    })),
  ),
  broken(
    'lose outcomes',
    {
      failing: [
        'a command that is sent many times, also while it is decided, is decided once, and all get its outcome',
        'commands of an entity are decided in the order in which they were accepted, also by two who share the entities',
      ],
      because: /holds no outcome/,
    },
    running(
      recordingOutcomes((batch) => ({
        ...batch,
        streams: batch.streams.map((write) => (isOfCommands(write) ? { ...write, events: [] } : write)),
      })),
    ),
  ),
  broken(
    'record outcomes without their events',
    {
      failing: ['no reader sees an outcome without its events, or events without their outcome'],
      because: /outcomes of two events each|The events behind/,
    },
    running(
      recordingOutcomes((batch) => ({
        ...batch,
        streams: batch.streams.map((write) => (isOfCommands(write) ? write : { ...write, events: [] })),
      })),
    ),
  ),
  broken(
    'record outcomes in an append of their own',
    {
      failing: ['no reader sees an outcome without its events, or events without their outcome'],
      because: /outcomes of two events each/,
    },
    running((engine) => ({
      append: async (batch, options) => {
        if (!isUnder(batch, '$outcome/') || batch.streams.every(isOfCommands))
          return await engine.append(batch, options);
        const { key: _key, ...rest } = batch;
        const events = rest.streams.filter((write) => !isOfCommands(write) && write.events.length > 0);
        if (events.length > 0) await engine.append({ streams: events });
        for (let turn = 0; turn < 3; turn += 1) await pause();
        return await engine.append({ ...batch, streams: batch.streams.filter(isOfCommands) }, options);
      },
    })),
  ),
  broken(
    'decide the commands of an entity in any order',
    {
      failing: [
        'commands that wait together for their turn are decided in their order, whatever is asked for one of them',
      ],
      because: /waited before/,
    },
    handingOut((_spec, workOf) => ({
      // Each command has lanes of its own, so that nothing waits for anything.
      handle: async (batch) => ({
        later: batch.events.flatMap((event) => workOf().handle({ ...batch, events: [event] }).later ?? []),
      }),
    })),
  ),
  broken(
    'accept a command twice',
    {
      failing: [
        'a command that is sent many times at once, over several handles, is accepted once, and all are told the same',
        'where the answer to a write was lost, the command sent again gets the first one',
      ],
      because: /How often it was accepted/,
    },
    submitting(forgetting('$command/')),
  ),
  broken(
    'do not look at what stands under an id',
    {
      failing: ['the same id with other content is refused, and leaves no trace'],
      because: /must be refused with KEY_REUSED/,
    },
    {
      submit: async (store, commands, command, options) => {
        try {
          return await libraryCommands.submit(store, commands, command, options);
        } catch (error) {
          const known =
            isHindsightError(error, 'KEY_REUSED') && (await libraryCommands.commandInfo(store, command.id ?? ''));
          if (known === false || known === undefined) throw error;
          return { command: known.command, checkpoint: await (store as Store).head(), isDuplicate: true };
        }
      },
    },
  ),
  broken(
    'decide what was cancelled',
    {
      failing: ['of a cancellation and a decision one stands, and both sides are told of it'],
      because: /has two outcomes|What became of it|The outcomes/,
    },
    {
      ...(() => {
        const seen = seenBy((engine) => ({
          append: (batch, options) =>
            engine.append(
              batch.key === undefined ? batch : { ...batch, key: { ...batch.key, key: `cancelled/${batch.key.key}` } },
              options,
            ),
        }));
        return { cancelCommand: (store, ...given) => libraryCommands.cancelCommand(seen(store), ...given) };
      })(),
    } satisfies Partial<CommandRuntime>,
  ),
  broken(
    'execute commands before those that wait',
    {
      failing: ['a command that is executed is never decided before one that waits'],
      because: /must be refused with WAIT_TIMEOUT/,
    },
    executing((engine) => ({
      // The stream of commands seems empty, and stands wherever it is expected.
      readStream: async (request) => {
        if (!isOfCommands(request)) return await engine.readStream(request);
        return { events: [], version: 0, nextVersion: undefined };
      },
      append: (batch, options) =>
        engine.append(
          {
            ...batch,
            streams: batch.streams.map(({ predecessorId, ...write }) =>
              isOfCommands(write)
                ? { ...write, expectedVersion: 'any' }
                : { ...write, ...(predecessorId !== undefined && { predecessorId }) },
            ),
          },
          options,
        ),
    })),
  ),
  broken(
    'drop skipped letters without an outcome',
    {
      failing: ['a letter that is skipped is an outcome: the command is abandoned, and those behind it are decided'],
      because: /no outcome after|WAIT_TIMEOUT|did not happen/,
    },
    handingOut(() => ({ whenSkipped: async () => {} })),
  ),
  broken(
    'go on behind a command that failed',
    {
      failing: [
        'a command that fails is set aside with those behind it, while other entities go on',
        'once the mistake is mended and the letter is tried again, all are decided in their order',
      ],
      because: /Setting them aside did not happen|waited before/,
    },
    handingOut((_spec, workOf) => ({
      handle: async (batch) => ({
        later: batch.events.flatMap((event) => workOf().handle({ ...batch, events: [event] }).later ?? []),
      }),
    })),
  ),
  broken(
    'decide on what was there when they began',
    {
      failing: ['a decision is refused where somebody else wrote in between, and is made anew on that'],
      because: /without the foreign event|The outcome of/,
    },
    running(
      recordingOutcomes((batch) => ({
        ...batch,
        streams: batch.streams.map((write) => (isOfCommands(write) ? write : { ...write, expectedVersion: 'any' })),
      })),
    ),
  ),
  broken(
    'keep no rejections',
    {
      failing: ['a decision without events and a rejection are outcomes as well, and stand whatever happens later'],
      because: /The outcome of refused afterwards|no outcome after/,
    },
    running((engine) => {
      const isRejection = ({ streams }: AppendBatch): boolean =>
        streams.some(({ events }) => events.some(({ type }) => type === '$commandRejected'));
      return {
        append: async (batch, options) => {
          const { key: _key, ...rest } = batch;
          return await engine.append(
            isRejection(batch)
              ? {
                  ...rest,
                  streams: batch.streams.map((write) => ({
                    ...write,
                    ...(isOfCommands(write) && { streamId: 'lost-1' }),
                  })),
                }
              : batch,
            options,
          );
        },
      };
    }),
  ),
];
