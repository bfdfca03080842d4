/** Whoever watches the state of a projection is told of every error, whatever hangs on it. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { HindsightError } from '../../src/index.ts';
import type { ConsumerState } from '../../src/consumers/index.ts';
import { defineProjection, documents, runProjection } from '../../src/projections/index.ts';
import { alteredStore, eventually } from '../consumers/scenes.ts';
import { inMemory, openNew } from '../open-stores.ts';

suite('the state of a projection', () => {
  test('is told with an error that has no JSON form, and goes on when it passes', async (t) => {
    const plain = await openNew(t, inMemory);
    const failures: HindsightError[] = [1n, 2n].map(
      (size) => new HindsightError('STORE_BUSY', 'busy', { details: { size } }),
    );
    const store = alteredStore(plain, (engine) => ({
      readLog: async (request) => {
        const failure = failures.shift();
        if (failure !== undefined) throw failure;
        return await engine.readLog(request);
      },
    }));
    await plain.append('order-1', [{ type: 'Put', data: {} }]);
    const view = documents<{ is: true }>();
    const projection = defineProjection({ name: 'told', view, on: { Put: () => view.set('all', { is: true }) } });
    const told: ConsumerState[] = [];
    const running = await runProjection(store, projection, { onState: (state) => void told.push(state) });
    await running.waitFor(await plain.head());
    await eventually('the live state', () => told.some(({ kind }) => kind === 'live'));
    await running.stop();
    assert.equal(told.filter(({ kind }) => kind === 'retrying').length, 2);
    assert.equal(told.at(-1)?.kind, 'stopped');
  });
});
