/** Whatever is thrown by code of the user's, an error or not, is the failure of its event. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { startConsumer } from '../../src/consumers/index.ts';
import { defineProjection, documents, runProjection } from '../../src/projections/index.ts';
import { defineReaction, effect, runReaction } from '../../src/reactions/index.ts';
import { inMemory, openNew } from '../open-stores.ts';
import { impatient, lettersOf } from './scenes.ts';

const thrown: Readonly<Record<string, object>> = {
  'an object without a prototype': Object.create(null) as object,
  'an object whose text fails': {
    toString: () => {
      throw new Error('no text');
    },
  },
};

for (const [name, odd] of Object.entries(thrown))
  suite(`${name}, thrown`, () => {
    const fail = (): never => {
      // oxlint-disable-next-line only-throw-error -- that is what the test is about
      throw odd;
    };

    test('by a handler sets the event aside', async (t) => {
      const store = await openNew(t, inMemory);
      await store.append('order-1', [{ type: 'Noted', data: {} }]);
      const consumer = await startConsumer(store, {
        name: 'odd',
        startAt: 'beginning',
        retry: impatient,
        handle: fail,
      });
      await consumer.waitFor(await store.head());
      await consumer.stop();
      assert.equal((await lettersOf(store, 'odd'))[0]?.error?.message, 'an object without a text was thrown');
    });

    test('by a projection is that event’s failure', async (t) => {
      const store = await openNew(t, inMemory);
      await store.append('order-1', [{ type: 'Noted', data: {} }]);
      const projection = defineProjection({ name: 'odd', view: documents(), on: { Noted: fail } });
      const running = await runProjection(store, projection, { retry: impatient, onFailure: 'setAside' });
      await running.waitFor(await store.head());
      await running.stop();
      assert.equal((await lettersOf(store, running.consumerName)).length, 1);
    });

    test('by an effect sets the event aside', async (t) => {
      const store = await openNew(t, inMemory);
      await store.append('order-1', [{ type: 'Noted', data: {} }]);
      const reaction = defineReaction({
        name: 'odd',
        startAt: 'beginning',
        retry: impatient,
        effects: { mail: fail },
        on: { Noted: () => effect('mail') },
      });
      const consumer = await runReaction(store, reaction);
      await consumer.waitFor(await store.head());
      await consumer.stop();
      assert.equal((await lettersOf(store, 'odd')).length, 1);
    });
  });
