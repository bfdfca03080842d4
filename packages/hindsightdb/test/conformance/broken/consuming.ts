/** Deliberately broken consumers: each breaks one promise, and names the cases of the kit that must notice. */

import type { ConsumerRuntime, RunningConsumer } from '../../../src/conformance/index.ts';
import { libraryConsumers } from '../../../src/conformance/index.ts';
import type { ConsumerOptions } from '../../../src/consumers/index.ts';
import { decodeCheckpoint, encodeCheckpoint, type Checkpoint } from '../../../src/core/checkpoint.ts';
import type { Engine, KeyedWrite } from '../../../src/engine/contract.ts';
import type { AnyStore } from '../../../src/store/context-of.ts';
import { alteredEngine } from '../altered-engine.ts';

/** Consumers with a fault. */
export interface BrokenConsumers {
  /** The fault, in words. */
  readonly fault: string;
  readonly runtime: ConsumerRuntime;
  /** Names of the cases that must fail. */
  readonly failing: readonly string[];
  /** What the message of the first of them must say. */
  readonly because: RegExp;
}

/** The library's consumers but for what is given. */
function broken(
  fault: string,
  expected: { readonly failing: readonly string[]; readonly because: RegExp },
  changes: Partial<ConsumerRuntime>,
): BrokenConsumers {
  return { fault, ...expected, runtime: { ...libraryConsumers, ...changes } };
}

/** Consumers that see another engine than the one that is there. */
function seeing(alter: (engine: Engine) => Partial<Engine>): Partial<ConsumerRuntime> {
  return {
    startConsumer: (store, options) => libraryConsumers.startConsumer(over(store, alter), options),
    runConsumer: (store, spec, options) => libraryConsumers.runConsumer(over(store, alter), spec, options),
  };
}

function over(store: AnyStore, alter: (engine: Engine) => Partial<Engine>): AnyStore {
  const { engine } = store.context;
  return { inline: store.inline, context: { ...store.context, engine: alteredEngine(engine, alter(engine)) } };
}

/** Consumers that are started with other options than they were given. */
function startedWith(change: (options: ConsumerOptions) => ConsumerOptions): Partial<ConsumerRuntime> {
  return { startConsumer: (store, options) => libraryConsumers.startConsumer(store, change(options)) };
}

/** Consumers some of whose methods answer otherwise. */
function answering(change: (consumer: RunningConsumer) => Partial<RunningConsumer>): Partial<ConsumerRuntime> {
  return {
    startConsumer: async (store, options) => {
      const consumer = await libraryConsumers.startConsumer(store, options);
      const { name, ended } = consumer;
      return {
        name,
        ended,
        get state() {
          return consumer.state;
        },
        lag: () => consumer.lag(),
        waitFor: (...given) => consumer.waitFor(...given),
        stop: (...given) => consumer.stop(...given),
        ...change(consumer),
      };
    },
  };
}

/** An engine to which writes come changed. */
function writing(change: (write: KeyedWrite) => KeyedWrite | undefined): Partial<ConsumerRuntime> {
  return seeing((engine) => ({
    keyedWrite: (writes) => engine.keyedWrite(writes.map(change).filter((write) => write !== undefined)),
  }));
}

/**
 * Slices whose entries are written with other members than they should be. The consumer itself reads back what it meant to
 * write; everybody else, and its next life, sees what is there.
 */
function changingSlice(change: (entry: Record<string, unknown>) => Record<string, unknown>): Partial<ConsumerRuntime> {
  return seeing((engine) => {
    const meant = new Map<string, string>();
    const changed = (write: KeyedWrite): KeyedWrite => {
      if (!write.key.startsWith('slice/') || write.value === null) return write;
      const value = JSON.stringify(change(JSON.parse(write.value) as Record<string, unknown>));
      meant.set(value, write.value);
      return { ...write, value };
    };
    return {
      keyedWrite: (writes) => engine.keyedWrite(writes.map(changed)),
      keyedGet: async (key) => {
        const entry = await engine.keyedGet(key);
        return entry && { ...entry, value: meant.get(entry.value) ?? entry.value };
      },
    };
  });
}

function moved(checkpoint: Checkpoint, by: number): Checkpoint {
  const parts = decodeCheckpoint(checkpoint);
  const places = parts.places.map(({ position }) => ({ position: Math.max(0, position + by), eventId: undefined }));
  return encodeCheckpoint({ ...parts, places });
}

/** Consumers with faults. */
export const consumersBroken: readonly BrokenConsumers[] = [
  broken(
    'save the checkpoint before the event is handled',
    {
      failing: [
        'a place is recorded only when everything up to it is handled',
        'an event that fails is tried as often as was said and set aside with what follows of its entity, while others go on',
      ],
      because: /was recorded while the event at/,
    },
    startedWith((options) => {
      const { handle } = options;
      if (handle === undefined) return options;
      return {
        ...options,
        handle: (event, context) => {
          void (async () => await handle(event, context))().catch(() => undefined);
        },
      };
    }),
  ),
  broken(
    'lose the checkpoint',
    {
      failing: ['after a clean stop it goes on behind what it handled, and handles nothing twice'],
      because: /What was handled in both lives/,
    },
    changingSlice((entry) => ({
      ...entry,
      checkpoint: typeof entry['checkpoint'] === 'string' ? moved(entry['checkpoint'] as Checkpoint, -1000) : null,
    })),
  ),
  broken(
    'record a place that they have not come to',
    {
      failing: ['after a sudden end in the middle of its work nothing is missed, and no order broken'],
      because: /the first times|got|missing/,
    },
    seeing((engine) => {
      let ahead = 0;
      return {
        readLog: async (request) => {
          const page = await engine.readLog(request);
          ahead = Math.max(ahead, page.scannedTo);
          return page;
        },
        keyedWrite: (writes) =>
          engine.keyedWrite(
            writes.map((write) => {
              const entry =
                write.key.startsWith('slice/') && write.value !== null
                  ? (JSON.parse(write.value) as Record<string, unknown>)
                  : undefined;
              if (typeof entry?.['checkpoint'] !== 'string') return write;
              const parts = decodeCheckpoint(entry['checkpoint']);
              const places = parts.places.map(({ position }) => ({
                position: Math.max(position, ahead),
                eventId: undefined,
              }));
              return {
                ...write,
                value: JSON.stringify({ ...entry, checkpoint: encodeCheckpoint({ ...parts, places }) }),
              };
            }),
          ),
      };
    }),
  ),
  broken(
    'ignore the fence',
    {
      failing: ['nothing of a deposed holder is recorded: neither its place, nor its letters, nor its lease'],
      because: /before and after the deposed holder went on|did not happen/,
    },
    writing(({ expectedRevision: _ignored, ...write }) => write),
  ),
  broken(
    'take slices from holders whose lease lasts',
    { failing: ['a slice is not taken from a holder whose lease lasts'], because: /The state of another member/ },
    changingSlice((entry) => ({ ...entry, expiresAt: 0 })),
  ),
  broken(
    'never take over what a dead member held',
    {
      failing: ['the slices of a member that stops are taken over at once, and those of one that dies after its lease'],
      because: /The succession did not happen/,
    },
    changingSlice((entry) => ({
      ...entry,
      expiresAt: entry['holder'] === null ? 0 : Number(entry['expiresAt']) + 1_800_000_000,
    })),
  ),
  broken(
    'try letters out of order',
    {
      failing: ['a letter that is skipped is dropped, and those behind it are handled in order'],
      because: /What was handled|did not happen/,
    },
    seeing((engine) => ({
      keyedScan: async (request) => {
        const entries = await engine.keyedScan(request);
        if (!request.prefix.startsWith('letter/')) return entries;
        const [first, ...rest] = entries;
        return first === undefined ? entries : [first, ...rest.toReversed()];
      },
    })),
  ),
  broken(
    'do not hold back what follows a letter',
    {
      failing: [
        'an event that fails is tried as often as was said and set aside with what follows of its entity, while others go on',
        'after a restart an entity still waits behind its letters',
      ],
      because: /The tries/,
    },
    startedWith((options) => {
      const { handle } = options;
      if (handle === undefined) return options;
      return {
        ...options,
        handle: async (event, context) => {
          try {
            await handle(event, context);
          } catch {
            // Swallowed: the next event of the entity is handled as if nothing had happened.
          }
        },
      };
    }),
  ),
  broken(
    'forget at a restart which entities have letters',
    { failing: ['after a restart an entity still waits behind its letters'], because: /What was handled/ },
    seeing((engine) => ({
      keyedScan: async (request) => (request.prefix.startsWith('letter/') ? [] : await engine.keyedScan(request)),
    })),
  ),
  broken(
    'miss what is appended between catching up and following',
    {
      failing: ['what is appended while the last of what was there is handled is handled next'],
      because: /What was handled|did not happen/,
    },
    seeing((engine) => {
      const ends = new Map<number, number>();
      return {
        readLog: async (request) => {
          const end = ends.get(request.partition);
          const page = await engine.readLog(request);
          if (page.isEnd) ends.set(request.partition, page.scannedTo);
          // What came while the end was being handled is taken for handled.
          return end === request.from ? { ...page, events: page.events.slice(1) } : page;
        },
      };
    }),
  ),
  broken(
    'follow every category',
    {
      failing: ['a filter by category, stream, type, tag or query lets through exactly what it says'],
      because: /"category":"order"/,
    },
    startedWith(({ category: _ignored, ...options }) => options),
  ),
  broken(
    'look at a start at now when the first slice is taken',
    {
      failing: ['once a start at now is answered nothing that is appended is missed, in any slice'],
      because: /What was handled/,
    },
    {
      startConsumer: async (store, options) => {
        if (options.startAt !== 'now') return await libraryConsumers.startConsumer(store, options);
        const { engine } = store.context;
        const startLate = async (): Promise<RunningConsumer> => {
          // By then something was appended.
          while ((await engine.heads()).every((head) => head < 6))
            await new Promise((resolve) => setTimeout(resolve, 1));
          return await libraryConsumers.startConsumer(store, options);
        };
        const starting = startLate();
        return {
          name: options.name,
          state: { kind: 'standby' },
          ended: starting.then(async (consumer) => await consumer.ended),
          lag: async () => await (await starting).lag(),
          waitFor: async (...given) => await (await starting).waitFor(...given),
          stop: async (...given) => await (await starting).stop(...given),
        };
      },
    },
  ),
  broken(
    'say that they are never behind',
    {
      failing: ['the lag is what is not handled, and nothing when all is'],
      because: /The positions between it and the end/,
    },
    answering(() => ({ lag: async () => ({ positions: 0, behindMs: 0 }) })),
  ),
  broken(
    'say that everything is handled',
    {
      failing: ['waiting for a place ends when everything up to it is handled, in every slice, and not before'],
      because: /must be refused/,
    },
    answering(() => ({ waitFor: async () => {} })),
  ),
  broken(
    'ignore a pause',
    {
      failing: ['a paused one begins nothing until it is resumed, also when it is started anew'],
      because: /The pause did not happen/,
    },
    { pauseConsumer: async () => {} },
  ),
  broken(
    'drop letters with the reset',
    { failing: ['letters stay what they are when the consumer is taken back'], because: /The letters|did not happen/ },
    {
      resetConsumer: async (store, name) => {
        const { engine } = store.context;
        const letters = await engine.keyedScan({ prefix: `letter/${name}/`, limit: 100 });
        await engine.keyedWrite(letters.map(({ key }) => ({ key, value: null })));
        await libraryConsumers.resetConsumer(store, name);
      },
    },
  ),
  broken(
    'read the whole log into memory',
    {
      failing: ['a handler that is slow holds a bounded number of events in memory'],
      because: /are enough/,
    },
    startedWith((options) => ({ ...options, batchSizeMax: 10_000 })),
  ),
  broken(
    'go on in a log that is not theirs',
    {
      failing: [
        'after a restore the exact place where the histories part is told, and nothing is done',
        'a log that was shortened, or copied and written to on both sides, is noticed by the events themselves',
        'another log is foreign: the consumer stops, and begins anew when it is told',
      ],
      because: /was started whose place does not fit/,
    },
    startedWith((options) => ({ onDiverged: 'reset', ...options })),
  ),
  broken(
    'let reactions go on after a restore',
    {
      failing: ['a reaction stands paused after a restore, until it is resumed, and does nothing again'],
      because: /The status|The pause did not happen/,
    },
    {
      runConsumer: async (store, spec, options) => {
        const consumer = await libraryConsumers.runConsumer(store, spec, options);
        await libraryConsumers.resumeConsumer(spec.home ?? store, spec.name);
        return consumer;
      },
    },
  ),
  broken(
    'take reactions back',
    { failing: ['a reaction is never taken back'], because: /must be refused/ },
    { rewindConsumer: async () => {} },
  ),
  broken(
    'leave something behind when they are removed',
    {
      failing: ['a removed one ends, is forgotten whole, and begins anew under its name'],
      because: /What is left of it/,
    },
    {
      removeConsumer: async (store, name) => {
        const { engine } = store.context;
        const [slice] = await engine.keyedScan({ prefix: `slice/${name}/`, limit: 1 });
        await libraryConsumers.removeConsumer(store, name);
        if (slice !== undefined) await engine.keyedWrite([{ key: slice.key, value: slice.value }]);
      },
    },
  ),
];
