/** A log with projections, reactions and inboxes on it, for one case. */

import type { Event } from '../../core/event.ts';
import type { Engine } from '../../engine/contract.ts';
import { storeOver } from '../../store/open.ts';
import type { StoreOptions } from '../../store/settings.ts';
import type { Store } from '../../store/store.ts';
import { defineArea, type Area } from '../area.ts';
import type { LogUnderTest } from '../log-under-test.ts';

/** An order was placed: what the cases append. */
export type Placed = Event<'Placed', { readonly customer: string; readonly cents: number }>;

/** Two tries with hardly a pause. */
export const twoTries = { attemptsMax: 2, firstDelayMs: 1 } as const;

/** A log and the store over it. */
export class FollowerScene {
  readonly log: LogUnderTest;
  readonly store: Store;
  readonly #stores: Store[] = [];

  /** Use {@link followerArea}. */
  constructor(log: LogUnderTest) {
    this.log = log;
    this.store = this.storeOver(log.engine);
  }

  /** A store over a handle or a view of the log. */
  storeOver(engine: Engine, options: StoreOptions = {}): Store {
    const { clock, make } = this.log;
    const store = storeOver(engine, { now: clock.now, newId: () => make.one().id, ...options });
    this.#stores.push(store);
    return store;
  }

  /** Appends orders, each to a stream of its own. */
  async place(orders: Readonly<Record<string, number>>, store: Store = this.store): Promise<void> {
    for (const [streamId, cents] of Object.entries(orders)) await store.append(streamId, [placed(cents)]);
  }

  /** Ends what the stores do by themselves. The log itself is closed by whoever opened it. */
  async dispose(): Promise<void> {
    for (const store of this.#stores) await store.inline?.close();
  }
}

/** An order of one customer for three. */
export function placed(cents: number): Placed {
  return { type: 'Placed', data: { customer: `c${cents % 3}`, cents } };
}

/** An area whose cases have such a scene. */
export function followerArea(
  area: string,
  cases: Readonly<Record<string, (scene: FollowerScene) => Promise<void>>>,
): Area {
  const bound = Object.entries(cases).map(([name, run]): [string, (log: LogUnderTest) => Promise<void>] => [
    name,
    async (log: LogUnderTest): Promise<void> => {
      const scene = new FollowerScene(log);
      try {
        await run(scene);
      } finally {
        await scene.dispose();
      }
    },
  ]);
  return defineArea(area, Object.fromEntries(bound));
}
