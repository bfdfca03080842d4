/** Deliberately broken process managers: each breaks one promise, and names the cases of the kit that must notice. */

import { libraryProcesses, type ProcessRuntime } from '../../../src/conformance/index.ts';
import { encodeRecord, parseRecord } from '../../../src/core/record.ts';
import type { AppendBatch, Engine, NewEvent, StoredEvent } from '../../../src/engine/contract.ts';
import { showing } from '../altered-engine.ts';
import { aheadBy, seenBy, type EngineChange } from './seen-store.ts';

/** Process managers with a fault. */
export interface BrokenProcesses {
  /** The fault, in words. */
  readonly fault: string;
  readonly runtime: ProcessRuntime;
  /** Names of the cases that must fail. */
  readonly failing: readonly string[];
  /** What the message of the first of them must say. */
  readonly because: RegExp;
}

function broken(
  fault: string,
  expected: { readonly failing: readonly string[]; readonly because: RegExp },
  changes: Partial<ProcessRuntime>,
): BrokenProcesses {
  return { fault, ...expected, runtime: { ...libraryProcesses, ...changes } };
}

/** Whoever runs the process manager sees another engine. */
function running(alter: EngineChange): Partial<ProcessRuntime> {
  const seen = seenBy(alter);
  return {
    advanceProcess: (store, ...given) => libraryProcesses.advanceProcess(seen(store), ...given),
    runProcess: (store, ...given) => libraryProcesses.runProcess(seen(store), ...given),
  };
}

const isStep = ({ key }: AppendBatch): boolean => key?.key.startsWith('$step/') === true;

/** A step that does not say what the instance has handled. */
function forgetful(event: NewEvent): NewEvent {
  const parsed = parseRecord(event.record);
  const data: unknown = Object.assign(Object(parsed.data), { handled: [] });
  return {
    ...event,
    record: encodeRecord({
      id: parsed.id,
      type: parsed.type,
      tags: parsed.tags ?? [],
      metadataText: JSON.stringify(parsed.metadata ?? {}),
      dataText: JSON.stringify(data),
      occurredAt: parsed.occurredAt,
      contentType: undefined,
      encoding: undefined,
    }),
  };
}

/** An engine that shows no events like this one. */
function hiding(engine: Engine, isHidden: (event: StoredEvent) => boolean): Partial<Engine> {
  return {
    readLog: async (request) => {
      const page = await engine.readLog(request);
      return { ...page, events: page.events.filter((event) => !isHidden(event)) };
    },
  };
}

/** How often a command was submitted, in all stores. */
let submissions = 0;

/** Process managers with faults. */
export const processesBroken: readonly BrokenProcesses[] = [
  broken(
    'take a step twice',
    {
      failing: ['after a sudden end right behind a step it is not taken again'],
      because: /What was handled|The number of steps/,
    },
    running((engine) => ({
      append: async (batch, options) => {
        if (!isStep(batch)) return await engine.append(batch, options);
        const { key, ...rest } = batch;
        const streams = rest.streams.map((write) => ({ ...write, events: write.events.map(forgetful) }));
        const first = await engine.append({ ...rest, streams, ...(key && { key }) }, options);
        return first.kind === 'duplicate' ? await engine.append({ ...rest, streams }, options) : first;
      },
    })),
  ),
  broken(
    'fire a timer before an event that was recorded before it was due',
    {
      failing: [
        'a timer fires behind what was recorded before it was due, and before what came later, however late it is',
      ],
      because: /What was handled where/,
    },
    {
      advanceProcess: async (store, ...given) => {
        // What was told last is not seen until the timers have fired.
        const late = seenBy((engine) =>
          hiding(engine, ({ record }) => record.includes('in time') || record.includes('too late')),
        );
        await libraryProcesses.advanceProcess(late(store), ...given);
        await libraryProcesses.advanceProcess(store, ...given);
      },
    },
  ),
  broken(
    'fire timers before their time',
    {
      failing: ['timers of an instance fire in the order of their times, once, and not before'],
      because: /What fired at once/,
    },
    {
      advanceProcess: (store, ...given) => {
        const later = <Recorded extends { readonly recordedAt: number }>(each: Recorded): Recorded => ({
          ...each,
          recordedAt: each.recordedAt + 3_600_000_000,
        });
        const early = seenBy((engine) => ({
          eventAt: async (...place) => {
            const event = await engine.eventAt(...place);
            return event && later(event);
          },
        }));
        return libraryProcesses.advanceProcess(aheadBy(3_600_000)(early(store)), ...given);
      },
    },
  ),
  broken(
    'lose the commands of a step at a sudden end',
    {
      failing: [
        'the commands of a step are submitted once, also where it ended suddenly before they were',
        'a timer that fired right before a sudden end has fired, and its command is submitted once',
      ],
      because: /What became of the commands|did not come to its second end/,
    },
    running((engine) => ({
      append: (batch, options) => {
        const { keyedWrites = [], ...rest } = batch;
        return engine.append(
          { ...rest, keyedWrites: keyedWrites.filter(({ key }) => !key.startsWith('issued/')) },
          options,
        );
      },
    })),
  ),
  broken(
    'submit the commands of a step under another id each time',
    {
      failing: ['the commands of a step are submitted once, also where it ended suddenly before they were'],
      because: /was accepted twice/,
    },
    running((engine) => ({
      append: (batch, options) => {
        const { key } = batch;
        if (key?.key.startsWith('$command/') !== true) return engine.append(batch, options);
        return engine.append({ ...batch, key: { ...key, key: `${key.key}/${(submissions += 1)}` } }, options);
      },
      answerOf: async (key) => (key.startsWith('$command/') ? undefined : await engine.answerOf(key)),
    })),
  ),
  broken(
    'leave the old time where a timer is set again',
    {
      failing: ['a timer that is set again fires at its new time alone, and none fires once the instance has ended'],
      because: /What fired at the old time|What was handled where/,
    },
    running((engine) =>
      // Whatever is read of an instance, its timers are due in an instant.
      showing(engine, (event) =>
        event.streamId.startsWith('obedient-')
          ? { ...event, record: event.record.replaceAll(/"dueAt":"[^"]*"/g, '"dueAt":"2026-03-01T00:00:00.000000Z"') }
          : event,
      ),
    ),
  ),
  broken(
    'do not hear of rejections',
    { failing: ['a command that is rejected is told of, once'], because: /What was handled/ },
    running((engine) => hiding(engine, ({ streamId }) => streamId.startsWith('$command.'))),
  ),
  broken(
    'take up events of an instance in any order',
    {
      failing: ['each input is one step, in the order of its instance, and is handled once'],
      because: /What was handled for/,
    },
    running((engine) => ({
      readLog: async (request) => {
        const page = await engine.readLog(request);
        const swapped = new Map(
          page.events.map((event, index) => [index, page.events.at(-1 - index)?.record ?? event.record]),
        );
        return {
          ...page,
          events: page.events.map((event, index) => ({ ...event, record: swapped.get(index) ?? event.record })),
        };
      },
    })),
  ),
];
