/** Timeline, state, diff, blame and bisect say the same of a random history. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyChanges, type Change } from 'hindsightdb/history';
import { objectOf, type Document } from '../hindsight-process.ts';
import { randomFrom, seedOfRun } from '../seeded-random.ts';
import { documentsFrom, orderFolder } from './order-store.ts';

const eventCount = 60;

test('timeline, state, diff, blame and bisect agree on a random history', async (context) => {
  const seed = seedOfRun();
  context.diagnostic(`HINDSIGHT_SEED=${seed}`);
  const random = randomFrom(seed);
  const folder = await orderFolder(context, async (write) => {
    for (let index = 0; index < eventCount; index += 1) {
      const item = { sku: `s${Math.floor(random() * 5)}`, cents: Math.floor(random() * 100) };
      const type = random() < 0.6 ? 'ItemAdded' : 'ItemRemoved';
      await write('order-1', index === 0 ? 'OrderPlaced' : type, item, { actor: `a${index % 3}` });
    }
  });
  const entries = await documentsFrom(folder, ['timeline', 'order-1', '--state', '--element-key', '/items=none']);
  assert.equal(entries.length, eventCount);

  const version = 1 + Math.floor(random() * eventCount);
  const [then] = await documentsFrom(folder, ['state', 'order-1', '--as-of', String(version)]);
  assert.deepEqual(then?.state, entries[version - 1]?.state);

  // Elements by index: every change can be applied without knowing keys.
  const [diff] = await documentsFrom(folder, ['diff', 'order-1', String(version), '--element-key', '/items=none']);
  assert.deepEqual(applyChanges(then?.state, changesOf(diff)), entries.at(-1)?.state);

  const [blame] = await documentsFrom(folder, ['blame', 'order-1', '/cents']);
  const setters = entries.filter((entry) => changesOf(entry).some(({ path }) => path === '/cents'));
  assert.ok(Array.isArray(blame?.leaves));
  assert.equal(versionOf(objectOf(blame.leaves[0])), versionOf(setters.at(-1)));

  const bound = Number(objectOf(entries[version - 1]?.state).cents);
  const [found] = await documentsFrom(folder, [
    'bisect',
    'order-1',
    '--where',
    `version > 0 && state.cents >= ${bound}`,
  ]);
  const first = entries.find(({ state }) => Number(objectOf(state).cents) >= bound);
  assert.equal(found?.version, versionOf(first));
});

function changesOf(document: Document | undefined): readonly Change[] {
  assert.ok(Array.isArray(document?.changes));
  // The documents of the command hold the changes of the library as they are.
  return document.changes as readonly Change[];
}

function versionOf(document: Document | undefined): unknown {
  return objectOf(document?.event).version;
}
