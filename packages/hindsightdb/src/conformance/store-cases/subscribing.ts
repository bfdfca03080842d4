/**
 * Subscriptions and loading through the store: what follows the log misses nothing, and a snapshot changes no answer.
 */

import type { Checkpoint } from '../../core/checkpoint.ts';
import type { RecordedEvent } from '../../core/event.ts';
import type { Fold } from '../../core/fold.ts';
import type { SubscriptionPage } from '../../store/subscribe.ts';
import { defineArea, type Area } from '../area.ts';
import { equal, refuses, within } from '../assertions.ts';
import { equalEvents, idsOf, storeOn, take } from './store-under-test.ts';

interface Counted {
  readonly count: number;
  readonly last: unknown;
}

const counting: Fold<Counted, { readonly type: string; readonly data: unknown }> = {
  initialState: { count: 0, last: null },
  evolve: (state, event) => ({ count: state.count + 1, last: event.data }),
};

/** Following and loading through the store. */
export const subscribing: Area = defineArea('the store: following and loading', {
  'a subscription sees what is there and then what is appended, without a gap or a repetition': async (log) => {
    const store = storeOn(log);
    for (let index = 0; index < 25; index += 1)
      await store.append(`order-${index % 3}`, [{ type: 'Before', data: { index } }]);
    for (const pageSize of [1, 7, 1000]) {
      const before = (await store.readLog().toArray()).length;
      const following = take(store.subscribe({ pageSize }), before + 20);
      for (let index = 0; index < 20; index += 1)
        await store.append(`order-${index % 5}`, [{ type: 'After', data: { index } }]);
      const seen = await within(log.patienceMs, 'The sight of all events by a subscription', following);
      equalEvents(seen, await store.readLog().toArray(), `What a subscription in pages of ${pageSize} saw`);
    }
  },

  'subscriptions that begin anywhere, with any filter, see exactly their part while many write': async (log) => {
    const store = storeOn(log);
    const ending = new AbortController();
    const filters = [
      [{}, () => true],
      [{ category: 'order' }, ({ streamId }: RecordedEvent) => streamId.startsWith('order-')],
      [{ streamId: 'order-1' }, ({ streamId }: RecordedEvent) => streamId === 'order-1'],
      [{ query: [{ tags: ['even'] }] }, ({ tags }: RecordedEvent) => tags.includes('even')],
    ] as const;
    const followers: {
      readonly seen: RecordedEvent[];
      readonly done: Promise<void>;
      readonly expected: () => Promise<readonly RecordedEvent[]>;
    }[] = [];
    const startAll = async (): Promise<void> => {
      const after = await store.head();
      for (const [filter, isWanted] of filters) {
        const seen: RecordedEvent[] = [];
        const done = (async () => {
          for await (const event of store.subscribe({ ...filter, after, pageSize: 5, signal: ending.signal }))
            seen.push(event);
        })();
        followers.push({
          seen,
          done,
          expected: async () => (await store.readLog({ after }).toArray()).filter((event) => isWanted(event)),
        });
      }
    };
    await startAll();
    await Promise.all(
      Array.from({ length: 6 }, async (_, writer) => {
        for (let index = 0; index < 10; index += 1) {
          await store.append(`${writer === 0 ? 'invoice' : 'order'}-${(writer + index) % 3}`, [
            { type: 'Written', data: {}, tags: index % 2 === 0 ? ['even'] : [] },
          ]);
          if (writer === 1 && index === 5) await startAll();
        }
      }),
    );
    for (const { seen, expected } of followers) {
      const due = await expected();
      await log.eventually(
        `The sight of ${due.length} events by a subscription`,
        async () => seen.length >= due.length,
      );
      equalEvents(seen, due, 'What a subscription saw');
    }
    ending.abort();
    for (const { done } of followers) await within(log.patienceMs, 'The end of a subscription with its signal', done);
  },

  'a subscription from now sees only what is appended from then on': async (log) => {
    const store = storeOn(log);
    await store.append('order-1', [{ type: 'Before', data: {} }]);
    const pages = store.subscribe({ after: 'now' }).pages()[Symbol.asyncIterator]();
    const first = await within(log.patienceMs, 'The first page of a subscription', pages.next());
    equal(
      first.done === true ? undefined : [first.value.events.length, first.value.isCaughtUp],
      [0, true],
      'The events of the first page, and whether it has caught up',
    );
    await store.append('order-1', [{ type: 'After', data: {} }]);
    const second = await within(log.patienceMs, 'The second page of a subscription', pages.next());
    equal(
      second.done === true ? undefined : second.value.events.map(({ type }) => type),
      ['After'],
      'The events of the second page',
    );
    await pages.return?.();
  },

  'a subscription that begins again at the checkpoint of a page goes on behind it': async (log) => {
    const store = storeOn(log);
    for (let index = 0; index < 20; index += 1)
      await store.append(`order-${index % 4}`, [{ type: 'A', data: { index } }]);
    const seen: RecordedEvent[] = [];
    let after: Checkpoint | 'start' = 'start';
    for (let round = 0; round < 40 && seen.length < 20; round += 1) {
      const pages: AsyncIterable<SubscriptionPage> = store.subscribe({ after, pageSize: 3 }).pages();
      const [page] = await within(log.patienceMs, 'A page of a subscription', take(pages, 1));
      seen.push(...(page?.events ?? []));
      after = page?.checkpoint ?? after;
    }
    equal(
      idsOf(seen).toSorted(),
      idsOf(await store.readLog().toArray()).toSorted(),
      'What the subscriptions saw, one after the other',
    );
  },

  'a subscription ends when the store is closed under it': async (log) => {
    const store = storeOn(log);
    await store.append('order-1', [{ type: 'A', data: {} }]);
    const following = take(store.subscribe(), 2);
    following.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await store.close();
    await refuses(
      'What a subscription goes on with after the close',
      () => within(log.patienceMs, 'The end of a subscription', following),
      'CLOSED',
    );
  },

  'a state loaded with snapshots is the state folded from all events, at every version': async (log) => {
    const store = storeOn(log);
    const policies = [{ every: 3 }, { on: ['Noted'] }, { when: (state: Counted) => state.count % 4 === 0 }] as const;
    for (let index = 1; index <= 14; index += 1) {
      await store.append('order-1', [{ type: index % 5 === 0 ? 'Noted' : 'Added', data: { index } }]);
      for (const [number, snapshots] of policies.entries()) {
        const snapshotted = { ...counting, snapshots, version: `policy ${number}` };
        for (const asOf of [undefined, { version: Math.ceil(index / 2) }]) {
          const options = asOf === undefined ? {} : { asOf };
          equal(
            await store.load(snapshotted, 'order-1', options),
            await store.load(counting, 'order-1', options),
            `The state at version ${asOf?.version ?? index}`,
          );
        }
      }
    }
    equal(
      await store.load(counting, 'order-1'),
      { state: { count: 14, last: { index: 14 } }, version: 14 },
      'The newest state',
    );
    equal(
      await store.load(counting, 'unknown'),
      { state: { count: 0, last: null }, version: 0 },
      'The state of a stream that does not exist',
    );
  },
});
