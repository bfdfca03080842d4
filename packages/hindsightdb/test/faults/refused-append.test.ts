/** A refused append leaves no trace: nothing that can be read of the store differs from before. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openStore, type Event, type Store } from '../../src/index.ts';
import { FaultFolder } from './fault-folder.ts';

const event = { type: 'Stored', data: { number: 1 }, tags: ['number:1'] };

const refusals: readonly {
  readonly what: string;
  readonly code: string;
  readonly attempt: (store: Store) => Promise<unknown>;
}[] = [
  {
    what: 'another version than expected',
    code: 'VERSION_CONFLICT',
    attempt: (store) => store.append('note-1', [event], { expectedVersion: 7 }),
  },
  {
    what: 'a stream that should not exist',
    code: 'VERSION_CONFLICT',
    attempt: (store) => store.append('note-1', [event], { expectedVersion: 'none' }),
  },
  {
    what: 'a stream that should exist',
    code: 'VERSION_CONFLICT',
    attempt: (store) => store.append('new-1', [event], { expectedVersion: 'exists' }),
  },
  {
    what: 'a check-only stream at another version, beside streams that are as stated',
    code: 'VERSION_CONFLICT',
    attempt: (store) =>
      store.append({
        streams: [
          { streamId: 'new-1', events: [event, event] },
          { streamId: 'note-2', expectedVersion: 9 },
        ],
      }),
  },
  {
    what: 'a matching event',
    code: 'CONDITION_CONFLICT',
    attempt: (store) => store.append('new-1', [event], { condition: { failIfEventsMatch: [{ tags: ['number:1'] }] } }),
  },
  { what: 'a tombstoned stream', code: 'STREAM_TOMBSTONED', attempt: (store) => store.append('ended-1', [event]) },
  {
    what: 'a key used before for other content',
    code: 'KEY_REUSED',
    attempt: (store) => store.append('note-1', [{ ...event, data: { number: 2 } }], { key: 'first' }),
  },
  {
    what: 'a mixture of event ids that are stored and that are not',
    code: 'REPETITION_MISMATCH',
    attempt: (store) =>
      store.append(
        'named-1',
        [
          { ...event, id: 'a' },
          { ...event, id: 'other' },
        ],
        { expectedVersion: 0 },
      ),
  },
  { what: 'a reserved stream id', code: 'RESERVED_NAME', attempt: (store) => store.append('$note-1', [event]) },
  {
    what: 'a reserved type',
    code: 'RESERVED_NAME',
    attempt: (store) => store.append('new-1', [event, { ...event, type: '$Stored' }]),
  },
  {
    what: 'an empty type',
    code: 'INVALID_TEXT',
    attempt: (store) => store.append('new-1', [event, { ...event, type: '' }]),
  },
  {
    what: 'NUL in a tag',
    code: 'INVALID_TEXT',
    attempt: (store) => store.append('new-1', [event, { ...event, tags: ['a\0b'] }]),
  },
  {
    what: 'a lone surrogate in a stream id',
    code: 'INVALID_TEXT',
    attempt: (store) => store.append('new-\ud800', [event]),
  },
  {
    what: 'data without a JSON form',
    code: 'NOT_JSON',
    attempt: (store) => store.append('new-1', [event, { ...event, data: () => 1 }]),
  },
  { what: 'no events', code: 'INVALID_ARGUMENT', attempt: (store) => store.append('new-1', []) },
  {
    what: 'a stream named twice',
    code: 'INVALID_ARGUMENT',
    attempt: (store) =>
      store.append({
        streams: [
          { streamId: 'new-1', events: [event] },
          { streamId: 'new-1', events: [event] },
        ],
      }),
  },
  {
    what: 'an empty query in its condition',
    code: 'INVALID_QUERY',
    attempt: (store) => store.append('new-1', [event], { condition: { failIfEventsMatch: [] } }),
  },
  {
    what: 'too many events',
    code: 'LIMIT_EXCEEDED',
    attempt: (store) =>
      store.append(
        'new-1',
        Array.from({ length: store.capabilities.limits.eventsPerAppendMax + 1 }, (): Event => event),
      ),
  },
  {
    what: 'too large an event',
    code: 'LIMIT_EXCEEDED',
    attempt: (store) =>
      store.append('new-1', [event, { ...event, data: 'x'.repeat(store.capabilities.limits.recordBytesMax) }]),
  },
  {
    what: 'too many tags',
    code: 'LIMIT_EXCEEDED',
    attempt: (store) =>
      store.append('new-1', [
        event,
        {
          ...event,
          tags: Array.from({ length: store.capabilities.limits.tagsPerEventMax + 1 }, (_, index) => `t${index}`),
        },
      ]),
  },
];

for (const { what, code, attempt } of refusals) {
  test(`an append refused for ${what} (${code}) leaves no trace`, async () => {
    using folder = new FaultFolder();
    const before = await prepare(folder.storePath);
    {
      await using store = await openStore(folder.storePath);
      await assert.rejects(attempt(store), { code });
      assert.deepEqual(await everything(store), before);
      // A good append behind a refused one in the same group takes the next place, not one further on.
      const [refused, taken] = await Promise.allSettled([attempt(store), store.append('last-1', [event])]);
      assert.equal(refused.status, 'rejected');
      assert.equal(taken.status, 'fulfilled');
    }
    await using store = await openStore(folder.storePath);
    const after = await everything(store);
    assert.deepEqual(after.records.slice(0, -1), before.records);
    assert.equal(after.records.length, before.records.length + 1);
    assert.deepEqual((await store.check()).findings, []);
  });
}

test('an append that is withdrawn before it is sent leaves no trace', async () => {
  using folder = new FaultFolder();
  const before = await prepare(folder.storePath);
  await using store = await openStore(folder.storePath);
  await assert.rejects(store.append('new-1', [event], { signal: AbortSignal.abort() }));
  assert.deepEqual(await everything(store), before);
});

test('an append past the bound of waiting ones is refused with OVERLOADED and leaves no trace', async () => {
  using folder = new FaultFolder();
  await using store = await openStore(folder.storePath, { pendingAppendsMax: 8 });
  const results = await Promise.allSettled(
    Array.from({ length: 64 }, (_, index) => store.append(`note-${index}`, [event])),
  );
  const refused = results.flatMap((result, index) =>
    result.status === 'rejected' ? [{ index, reason: result.reason as unknown }] : [],
  );
  assert.ok(refused.length > 0, 'the bound was never reached');
  for (const { reason } of refused)
    assert.equal(reason instanceof Error && 'code' in reason ? reason.code : undefined, 'OVERLOADED');
  assert.equal((await store.readLog().toArray()).length, results.length - refused.length);
  for (const { index } of refused) assert.equal((await store.streamInfo(`note-${index}`)).version, 0);
});

type Everything = { readonly records: unknown[]; readonly streams: unknown[]; readonly head: string };

/** A store in which every condition of the refusals can fail. */
async function prepare(path: string): Promise<Everything> {
  await using store = await openStore(path);
  await store.append('note-1', [event, event], { key: 'first' });
  await store.append('note-2', [event]);
  await store.append('named-1', [
    { ...event, id: 'a' },
    { ...event, id: 'b' },
  ]);
  await store.append('ended-1', [event]);
  await store.tombstone('ended-1');
  return await everything(store);
}

async function everything(store: Store): Promise<Everything> {
  const streams: unknown[] = [];
  for await (const stream of store.listStreams({ includeReserved: true })) streams.push(stream);
  return { records: await store.readRecords({ includeReserved: true }).toArray(), streams, head: await store.head() };
}
