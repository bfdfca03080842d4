/** A log with consumers on it, for one case. */

import type { ConsumerSpec } from '../../consumers/consumer-spec.ts';
import type { ConsumerOptions, Letter } from '../../consumers/index.ts';
import type { Event, RecordedEvent } from '../../core/event.ts';
import type { Engine } from '../../engine/contract.ts';
import { storeOver } from '../../store/open.ts';
import type { Store } from '../../store/store.ts';
import { defineArea, type Area } from '../area.ts';
import { equal, outcomeOf, within } from '../assertions.ts';
import type { ConsumerRuntime, RunningConsumer } from '../consumer-runtime.ts';
import { openLogUnderTest, type LogUnderTest } from '../log-under-test.ts';

/** Two tries with hardly a pause. */
export const twoTries = { attemptsMax: 2, firstDelayMs: 1 } as const;
/** The shortest lease that there is, in milliseconds. */
export const leaseMs = 100;

type Handle = NonNullable<ConsumerOptions['handle']>;

/** A log with consumers on it. All of them are stopped at the end of the case. */
export class ConsumerScene {
  readonly log: LogUnderTest;
  readonly runtime: ConsumerRuntime;
  readonly store: Store;
  readonly #running: RunningConsumer[] = [];
  readonly #twins: LogUnderTest[] = [];
  /** Called at the end, so that what a case holds back lets go. */
  readonly #endings: (() => void)[] = [];

  /** Use {@link consumerArea}. */
  constructor(log: LogUnderTest, runtime: ConsumerRuntime) {
    this.log = log;
    this.runtime = runtime;
    this.store = this.storeOver(log.engine);
  }

  /** A store over another handle or view of the log. */
  storeOver(engine: Engine): Store {
    const { clock, make } = this.log;
    return storeOver(engine, { now: clock.now, newId: () => make.one().id });
  }

  /** A store over a second handle, in another process where the fixture has any; over the same one where it cannot be shared. */
  async another(): Promise<Engine> {
    return this.log.isShared ? await this.log.another() : this.log.engine;
  }

  /** Another log of the same kind, empty. */
  async twin(): Promise<LogUnderTest> {
    const twin = await openLogUnderTest(this.log.fixture);
    this.#twins.push(twin);
    return twin;
  }

  /** Starts a consumer from the beginning on. */
  async start(
    name: string,
    handle: Handle | undefined,
    options: Partial<ConsumerOptions> = {},
    store: Store = this.store,
  ): Promise<RunningConsumer> {
    const all = { name, startAt: 'beginning', ...(handle && { handle }), ...options } as const;
    return this.#keep(await this.runtime.startConsumer(store, all));
  }

  /** Starts a consumer that acts on the world. */
  async react(name: string, handle: (event: RecordedEvent) => void, store: Store): Promise<RunningConsumer> {
    const spec: ConsumerSpec = {
      kind: 'reaction',
      name,
      filter: {},
      startAt: 'beginning',
      handle: async ({ events }) => {
        for (const event of events) handle(event);
        return {};
      },
    };
    return this.#keep(await this.runtime.runConsumer(store, spec));
  }

  #keep(consumer: RunningConsumer): RunningConsumer {
    this.#running.push(consumer);
    return consumer;
  }

  /** Appends numbered events to each stream in turn. */
  async appendRounds(streamIds: readonly string[], rounds: number, event: Partial<Event> = {}): Promise<void> {
    for (let round = 0; round < rounds; round += 1)
      for (const streamId of streamIds) await this.store.append(streamId, [{ type: 'Counted', data: round, ...event }]);
  }

  /** Waits until a consumer has handled what is in the log. */
  async settle(consumer: RunningConsumer, store: Store = this.store): Promise<void> {
    await consumer.waitFor(await store.head(), { timeoutMs: this.log.patienceMs });
  }

  /** Starts a consumer, lets it handle what is there, and stops it. Answers what it handled. */
  async collect(name: string, options: Partial<ConsumerOptions> = {}, store: Store = this.store): Promise<string[]> {
    const seen: string[] = [];
    const consumer = await this.start(name, (event) => void seen.push(nameOf(event)), options, store);
    await this.settle(consumer, store);
    await consumer.stop();
    return seen;
  }

  /** The letters of a consumer. */
  async letters(consumer: string): Promise<readonly Letter[]> {
    const letters: Letter[] = [];
    for await (const letter of this.runtime.listLetters(this.store, consumer)) letters.push(letter);
    return letters;
  }

  /** Looks until it holds. */
  async eventually(what: string, look: () => boolean | Promise<boolean>): Promise<void> {
    await this.log.eventually(what, async () => await look());
  }

  /** Something that handlers wait for: until it is let go, and until the end of the case at the latest. */
  gate(): Gate {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#endings.push(resolve);
    return { opened: promise, open: resolve };
  }

  /** Has something done at the end of the case, before consumers are stopped. */
  atEnd(work: () => void): void {
    this.#endings.push(work);
  }

  /** Stops the consumers and throws further logs away. */
  async dispose(): Promise<void> {
    for (const end of this.#endings) end();
    const stop = Promise.all(this.#running.map((consumer) => consumer.stop({ timeoutMs: 0 })));
    await outcomeOf(() => within(this.log.patienceMs, 'The end of the consumers', stop));
    for (const twin of this.#twins) await twin.dispose();
  }
}

/** Opens once. */
export interface Gate {
  readonly opened: Promise<void>;
  readonly open: () => void;
}

/** An area of cases for the consumers of a runtime. */
export type ConsumerArea = (runtime: ConsumerRuntime) => Area;

/** An area whose cases have consumers. */
export function consumerArea(
  area: string,
  cases: Readonly<Record<string, (scene: ConsumerScene) => Promise<void>>>,
): ConsumerArea {
  return (runtime) =>
    defineArea(
      `consumers: ${area}`,
      Object.fromEntries(
        Object.entries(cases).map(([name, run]) => [
          name,
          async (log) => {
            const scene = new ConsumerScene(log, runtime);
            try {
              await run(scene);
            } finally {
              await scene.dispose();
            }
          },
        ]),
      ),
    );
}

/** `order-1 3` for the third event of `order-1`. */
export function nameOf({ streamId, version }: Pick<RecordedEvent, 'streamId' | 'version'>): string {
  return `${streamId} ${version}`;
}

/** Names of the first so many events of each stream. */
export function namesOf(streamIds: readonly string[], count: number): string[] {
  return streamIds.flatMap((streamId) => Array.from({ length: count }, (_, index) => `${streamId} ${index + 1}`));
}

/** Fails unless these were handled, each once, and those of an entity in order. */
export function equalHandled(seen: readonly string[], expected: readonly string[], what: string): void {
  equal(byEntity(seen), byEntity(expected), what);
}

/** The same, though some may have been handled more than once: the first times are looked at. */
export function coversHandled(seen: readonly string[], expected: readonly string[], what: string): void {
  equalHandled([...new Set(seen)], expected, what);
}

function byEntity(names: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const entities: Record<string, string[]> = {};
  for (const name of names) (entities[streamOf(name)] ??= []).push(name);
  return entities;
}

function streamOf(name: string): string {
  return name.slice(0, name.indexOf(' '));
}
