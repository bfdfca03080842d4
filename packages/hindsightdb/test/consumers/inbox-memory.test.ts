/** What an inbox remembers: for all processes, as long and as much as it says, through crashes. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { openInbox } from '../../src/consumers/index.ts';
import { openStore, storeOver } from '../../src/store/open.ts';
import { inFile, inMemory, openAt, openNew, settableClock } from '../open-stores.ts';
import { mortalEngine } from '../reactions/mortal-engine.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { keysIn, notedIn, noting } from './noting.ts';

suite('the memory of an inbox', () => {
  test('is one for all processes, also when they deliver at the same time', async (t) => {
    const path = join(await temporaryFolder(t), 'store.db');
    const stores = [await openAt(t, path), await openAt(t, path), await openAt(t, path)];
    const inboxes = stores.map((store) => openInbox(store, { name: 'in' }));
    const ids = Array.from({ length: 20 }, (_, index) => `m${index}`);
    const answers = await Promise.all(
      ids.flatMap((id) => inboxes.map(async (inbox) => await inbox.receive({ source: 'bank', id }, noting('a-1', id)))),
    );
    assert.equal(answers.filter(({ kind }) => kind === 'appended').length, ids.length);
    assert.equal(answers.filter(({ kind }) => kind === 'duplicate').length, 2 * ids.length);
    const [store] = stores;
    assert.ok(store !== undefined);
    assert.deepEqual(new Set(await notedIn(store)), new Set(ids));
    for (let index = 0; index < answers.length; index += 3) {
      const versions = answers.slice(index, index + 3).map((answer) => 'result' in answer && answer.result?.version);
      assert.equal(new Set(versions).size, 1);
    }
  });

  test('holds as many messages as it says, and forgets the oldest', async (t) => {
    const store = await openNew(t, inMemory);
    const idsMax = 200;
    const inboxes = [0, 1].map(() => openInbox(store, { name: 'in', remember: { idsMax } }));
    const kindOf = async (id: number): Promise<string> => {
      const inbox = inboxes[id % 2];
      return (await inbox?.receive({ source: 'bank', id: `m${id}` }, () => undefined))?.kind ?? '';
    };
    for (let id = 0; id < 1000; id += 1) await kindOf(id);
    const remembered = await keysIn(store, 'inbox/in/memory/');
    assert.ok(remembered.length >= idsMax && remembered.length <= idsMax + 128, `${remembered.length}`);
    assert.equal((await keysIn(store, 'inbox/in/lane/')).length, remembered.length);
    for (let id = 999; id >= 1000 - idsMax; id -= 1) assert.equal(await kindOf(id), 'duplicate', `m${id}`);
    assert.equal(await kindOf(0), 'ignored');
  });

  test('is kept for as long as it says', async (t) => {
    const clock = settableClock();
    const store = await openNew(t, inMemory, { now: clock.now });
    const inbox = openInbox(store, { name: 'in', remember: { forMs: 1000 } });
    const receive = async (id: string): Promise<string> =>
      (await inbox.receive({ source: 'bank', id }, () => undefined)).kind;
    for (let id = 0; id < 300; id += 1) await receive(`old${id}`);
    clock.micros += 999_000;
    assert.equal(await receive('old0'), 'duplicate');
    clock.micros += 2000;
    for (let id = 0; id < 64; id += 1) await receive(`new${id}`);
    assert.equal(await receive('old0'), 'ignored');
    assert.equal(await receive('new0'), 'duplicate');
  });

  test('does not lose count of messages that are refused', async (t) => {
    const store = await openNew(t, inMemory);
    const inbox = openInbox(store, { name: 'in', remember: { idsMax: 100 } });
    const bound = { streams: [{ streamId: 'a-1', events: [{ type: 'Noted', data: 1 }], expectedVersion: 9 }] };
    for (let id = 0; id < 100; id += 1) {
      await inbox.receive({ source: 'bank', id: `m${id}` }, () => undefined);
      await assert.rejects(inbox.receive({ source: 'bank', id: `refused${id}` }, bound));
    }
    assert.equal((await inbox.receive({ source: 'bank', id: 'm0' }, () => undefined)).kind, 'duplicate');
  });
});

/** A delivery of one of a few messages, by a process that may die at one of its writes. */
const delivery = fc.record({ message: fc.integer({ min: 1, max: 8 }), source: fc.constantFrom('bank', 'shop') });
const life = fc.record({
  deliveries: fc.array(delivery, { maxLength: 12 }),
  death: fc.option(fc.record({ atWrite: fc.integer({ min: 1, max: 8 }), isWritten: fc.boolean() }), { nil: undefined }),
  isAtOnce: fc.boolean(),
});

suite('an inbox under random duplicates, orders and crashes', () => {
  for (const [order, kind, numRuns] of [
    ['arrival', inMemory, 100],
    ['sequence', inMemory, 100],
    ['arrival', inFile, 10],
    ['sequence', inFile, 10],
  ] as const)
    test(`holds what the first arrivals say, in the order of ${order}, over ${kind.name}`, async (t) => {
      await fc.assert(
        fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 4 }), async (lives) => {
          const disk = await openStore(await kind.address(t));
          const acknowledged = new Set<string>();
          const delivered = new Set<string>();
          for (const { deliveries, death, isAtOnce } of lives) {
            const mortal = mortalEngine(disk.context.engine, death);
            const inbox = openInbox(storeOver(mortal.engine), { name: 'in', order });
            const deliver = async ({ source, message }: { readonly source: string; readonly message: number }) => {
              const id = `${source}-${message}`;
              delivered.add(id);
              try {
                await inbox.receive({ source, id, sequence: message }, noting(`${source}-1`, id));
                acknowledged.add(id);
              } catch (error) {
                if (!mortal.isDead()) throw error;
              }
            };
            if (isAtOnce) await Promise.all(deliveries.map(deliver));
            else for (const each of deliveries) await deliver(each);
            await inbox.close();
          }
          // Whoever comes next finishes what was begun.
          await using last = openInbox(disk, { name: 'in', order });
          await last.letGo();
          for (const source of ['bank', 'shop']) {
            const noted = (await disk.readStream(`${source}-1`).toArray()).map(({ data }) => String(data));
            assert.equal(new Set(noted).size, noted.length, 'each once');
            assert.ok(noted.every((id) => delivered.has(id)));
            const taken = [...acknowledged].filter((id) => id.startsWith(source));
            if (order === 'arrival')
              assert.ok(
                taken.every((id) => noted.includes(id)),
                'nothing acknowledged is lost',
              );
            else {
              const prefix = Array.from({ length: noted.length }, (_, index) => `${source}-${index + 1}`);
              assert.deepEqual(noted, prefix, 'in order, without a gap');
              for (let number = 1; acknowledged.has(`${source}-${number}`); number += 1)
                assert.ok(noted.includes(`${source}-${number}`), 'what was acknowledged without a gap is there');
            }
          }
          for (const id of acknowledged) {
            const [source = '', number = ''] = id.split('-');
            const again = await last.receive({ source, id, sequence: Number(number) }, noting(`${source}-1`, id));
            assert.equal(again.kind, 'duplicate');
          }
          await disk.close();
        }),
        { numRuns },
      );
    });
});
