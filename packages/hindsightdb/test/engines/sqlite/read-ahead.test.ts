/** Long reads are helped by a thread that reads ahead. Nobody must notice it by anything but the time that they take. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { openStore, type RecordedEvent, type Store, type StoreOptions } from '../../../src/index.ts';
import { unlessPresent } from '../../../../../test/requirement.ts';

const eventCount = 30_000;
const folder = mkdtempSync(join(tmpdir(), 'hindsight-read-ahead-'));
const path = join(folder, 'store.db');

// Where there is one processor the engine starts no thread, and the tests would wait for one for ever.
const secondProcessor = {
  what: 'a second processor',
  isPresent: availableParallelism() > 1,
  remedy: 'the engine reads ahead only where a thread has one to itself',
};

describe('reading ahead', { skip: unlessPresent(secondProcessor) }, () => {
  before(async () => {
    await using store = await openStore(path);
    const appends: Promise<unknown>[] = [];
    for (let first = 0; first < eventCount; first += 100) {
      const events = Array.from({ length: 100 }, (_, index) => eventOf(first + index));
      appends.push(store.append(`order-${first % 700}`, events));
      // Records of the store's own, which most readers do not see.
      if (first % 5000 === 0) appends.push(store.setStreamSettings(`order-${first % 700}`, { maxCount: 1_000_000 }));
    }
    await Promise.all(appends);
  });

  after(() => rmSync(folder, { recursive: true }));

  for (const pageSize of [1, 200, 512, 1000]) {
    test(`hands out every event once and in order, in pages of ${pageSize}`, async () => {
      await using store = await openAhead(path);
      const before = await pagesAhead(store);
      await assertWhole(store, pageSize);
      assert.ok((await pagesAhead(store)) > before);
    });
  }

  test('serves several walks at once, and a store that was opened for reading only', async () => {
    await using store = await openAhead(path, { readOnly: true });
    const before = await pagesAhead(store);
    await Promise.all([200, 200, 300, 400, 500, 600].map((pageSize) => assertWhole(store, pageSize)));
    assert.ok((await pagesAhead(store)) > before);
  });

  test('gives checkpoints that lead on from where they were taken', async () => {
    await using store = await openAhead(path);
    let pages = 0;
    for await (const { events, checkpoint } of store.readLog({ pageSize: 150 }).pages()) {
      pages += 1;
      const last = events.at(-1);
      if (pages % 40 !== 0 || checkpoint === undefined || last === undefined) continue;
      const next = await store.readLog({ after: checkpoint, limit: 1 }).first();
      assert.equal(numberOf(next), numberOf(last) + 1);
    }
    assert.ok(pages > 100);
  });

  test('shows nothing after it was removed', async () => {
    const copy = join(folder, 'removed.db');
    await using store = await openStore(path);
    await store.backup(copy);
    await using copied = await openAhead(copy, { events: { Counted: { carriesState: true } } });
    const before = await pagesAhead(copied);
    let isRemoved = false;
    let hiddenCount = 0;
    for await (const { events } of copied.readLog({ pageSize: 100 }).pages()) {
      if (isRemoved) {
        const ofStream = events.filter(({ streamId }) => streamId === 'order-0');
        assert.ok(ofStream.every(({ type, version }) => type === '$removed' || version === 4300));
        hiddenCount += ofStream.length;
      }
      if (isRemoved || (await pagesAhead(copied)) === before) continue;
      await copied.truncate('order-0', { before: 4300 });
      await copied.removeTruncated('order-0');
      isRemoved = true;
    }
    assert.ok(hiddenCount > 0);
  });

  test('meets a damaged event where it stands, and hands out all before it', async () => {
    const copy = join(folder, 'damaged.db');
    {
      await using store = await openStore(path);
      await store.backup(copy);
      await (await openStore(copy)).close();
    }
    const database = new DatabaseSync(copy);
    database.exec('DROP TRIGGER event_is_never_changed; UPDATE event SET version = version + 1 WHERE position = 20000');
    database.close();
    await using store = await openStore(copy, { readOnly: true });
    // As far as nothing is damaged.
    await startThread(store, { until: 19_900 });
    const before = await pagesAhead(store);
    let seen = 0;
    await assert.rejects(
      async () => {
        for await (const { events } of store.readLog({ includeReserved: true }).pages()) seen += events.length;
      },
      { code: 'STORE_CORRUPT' },
    );
    assert.ok((await pagesAhead(store)) > before);
    assert.ok(seen >= 19_800 && seen < 20_000, `${seen} were handed out`);
  });

  test('is over when the store is closed', async () => {
    const store = await openAhead(path);
    const read = async (): Promise<void> => {
      for await (const { events } of store.readLog({ pageSize: 50 }).pages())
        if (numberOf(events[0]) > 3000) void store.close();
    };
    await assert.rejects(read(), { code: 'CLOSED' });
    await store.close();
  });

  test('keeps no process alive that has lost interest', async () => {
    const program = join(folder, 'lose-interest.ts');
    const library = pathToFileURL(join(import.meta.dirname, '../../../src/index.ts')).href;
    writeFileSync(
      program,
      `import { openStore } from ${JSON.stringify(library)};
       const store = await openStore(${JSON.stringify(path)});
       for (let pages = 0; pages === 0; pages = (await store.statistics())['reader.aheadPages']) {
         let count = 0;
         for await (const { events } of store.readLog().pages()) if ((count += events.length) > 20000) break;
       }
       console.log('lost');`,
    );
    const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    const code = await new Promise((resolve) => child.once('close', resolve));
    assert.deepEqual({ code, output }, { code: 0, output: 'lost\n' });
  });
});

function eventOf(number: number): { readonly type: string; readonly data: unknown } {
  // Most are small; some are beyond what is read together with others, and some hold letters of two bytes.
  const text = number % 997 === 0 ? 'l'.repeat(20_000) : number % 13 === 0 ? 'Grüße, Ω' : 'plain';
  return { type: 'Counted', data: { number, text } };
}

function numberOf(event: RecordedEvent | undefined): number {
  return Number(Reflect.get(Object(event?.data), 'number'));
}

async function pagesAhead(store: Store): Promise<number> {
  return Number((await store.statistics())['reader.aheadPages']);
}

/** A store whose thread has started, which it does on the first long read. */
async function openAhead(place: string, options: StoreOptions = {}): Promise<Store> {
  const store = await openStore(place, options);
  await startThread(store, {});
  return store;
}

async function startThread(store: Store, range: { readonly until?: number }): Promise<void> {
  while ((await pagesAhead(store)) === 0) await store.readLog(range).toArray();
}

async function assertWhole(store: Store, pageSize: number): Promise<void> {
  let number = 0;
  for await (const { events } of store.readLog({ pageSize }).pages()) {
    assert.ok(events.length <= pageSize);
    for (const event of events) {
      assert.deepEqual({ type: event.type, data: event.data }, eventOf(number));
      assert.equal(event.streamId, `order-${(number - (number % 100)) % 700}`);
      number += 1;
    }
  }
  assert.equal(number, eventCount);
}
