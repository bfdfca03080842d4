/** A log with commands on it, for one case. */

import type { Outcome } from '../../commands/index.ts';
import type { Consumer } from '../../consumers/index.ts';
import type { Engine } from '../../engine/contract.ts';
import { storeOver } from '../../store/open.ts';
import type { Store } from '../../store/store.ts';
import { defineArea, type Area } from '../area.ts';
import { equal, outcomeOf, within } from '../assertions.ts';
import type { CommandRuntime } from '../command-runtime.ts';
import type { LogUnderTest } from '../log-under-test.ts';
import type { CounterCommands } from './counter.ts';
import { soundCommands, type SoundLog } from './sound-commands.ts';

/** A log with commands on it. Whatever runs them is stopped at the end of the case. */
export class CommandScene {
  readonly log: LogUnderTest;
  readonly runtime: CommandRuntime;
  readonly store: Store;
  readonly #running: Consumer[] = [];
  /** Called at the end, so that what a case holds back lets go. */
  readonly #endings: (() => void)[] = [];

  /** Use {@link commandArea}. */
  constructor(log: LogUnderTest, runtime: CommandRuntime) {
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
    return this.log.isShared ? this.storeOver(await this.log.another()) : this.storeOver(this.log.engine);
  }

  /** Runs commands until the end of the case, or until it is stopped. */
  async run(commands: CounterCommands, store: Store = this.store): Promise<Consumer> {
    const consumer = await this.runtime.runCommands(store, commands);
    this.#running.push(consumer);
    return consumer;
  }

  /** Waits for the outcomes of commands. */
  async outcomesOf(ids: readonly string[], store: Store = this.store): Promise<readonly Outcome[]> {
    const { patienceMs: timeoutMs } = this.log;
    return await Promise.all(ids.map(async (id) => await this.runtime.waitForOutcome(store, id, { timeoutMs })));
  }

  /** Fails unless the log is sound, and all that was accepted has an outcome. */
  async expectSound(): Promise<SoundLog> {
    const sound = await soundCommands(this.store);
    equal(sound.open, [], 'Commands without an outcome');
    return sound;
  }

  /** Fails unless the log is sound as far as it goes. */
  async expectSoundSoFar(): Promise<SoundLog> {
    return await soundCommands(this.store);
  }

  /** Looks until it holds. */
  async eventually(what: string, look: () => boolean | Promise<boolean>): Promise<void> {
    await this.log.eventually(what, async () => await look());
  }

  /** Something that is waited for: until it is let go, and until the end of the case at the latest. */
  gate(): Gate {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#endings.push(resolve);
    return { opened: promise, open: resolve };
  }

  /** Ends what runs. The log itself is closed by whoever opened it. */
  async dispose(): Promise<void> {
    for (const end of this.#endings) end();
    const stop = Promise.all(this.#running.map(async (consumer) => await consumer.stop({ timeoutMs: 0 })));
    await outcomeOf(() => within(this.log.patienceMs, 'The end of what runs the commands', stop));
  }
}

/** All that is gone through. */
export async function gathered<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Opens once. */
export interface Gate {
  readonly opened: Promise<void>;
  readonly open: () => void;
}

/** An area of cases for the command log of a runtime. */
export type CommandArea = (runtime: CommandRuntime) => Area;

/** An area whose cases have commands. */
export function commandArea(
  area: string,
  cases: Readonly<Record<string, (scene: CommandScene) => Promise<void>>>,
): CommandArea {
  return (runtime) => {
    const bound = Object.entries(cases).map(([name, run]): [string, (log: LogUnderTest) => Promise<void>] => [
      name,
      async (log) => {
        const scene = new CommandScene(log, runtime);
        try {
          await run(scene);
        } finally {
          await scene.dispose();
        }
      },
    ]);
    return defineArea(`commands: ${area}`, Object.fromEntries(bound));
  };
}
