/** A log with timers on it, for one case. */

import type { Engine } from '../../engine/contract.ts';
import { storeOver } from '../../store/open.ts';
import type { Store } from '../../store/store.ts';
import { defineTimers, type Firing, type Timer, type Timers } from '../../timers/index.ts';
import { defineArea, type Area } from '../area.ts';
import { outcomeOf } from '../assertions.ts';
import type { LogUnderTest } from '../log-under-test.ts';
import type { TimerRuntime } from '../timer-runtime.ts';

/** What the timers of the cases carry: what their event says. */
export interface Ringing {
  readonly text: string;
}

const group = 'bells';

/** A log with timers on it. Whatever fires them is stopped at the end of the case. */
export class TimerScene {
  readonly log: LogUnderTest;
  readonly runtime: TimerRuntime;
  readonly store: Store;
  readonly #endings: (() => unknown)[] = [];

  /** Use {@link timerArea}. */
  constructor(log: LogUnderTest, runtime: TimerRuntime) {
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

  /** Sets a timer that is due so many milliseconds from now. Answers the time. */
  async set(id: string, inMs: number, text: string = id, store: Store = this.store): Promise<string> {
    const dueAt = this.time(inMs);
    return (await this.runtime.setTimer(store, { group, id, dueAt, data: { text } })).dueAt;
  }

  /** The time so many milliseconds from now. */
  time(inMs: number): Date {
    return new Date(Math.floor(this.log.clock.now() / 1000) + inMs);
  }

  /** Lets so many milliseconds pass. */
  async pass(milliseconds: number): Promise<void> {
    await this.log.clock.pass(milliseconds * 1000);
  }

  /** Fires what is due. */
  async fire(timers: Timers = bells(), store: Store = this.store): Promise<number> {
    return await this.runtime.fireDue(store, timers);
  }

  /** Cancels a timer. */
  async cancel(id: string, store: Store = this.store): Promise<boolean> {
    return await this.runtime.cancelTimer(store, { group, id });
  }

  /** What rang, in the order of the log. */
  async rung(): Promise<readonly string[]> {
    const events = await this.store.readStream('tower-1').toArray();
    return events.map(({ data }) => textOf(data));
  }

  /** Something that is waited for: until it is let go, and until the end of the case at the latest. */
  gate(): { readonly opened: Promise<void>; readonly open: () => void } {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#endings.push(resolve);
    return { opened: promise, open: resolve };
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

/** Timers that ring: an event of one stream for each. */
export function bells(
  fire: (timer: Timer<Ringing>) => Firing | undefined | Promise<Firing | undefined> = ring,
): Timers {
  return defineTimers({ name: group, fire, leaseMs: 100, retry: { attemptsMax: 2, firstDelayMs: 1 } });
}

/** The event of a timer. */
export function ring({ data }: Timer<Ringing>): Firing {
  return { streamId: 'tower-1', events: [{ type: 'Rung', data }] };
}

function textOf(data: unknown): string {
  return String(Reflect.get(Object(data), 'text'));
}

/** An area of cases for the timers of a runtime. */
export type TimerArea = (runtime: TimerRuntime) => Area;

/** An area whose cases have timers. */
export function timerArea(
  area: string,
  cases: Readonly<Record<string, (scene: TimerScene) => Promise<void>>>,
): TimerArea {
  return (runtime) => {
    const bound = Object.entries(cases).map(([name, run]): [string, (log: LogUnderTest) => Promise<void>] => [
      name,
      async (log) => {
        const scene = new TimerScene(log, runtime);
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
