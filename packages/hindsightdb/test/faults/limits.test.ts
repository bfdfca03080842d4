/** Events and batches up to the stated limits are taken and given back whole; one step further they are refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { embeddedLimits, openStore, type Event, type Store } from '../../src/index.ts';
import { FaultFolder } from './fault-folder.ts';

const limits = embeddedLimits;
const small = { type: 'Stored', data: null };

test('the embedded store declares the embedded limits', async () => {
  await withStore(async (store) => assert.deepEqual(store.capabilities.limits, limits));
});

test('an event of the greatest size is stored and read back to the byte', async () => {
  await withStore(async (store) => {
    // What an encoded record takes besides the text of its data is found by writing one.
    const [probe] = (await store.append('big-1', [{ ...small, data: '' }]), await store.readRecords().toArray());
    const room = limits.recordBytesMax - Buffer.byteLength(probe?.record ?? '');
    await store.append('big-1', [{ ...small, data: 'é'.repeat(Math.floor(room / 2)) }]);
    await assert.rejects(store.append('big-1', [{ ...small, data: 'é'.repeat(Math.floor(room / 2) + 1) }]), {
      code: 'LIMIT_EXCEEDED',
    });
    const events = await store.readStream('big-1').toArray();
    assert.equal(events.length, 2);
    assert.ok(events[1]?.data === 'é'.repeat(Math.floor(room / 2)));
  });
});

test('an append of the greatest size is stored and read back whole', async () => {
  await withStore(async (store) => {
    const eventBytes = 8 * 1024 * 1024;
    const count = Math.floor(limits.appendBytesMax / eventBytes) - 1;
    const events = Array.from({ length: count }, (_, index): Event => ({
      ...small,
      data: String.fromCharCode(97 + index).repeat(eventBytes),
    }));
    await store.append('big-1', events);
    await assert.rejects(store.append('big-1', [...events, ...events.slice(0, 2)]), { code: 'LIMIT_EXCEEDED' });
    let version = 0;
    for await (const event of store.readStream('big-1', { pageSize: 2 }))
      assert.ok(event.data === events[version++]?.data);
    assert.equal(version, count);
  });
});

test('the greatest number of events in one append is written together', async () => {
  await withStore(async (store) => {
    const events = Array.from({ length: limits.eventsPerAppendMax }, (_, index): Event => ({
      ...small,
      data: index,
      tags: [`n:${index % 3}`],
    }));
    const { version } = await store.append('many-1', events);
    assert.equal(version, limits.eventsPerAppendMax);
    const data = (await store.readLog().toArray()).map((event) => event.data);
    assert.deepEqual(
      data,
      events.map((event) => event.data),
    );
  });
});

test('the greatest number of streams in one append is written together', async () => {
  await withStore(async (store) => {
    const streams = Array.from({ length: limits.streamsPerAppendMax }, (_, index) => ({
      streamId: `wide-${index}`,
      events: [small],
      expectedVersion: 0,
    }));
    await store.append({ streams });
    await assert.rejects(store.append({ streams }), { code: 'VERSION_CONFLICT' });
    await assert.rejects(
      store.append({ streams: [...streams, { streamId: 'wide', events: [small], expectedVersion: 0 }] }),
      { code: 'LIMIT_EXCEEDED' },
    );
    assert.equal((await store.readLog().toArray()).length, limits.streamsPerAppendMax);
  });
});

test('names of the greatest length are kept and found', async () => {
  await withStore(async (store) => {
    // Two bytes a letter: the limits are of bytes.
    const long = (bytesMax: number, start = ''): string =>
      start + 'ö'.repeat(Math.floor((bytesMax - start.length) / 2));
    const streamId = long(limits.streamIdBytesMax, 'long-');
    const tags = Array.from({ length: limits.tagsPerEventMax }, (_, index) => long(limits.tagBytesMax, `t${index}:`));
    const event = { type: long(limits.typeBytesMax), id: long(limits.idBytesMax), data: 1, tags };
    await store.append(streamId, [event], { key: long(limits.idBytesMax, 'key-') });
    const [found] = await store.readQuery([{ types: [event.type], tags: tags.slice(-2) }]).toArray();
    assert.equal(found?.streamId, streamId);
    assert.equal(found?.id, event.id);
    assert.deepEqual(found?.tags.toSorted(), tags.toSorted());
    assert.equal((await store.streamInfo(streamId)).version, 1);
    for (const refused of [
      { ...event, type: `${event.type}öö` },
      { ...event, id: `${event.id}öö` },
      { ...event, tags: [`${tags[0] ?? ''}öö`] },
    ])
      await assert.rejects(store.append('short-1', [refused]), { code: 'LIMIT_EXCEEDED' });
    await assert.rejects(store.append(`${streamId}öö`, [small]), { code: 'LIMIT_EXCEEDED' });
  });
});

test('a query of the greatest number of items reads what each of them selects', async () => {
  await withStore(async (store) => {
    const numbers = Array.from({ length: limits.queryItemsMax }, (_, index) => index);
    await store.append(
      'note-1',
      numbers.map((number): Event => ({ ...small, data: number, tags: [`n:${number}`] })),
    );
    const query = numbers.map((number) => ({ tags: [`n:${number}`] }));
    assert.equal((await store.readQuery(query).toArray()).length, limits.queryItemsMax);
    const tooMany = [...query, { tags: ['n:x'] }];
    await assert.rejects(store.append('note-2', [small], { condition: { failIfEventsMatch: tooMany } }), {
      code: 'LIMIT_EXCEEDED',
    });
  });
});

async function withStore(run: (store: Store) => Promise<void>): Promise<void> {
  using folder = new FaultFolder();
  await using store = await openStore(folder.storePath);
  await run(store);
  assert.deepEqual((await store.check()).findings, []);
}
