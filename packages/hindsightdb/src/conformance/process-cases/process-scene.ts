/** A log with a process manager on it, for one case. */

import { runCommands } from '../../commands/index.ts';
import type { RecordedEvent } from '../../core/event.ts';
import type { Engine } from '../../engine/contract.ts';
import {
  become,
  cancelTimer,
  defineProcess,
  endProcess,
  issue,
  setTimer,
  type Process,
  type ProcessActions,
  type ProcessContext,
} from '../../processes/index.ts';
import { storeOver } from '../../store/open.ts';
import type { Store } from '../../store/store.ts';
import { defineArea, type Area } from '../area.ts';
import { outcomeOf } from '../assertions.ts';
import { add, counterCommands, type CounterCommands } from '../command-cases/counter.ts';
import { soundCommands } from '../command-cases/sound-commands.ts';
import type { LogUnderTest } from '../log-under-test.ts';
import type { ProcessRuntime } from '../process-runtime.ts';

/** What an event of the cases asks of the process manager. */
export interface Telling {
  /** Kept in the order in which it was handled. */
  readonly text?: string;
  /** Timers to be set, by name: after so many milliseconds. */
  readonly set?: Readonly<Partial<Record<TimerName, number>>>;
  readonly cancel?: TimerName;
  /** Issues a command to add to `counter-1`. */
  readonly add?: number;
  readonly end?: boolean;
}

type TimerName = 'first' | 'second' | 'third';

/** What an instance has handled, in its order. */
export type Seen = readonly string[];

/** The commands that the process manager issues. */
export const issued: CounterCommands = counterCommands();

/** How long a slice is held without a sign. */
export const leaseMs = 100;

/** A process manager that does what it is told, and keeps what it handled. */
export function obedient(slices = 1): Process<Seen> {
  const fired =
    (timer: TimerName) =>
    ({ state }: ProcessContext<Seen, TimerName>) => [
      become<Seen>([...state, timer]),
      issue(issued, { type: 'Add', streamId: 'counter-1', data: { amount: 1 } }),
    ];
  return defineProcess({
    name: 'obedient',
    startAt: 'beginning',
    slices,
    leaseMs,
    batchSizeMax: 4,
    retry: { attemptsMax: 2, firstDelayMs: 1 },
    commands: [issued],
    initialState: (): Seen => [],
    on: {
      Told: ({ data }: RecordedEvent, { state }: ProcessContext<Seen, TimerName>) => actionsFor(tellingOf(data), state),
    },
    timers: { first: fired('first'), second: fired('second'), third: fired('third') },
    rejected: { Add: ({ kind }, { state }) => become<Seen>([...state, kind]) },
  });
}

function tellingOf(data: unknown): Telling {
  // The cases append nothing else.
  return data as Telling;
}

function actionsFor(
  { text, set = {}, cancel, add: amount, end }: Telling,
  state: Seen,
): ProcessActions<Seen, TimerName> {
  return [
    ...(text === undefined ? [] : [become<Seen>([...state, text])]),
    // Names of timers and nothing else.
    ...(Object.entries(set) as [TimerName, number][]).map(([timer, afterMs]) => setTimer(timer, { afterMs })),
    ...(cancel === undefined ? [] : [cancelTimer(cancel)]),
    ...(amount === undefined ? [] : [issue(issued, add('counter-1', amount))]),
    ...(end === true ? [endProcess()] : []),
  ];
}

/** A log with a process manager on it. */
export class ProcessScene {
  readonly log: LogUnderTest;
  readonly runtime: ProcessRuntime;
  readonly store: Store;
  readonly #endings: (() => unknown)[] = [];

  /** Use {@link processArea}. */
  constructor(log: LogUnderTest, runtime: ProcessRuntime) {
    this.log = log;
    this.runtime = runtime;
    this.store = this.storeOver(log.engine);
  }

  /** A store over a handle or a view of the log. */
  storeOver(engine: Engine): Store {
    const { clock, make } = this.log;
    return storeOver(engine, { now: clock.now, newId: () => make.one().id });
  }

  /** A store over a second handle, in another process where the fixture has any; over the same one where it cannot be shared. */
  async another(): Promise<Store> {
    return this.storeOver(this.log.isShared ? await this.log.another() : this.log.engine);
  }

  /** Tells the instance of a stream something. */
  async tell(streamId: string, telling: Telling): Promise<void> {
    await this.store.append(streamId, [{ type: 'Told', data: telling }]);
  }

  /** Lets so many milliseconds pass. */
  async pass(milliseconds: number): Promise<void> {
    await this.log.clock.pass(milliseconds * 1000);
  }

  /** Has the process manager do what there is to do. */
  async advance(store: Store = this.store): Promise<void> {
    await this.runtime.advanceProcess(store, obedient());
  }

  /** The same in a process that dies on its way; then its lease runs out. */
  async advanceDying(engine: Engine): Promise<void> {
    await outcomeOf(() => this.runtime.advanceProcess(this.storeOver(engine), obedient()));
    await this.pass(leaseMs + 1);
  }

  /** What an instance has handled. */
  async seen(streamId: string): Promise<Seen> {
    return (await this.runtime.processInfo(this.store, obedient(), streamId))?.state ?? [];
  }

  /** How many steps an instance has taken. */
  async stepCount(streamId: string): Promise<number> {
    return await this.log.versionOf(`obedient-${streamId}`);
  }

  /** Decides what was issued. Fails unless that was sound. Answers what became of each command, by its id. */
  async decide(): Promise<ReadonlyMap<string, string>> {
    const consumer = await runCommands(this.store, issued);
    try {
      await consumer.waitFor(await this.store.head(), { timeoutMs: this.log.patienceMs });
    } finally {
      await consumer.stop();
    }
    return (await soundCommands(this.store)).outcomes;
  }

  /** Has something done at the end of the case. */
  atEnd(work: () => unknown): void {
    this.#endings.push(work);
  }

  /** Ends what runs. */
  async dispose(): Promise<void> {
    for (const end of this.#endings) await outcomeOf(async () => await end());
  }
}

/** An area of cases for the process managers of a runtime. */
export type ProcessArea = (runtime: ProcessRuntime) => Area;

/** An area whose cases have a process manager. */
export function processArea(
  area: string,
  cases: Readonly<Record<string, (scene: ProcessScene) => Promise<void>>>,
): ProcessArea {
  return (runtime) => {
    const bound = Object.entries(cases).map(([name, run]): [string, (log: LogUnderTest) => Promise<void>] => [
      name,
      async (log) => {
        const scene = new ProcessScene(log, runtime);
        try {
          await run(scene);
        } finally {
          await scene.dispose();
        }
      },
    ]);
    return defineArea(area, Object.fromEntries(bound));
  };
}
