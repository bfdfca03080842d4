/** A closed store answers everything with CLOSED, and closing it again changes nothing. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { handle } from '../../src/commands/handle.ts';
import { defineDecider } from '../../src/core/decider.ts';
import { isHindsightError } from '../../src/core/errors.ts';
import type { Event } from '../../src/core/event.ts';
import { Reading } from '../../src/store/reading.ts';
import { Store } from '../../src/store/store.ts';
import { callMethod } from '../misuse.ts';
import { openNew, storeKinds } from '../open-stores.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const event = { type: 'Added', data: 1 };
const counter = defineDecider({
  initialState: 0,
  decide: (): Event<'Added', number> => ({ type: 'Added', data: 1 }),
  evolve: (state: number) => state + 1,
});

/** How each method is called; those that answer from what is known without the engine go on answering. */
function calls(path: string): Readonly<Record<string, readonly unknown[]>> {
  return {
    append: ['a-1', [event]],
    readStream: ['a-1'],
    readCategory: ['a'],
    readLog: [],
    readQuery: [[{ types: ['Added'] }]],
    readRecords: [],
    readStreamRecords: ['a-1'],
    subscribe: [],
    subscribeRecords: [],
    load: [counter, 'a-1'],
    streamInfo: ['a-1'],
    listStreams: [],
    head: [],
    positions: [],
    validateCheckpoint: ['h1~log~epoch~0'],
    setStreamSettings: ['a-1', {}],
    truncate: ['a-1', { before: 1 }],
    tombstone: ['a-1'],
    removeTruncated: ['a-1'],
    statistics: [],
    backup: [path],
    check: [],
  };
}
const answering = ['checkpointOf', 'close'];
const internal = ['appendInternal', 'inBackground'];

/** Walks whatever a method answers to its first result. */
async function walked(answer: unknown): Promise<unknown> {
  if (answer instanceof Reading) return await answer.first();
  if (typeof answer !== 'object' || answer === null || !(Symbol.asyncIterator in answer)) return answer;
  return await callMethod(answer, 'next');
}

for (const kind of storeKinds) {
  suite(`a closed store in ${kind.name}`, () => {
    test('refuses every method with CLOSED, however it was closed', async (t) => {
      const path = join(await temporaryFolder(t), 'backup.db');
      const known = calls(path);
      const closed = await openNew(t, kind);
      const { checkpoint } = await closed.append('a-1', [event]);
      await closed.close();
      const disposed = await openNew(t, kind);
      await disposed[Symbol.asyncDispose]();
      for (const store of [closed, disposed]) {
        for (const [method, values] of Object.entries({ ...known, validateCheckpoint: [checkpoint] })) {
          const hasIt = store.context.engine.maintenance !== undefined || !['backup', 'check'].includes(method);
          const isOther = method === 'validateCheckpoint' && store === disposed;
          await assert.rejects(
            async () => await walked(await callMethod(store, method, ...values)),
            { code: isOther ? 'CHECKPOINT_FOREIGN' : hasIt ? 'CLOSED' : 'UNSUPPORTED' },
            method,
          );
        }
        await assert.rejects(handle(store, counter, 'a-1', {}), { code: 'CLOSED' });
        await store.close();
      }
    });

    test('says what it was, and gives checkpoints of events that were read', async (t) => {
      const store = await openNew(t, kind);
      const before = [store.identity, store.capabilities];
      const { checkpoint } = await store.append('a-1', [event]);
      const read = await store.readStream('a-1').first();
      await store.close();
      assert.deepEqual([store.identity, store.capabilities], before);
      assert.equal(read && store.checkpointOf(read), checkpoint);
    });
  });

  suite(`a store that is being closed in ${kind.name}`, () => {
    test('finishes every append that it took', async (t) => {
      const store = await openNew(t, kind);
      const appends = Array.from({ length: 50 }, async () => await store.append('a-1', [event]));
      const [answers] = await Promise.all([Promise.all(appends), store.close(), store.close()]);
      assert.deepEqual(
        answers.map(({ version }) => version),
        Array.from({ length: 50 }, (_, index) => index + 1),
      );
    });

    test('ends readings and subscriptions that are under way with CLOSED', async (t) => {
      const store = await openNew(t, kind);
      await store.append('a-1', [event, event, event]);
      const reading = store.readStream('a-1', { pageSize: 1 })[Symbol.asyncIterator]();
      await reading.next();
      const caughtUp = store.subscribe()[Symbol.asyncIterator]();
      for (let count = 0; count < 3; count += 1) await caughtUp.next();
      const next = assert.rejects(caughtUp.next(), { code: 'CLOSED' });
      await store.close();
      await next;
      await assert.rejects(reading.next(), { code: 'CLOSED' });
    });

    test('takes nothing more, and what it was given then is refused or written whole', async (t) => {
      const store = await openNew(t, kind);
      const closing = store.close();
      const outcome = await store.append('a-1', [event]).then(
        ({ version }) => version,
        (error: unknown) => (isHindsightError(error) ? error.code : String(error)),
      );
      assert.ok(outcome === 1 || outcome === 'CLOSED', `${outcome}`);
      await closing;
      await assert.rejects(store.append('a-1', [event]), { code: 'CLOSED' });
    });
  });
}

test('no method of a store is left out here', () => {
  const methods = Object.entries(Object.getOwnPropertyDescriptors(Store.prototype))
    .filter(([name, { value }]) => name !== 'constructor' && typeof value === 'function')
    .map(([name]) => name);
  assert.deepEqual(methods.toSorted(), [...Object.keys(calls('')), ...answering, ...internal].toSorted());
});
