/** Wrong arguments are refused as TypeErrors or RangeErrors that name the argument, and leave no trace. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { inspect } from 'node:util';
import type { ErrorCode } from '../../src/core/errors.ts';
import { openStore, restoreStore, storeOver } from '../../src/store/open.ts';
import { Reading } from '../../src/store/reading.ts';
import { Store } from '../../src/store/store.ts';
import { assertArgumentError, assertRefused, callLoosely, callMethod } from '../misuse.ts';
import { inFile, inMemory, everythingIn, openNew, storeKinds } from '../open-stores.ts';
import { temporaryFolder } from '../temporary-folder.ts';

/** What a method is called with, what the refusal names, and its code. */
type Misuse = readonly [values: readonly unknown[], named: RegExp, code?: ErrorCode];

const event = { type: 'Added', data: 1 };
const fold = { initialState: 0, evolve: (state: number) => state };

function withEvent(change: object): readonly unknown[] {
  return ['a-1', [{ ...event, ...change }]];
}
function withOptions(options: unknown): readonly unknown[] {
  return ['a-1', [event], options];
}
function misusesOfReadOptions(...before: readonly unknown[]): Misuse[] {
  return [
    [[...before, null], /^options/],
    [[...before, 5], /^options/],
    [[...before, { direction: 'up' }], /^direction/],
    [[...before, { limit: -1 }], /^limit/],
    [[...before, { limit: '5' }], /^limit/],
    [[...before, { pageSize: 0 }], /^pageSize/],
    [[...before, { pageSize: 10_001 }], /^pageSize/],
    [[...before, { signal: {} }], /^signal/],
  ];
}
function misusesOfLogReads(...before: readonly unknown[]): Misuse[] {
  return [
    ...misusesOfReadOptions(...before),
    [[...before, { after: 'now' }], /^after/, 'CHECKPOINT_INVALID'],
    [[...before, { after: -1 }], /^after/],
    [[...before, { after: null }], /^after/],
    [[...before, { until: 1.5 }], /^until/],
    [[...before, { until: 'h1~x' }], /checkpoint/i, 'CHECKPOINT_INVALID'],
    [[...before, { fromTime: 'yesterday' }], /^fromTime/],
    [[...before, { untilTime: 5 }], /^untilTime/],
    [[...before, { includeReserved: 'yes' }], /^includeReserved/],
  ];
}

const misusesOfSubscribe: readonly Misuse[] = [
  [[null], /^options/],
  [['a-1'], /^options/],
  [[{ category: 5 }], /category/, 'INVALID_TEXT'],
  [[{ streamId: '' }], /stream id/, 'INVALID_TEXT'],
  [[{ query: [] }], /query/, 'INVALID_QUERY'],
  [[{ category: 'a', streamId: 'a-1' }], /not several/],
  [[{ after: 'soon' }], /^after/, 'CHECKPOINT_INVALID'],
  [[{ after: -1 }], /^after/],
  [[{ after: null }], /^after/],
  [[{ pageSize: 0 }], /^pageSize/],
  [[{ signal: {} }], /^signal/],
  [[{ includeReserved: 1 }], /^includeReserved/],
];

const misuses: Readonly<Record<string, readonly Misuse[]>> = {
  append: [
    [[5, [event]], /stream id/, 'INVALID_TEXT'],
    [[null, [event]], /stream id/, 'INVALID_TEXT'],
    [['', [event]], /stream id/, 'INVALID_TEXT'],
    [['a\0', [event]], /stream id/, 'INVALID_TEXT'],
    [['\ud800', [event]], /stream id/, 'INVALID_TEXT'],
    [['$a', [event]], /stream id/, 'RESERVED_NAME'],
    [['a'.repeat(1025), [event]], /stream id/, 'LIMIT_EXCEEDED'],
    [['a-1'], /at least one event/],
    [['a-1', []], /at least one event/],
    [['a-1', null], /events/],
    [['a-1', 'x'], /events/],
    [['a-1', 5], /events/],
    [['a-1', { 0: event }], /events/],
    [['a-1', [null]], /event/],
    [['a-1', [event, 5]], /event/],
    [['a-1', Array.from({ length: 10_001 }, () => event)], /10000 events/, 'LIMIT_EXCEEDED'],
    [withEvent({ type: undefined }), /type of an event/, 'INVALID_TEXT'],
    [withEvent({ type: '' }), /type of an event/, 'INVALID_TEXT'],
    [withEvent({ type: '$x' }), /event type/, 'RESERVED_NAME'],
    [withEvent({ type: 'x'.repeat(257) }), /type of an event/, 'LIMIT_EXCEEDED'],
    [withEvent({ data: undefined }), /data of Added/, 'NOT_JSON'],
    [withEvent({ data: () => 1 }), /data of Added/, 'NOT_JSON'],
    [withEvent({ data: 'x'.repeat(17_000_000) }), /record/, 'LIMIT_EXCEEDED'],
    [withEvent({ id: 5 }), /id of an event/, 'INVALID_TEXT'],
    [withEvent({ id: '' }), /id of an event/, 'INVALID_TEXT'],
    [withEvent({ tags: 'x' }), /tags/],
    [withEvent({ tags: [5] }), /tag/, 'INVALID_TEXT'],
    [withEvent({ tags: [''] }), /tag/, 'INVALID_TEXT'],
    [withEvent({ tags: Array.from({ length: 65 }, String) }), /64 tags/, 'LIMIT_EXCEEDED'],
    [withEvent({ metadata: 5 }), /metadata/],
    [withEvent({ metadata: [] }), /metadata/],
    [withEvent({ metadata: { n: 1n } }), /metadata/, 'NOT_JSON'],
    [withEvent({ occurredAt: 'yesterday' }), /^occurredAt/],
    [withEvent({ occurredAt: 5 }), /^occurredAt/],
    [withEvent({ contentType: 5 }), /content type/, 'INVALID_TEXT'],
    [withOptions(null), /^options/],
    [withOptions('x'), /^options/],
    [withOptions({ expectedVersion: -1 }), /^expectedVersion/],
    [withOptions({ expectedVersion: 'first' }), /^expectedVersion/],
    [withOptions({ expectedVersion: null }), /^expectedVersion/],
    [withOptions({ key: 5 }), /key/, 'INVALID_TEXT'],
    [withOptions({ key: '' }), /key/, 'INVALID_TEXT'],
    [withOptions({ key: 'k', keyRetentionMs: 0 }), /^keyRetentionMs/],
    [withOptions({ key: 'k', keyRetentionMs: Number.NaN }), /^keyRetentionMs/],
    [withOptions({ metadata: 5 }), /^metadata/],
    [withOptions({ metadata: [] }), /^metadata/],
    [withOptions({ condition: null }), /^condition/],
    [withOptions({ condition: 5 }), /^condition/],
    [withOptions({ condition: {} }), /query/, 'INVALID_QUERY'],
    [withOptions({ condition: { failIfEventsMatch: [] } }), /query/, 'INVALID_QUERY'],
    [
      withOptions({ condition: { failIfEventsMatch: Array.from({ length: 129 }, () => ({ types: ['A'] })) } }),
      /query/,
      'LIMIT_EXCEEDED',
    ],
    [withOptions({ condition: { failIfEventsMatch: [{ types: ['A'] }], after: -1 } }), /^condition\.after/],
    [withOptions({ condition: { failIfEventsMatch: [{ types: ['A'] }], after: null } }), /^condition\.after/],
    [
      withOptions({ condition: { failIfEventsMatch: [{ types: ['A'] }], after: 'x' } }),
      /^condition\.after/,
      'CHECKPOINT_INVALID',
    ],
    [withOptions({ signal: 5 }), /^signal/],
    [withOptions({ signal: {} }), /^signal/],
    [[{}], /at least one stream/],
    [[{ streams: 5 }], /at least one stream/],
    [[{ streams: [] }], /at least one stream/],
    [[{ streams: [null] }], /stream/],
    [[{ streams: ['a-1'] }], /stream/],
    [[{ streams: [{}] }], /stream id/, 'INVALID_TEXT'],
    [[{ streams: [{ streamId: 'a-1' }] }], /at least one event/],
    [[{ streams: [{ streamId: 'a-1', events: null }] }], /events/],
    [[{ streams: [{ streamId: 'a-1', events: [event] }, { streamId: 'a-1' }] }], /occurs twice/],
    [[{ streams: [{ streamId: 'a-1', events: [event], expectedVersion: {} }] }], /^expectedVersion/],
    [
      [{ streams: Array.from({ length: 1001 }, (_, index) => ({ streamId: `a-${index}`, events: [event] })) }],
      /1000 streams/,
      'LIMIT_EXCEEDED',
    ],
  ],
  readStream: [
    [[], /stream id/, 'INVALID_TEXT'],
    [[5], /stream id/, 'INVALID_TEXT'],
    ...misusesOfReadOptions('a-1'),
    [['a-1', { fromVersion: -1 }], /^fromVersion/],
    [['a-1', { fromVersion: 1.5 }], /^fromVersion/],
    [['a-1', { toVersion: 'x' }], /^toVersion/],
  ],
  readCategory: [[[5], /category/, 'INVALID_TEXT'], [[''], /category/, 'INVALID_TEXT'], ...misusesOfLogReads('a')],
  readLog: misusesOfLogReads(),
  readQuery: [
    [[], /query/, 'INVALID_QUERY'],
    [[[]], /query/, 'INVALID_QUERY'],
    [['A'], /query/, 'INVALID_QUERY'],
    [[Array.from({ length: 129 }, () => ({ types: ['A'] }))], /query/, 'LIMIT_EXCEEDED'],
    ...misusesOfLogReads([{ types: ['A'] }]),
  ],
  readRecords: [
    ...misusesOfLogReads(),
    [[{ streamId: 5 }], /stream id/, 'INVALID_TEXT'],
    [[{ category: '' }], /category/, 'INVALID_TEXT'],
    [[{ query: [] }], /query/, 'INVALID_QUERY'],
  ],
  readStreamRecords: [
    [[5], /stream id/, 'INVALID_TEXT'],
    ...misusesOfReadOptions('a-1'),
    [['a-1', { fromVersion: -1 }], /^fromVersion/],
  ],
  subscribe: misusesOfSubscribe,
  subscribeRecords: misusesOfSubscribe,
  load: [
    [[null, 'a-1'], /fold/],
    [[{}, 'a-1'], /initialState/],
    [[{ initialState: 0 }, 'a-1'], /evolve/],
    [[{ ...fold, snapshots: { every: 0 } }, 'a-1'], /snapshots\.every/],
    [[fold, 5], /stream id/, 'INVALID_TEXT'],
    [[{ ...fold, category: 'b' }, 'a-1'], /category/],
    [[fold, 'a-1', null], /^options/],
    [[fold, 'a-1', { asOf: 5 }], /^asOf/],
    [[fold, 'a-1', { asOf: null }], /^asOf/],
    [[fold, 'a-1', { asOf: {} }], /^asOf must have one of/],
    [[fold, 'a-1', { asOf: { version: -1 } }], /^asOf\.version/],
    [[fold, 'a-1', { signal: {} }], /^signal/],
  ],
  streamInfo: [
    [[], /stream id/, 'INVALID_TEXT'],
    [['\ud800'], /stream id/, 'INVALID_TEXT'],
  ],
  listStreams: [
    [[null], /^options/],
    [[{ limit: -1 }], /^limit/],
    [[{ limit: 1.5 }], /^limit/],
    [[{ category: 5 }], /category/, 'INVALID_TEXT'],
    [[{ prefix: 5 }], /prefix/, 'INVALID_TEXT'],
    [[{ after: 5 }], /after/, 'INVALID_TEXT'],
    [[{ includeReserved: 'x' }], /^includeReserved/],
  ],
  checkpointOf: [
    [[], /event/],
    [[null], /event/],
    [[{ position: 0, id: 'e' }], /position/],
    [[{ position: '1', id: 'e' }], /position/],
    [[{ position: 1 }], /id/],
  ],
  validateCheckpoint: [
    [[5], /checkpoint/i, 'CHECKPOINT_INVALID'],
    [[undefined], /checkpoint/i, 'CHECKPOINT_INVALID'],
    [['x'], /checkpoint/i, 'CHECKPOINT_INVALID'],
  ],
  setStreamSettings: [
    [[5, {}], /stream id/, 'INVALID_TEXT'],
    [['$a', {}], /stream id/, 'RESERVED_NAME'],
    [['a-1'], /settings/],
    [['a-1', null], /settings/],
    [['a-1', []], /settings/],
    [['a-1', { maxAge: 5 }], /"maxAge"/],
    [['a-1', { truncateBefore: 0 }], /^truncateBefore/],
    [['a-1', { maxCount: 0 }], /^maxCount/],
    [['a-1', { maxAgeMs: 0.5 }], /^maxAgeMs/],
    [['a-1', { tombstone: false }], /^tombstone/],
    [['a-1', { tombstone: 1 }], /^tombstone/],
    [['a-1', { custom: 5 }], /^custom/],
    [['a-1', { custom: { n: 1n } }], /data of \$settingsChanged|settings/, 'NOT_JSON'],
    [['a-1', {}, null], /^options/],
    [['a-1', {}, { expectedVersion: 'x' }], /^expectedVersion/],
    [['a-1', {}, { expectedVersion: -1 }], /^expectedVersion/],
  ],
  truncate: [
    [[5, { before: 1 }], /stream id/, 'INVALID_TEXT'],
    [['a-1'], /before/],
    [['a-1', null], /before/],
    [['a-1', 5], /before/],
    [['a-1', {}], /^before/],
    [['a-1', { before: 0 }], /^before/],
    [['a-1', { before: '1' }], /^before/],
  ],
  tombstone: [
    [[], /stream id/, 'INVALID_TEXT'],
    [['$a'], /stream id/, 'RESERVED_NAME'],
  ],
  removeTruncated: [
    [[], /stream id/, 'INVALID_TEXT'],
    [[''], /stream id/, 'INVALID_TEXT'],
  ],
};

/** Methods that take nothing that could be wrong, or whose arguments are tried elsewhere in this file. */
const others = ['head', 'positions', 'statistics', 'close', 'backup', 'check', 'appendInternal', 'inBackground'];

/** Whatever a method answers, walked to where it fails. */
async function walked(answer: unknown): Promise<unknown> {
  if (answer instanceof Reading) return await answer.first();
  if (typeof answer === 'object' && answer !== null && Symbol.asyncIterator in answer) {
    const next: unknown = Reflect.get(answer, 'next');
    return typeof next === 'function' ? await Reflect.apply(next, answer, []) : undefined;
  }
  return answer;
}

suite('a wrong argument is refused with its name:', () => {
  for (const [method, rows] of Object.entries(misuses)) {
    test(method, async (t) => {
      const store = await openNew(t, inMemory);
      for (const [values, named, code] of rows) {
        const call = async () => await walked(await callMethod(store, method, ...values));
        const what = `${method}(${values.map((value) => inspect(value).slice(0, 80)).join(', ')})`;
        await assertRefused(call, { what, named, code });
      }
      assert.deepEqual(await everythingIn(store), [], 'nothing of it was written');
    });
  }

  test('and no method was forgotten', () => {
    const methods = Object.entries(Object.getOwnPropertyDescriptors(Store.prototype))
      .filter(([name, { value }]) => name !== 'constructor' && typeof value === 'function')
      .map(([name]) => name);
    assert.deepEqual(methods.toSorted(), [...Object.keys(misuses), ...others].toSorted());
  });

  test('backup and check', async (t) => {
    const store = await openNew(t, inFile);
    const place = join(await temporaryFolder(t), 'copy.db');
    const rows: readonly (readonly [string, readonly unknown[], RegExp])[] = [
      ['backup', [], /destination/],
      ['backup', [''], /destination/],
      ['backup', [5], /destination/],
      ['backup', [place, null], /^options/],
      ['backup', [place, { onProgress: 5 }], /^onProgress/],
      ['backup', [place, { signal: {} }], /^signal/],
      ['check', [null], /^options/],
      ['check', [{ onProgress: 'x' }], /^onProgress/],
      ['check', [{ signal: 5 }], /^signal/],
    ];
    for (const [method, values, named] of rows) {
      const what = `${method}(${inspect(values)})`;
      await assertRefused(async () => await callMethod(store, method, ...values), { what, named });
    }
  });
});

suite('opening is refused with the name of what is wrong:', () => {
  const schema = { '~standard': { version: 1, vendor: 'x', validate: (value: unknown) => ({ value }) } };
  const upcast = () => ({});
  const options: readonly Misuse[] = [
    [[null], /^options/],
    [['x'], /^options/],
    [[{ create: 'yes' }], /^create/],
    [[{ readOnly: 1 }], /^readOnly/],
    [[{ events: null }], /^events/],
    [[{ events: [] }], /^events/],
    [[{ events: { A: 5 } }], /^events\.A/],
    [[{ events: { A: null } }], /^events\.A/],
    [[{ events: { A: { schema: {} } } }], /^events\.A/],
    [[{ events: { A: { schema: 5 } } }], /^events\.A/],
    [[{ events: { A: { schema, carriesState: 1 } } }], /^events\.A/],
    [[{ events: { $A: schema } }], /\$A/, 'RESERVED_NAME'],
    [[{ strictTypes: 'x' }], /^strictTypes/],
    [[{ upcasters: {} }], /^upcasters/],
    [[{ upcasters: [null] }], /^upcasters/],
    [[{ upcasters: [{ type: 'A' }] }], /^upcasters/],
    [[{ upcasters: [{ type: 5, upcast }] }], /^upcasters/],
    [[{ upcasters: [{ type: 'A', upcast, when: 1 }] }], /^upcasters/],
    [[{ metadata: 5 }], /^metadata/],
    [[{ metadata: [] }], /^metadata/],
    [[{ metadata: { n: 1n } }], /metadata/, 'NOT_JSON'],
    [[{ limits: 'tiny' }], /^limits/],
    [[{ codec: {} }], /^codec/],
    [[{ codec: { encode: () => [] } }], /^codec/],
    [[{ now: 5 }], /^now/],
    [[{ newId: 5 }], /^newId/],
    [[{ partitionCount: 0 }], /^partitionCount/],
    [[{ partitionCount: 1.5 }], /^partitionCount/],
    [[{ pendingAppendsMax: 0 }], /^pendingAppendsMax/],
    [[{ pendingAppendsMax: '5' }], /^pendingAppendsMax/],
  ];

  test('the options of openStore', async () => {
    const ofMemory: readonly Misuse[] = [
      // A store in memory is always a new one, and of no use when nothing can be written to it.
      [[{ readOnly: true }], /readOnly/],
      [[{ create: false }], /create/],
    ];
    for (const [values, named, code] of [...options, ...ofMemory]) {
      const call = async () => await callLoosely(openStore, 'memory:', ...values);
      await assertRefused(call, { what: inspect(values), named, code });
    }
  });

  test('the options of storeOver', async (t) => {
    const { engine } = (await openNew(t, inMemory)).context;
    for (const [values, named, code] of options.filter(([[given]]) => !/partition|pending/.test(inspect(given))))
      await assertRefused(() => callLoosely(storeOver, engine, ...values), { what: inspect(values), named, code });
    for (const wrong of [undefined, 5, {}])
      assert.throws(
        () => callLoosely(storeOver, wrong),
        (error) => assertArgumentError(error, /^engine/),
      );
  });

  test('the address', async (t) => {
    for (const address of [undefined, null, 5, '', {}, 'sqlite:'])
      await assertRefused(() => callLoosely(openStore, address), { what: inspect(address), named: /address/ });
    const path = join(await temporaryFolder(t), 'store.db');
    await assert.rejects(openStore(path, { partitionCount: 2 }), (error) =>
      assertArgumentError(error, /one partition/),
    );
  });

  test('the places of a restore', async (t) => {
    const path = join(await temporaryFolder(t), 'store.db');
    for (const [values, named] of [
      [[], /backup/],
      [['', path], /backup/],
      [[path], /destination/],
      [[path, 5], /destination/],
      [[path, path, null], /^options/],
      [[path, path, { signal: 5 }], /^signal/],
      [[path, path, { onProgress: {} }], /^onProgress/],
    ] as const)
      await assertRefused(() => callLoosely(restoreStore, ...values), { what: inspect(values), named });
  });
});

suite('what a store is opened with is checked when it answers:', () => {
  for (const kind of storeKinds) {
    test(`a clock and a maker of ids, in ${kind.name}`, async (t) => {
      let time: unknown = Date.now() * 1000;
      let id: unknown = 'log';
      // What plain JavaScript can hand in.
      const options = { now: () => time as number, newId: () => id as string };
      const store = await openNew(t, kind, options);
      for (const wrong of ['', 5, undefined, '\ud800', 'x'.repeat(300)]) {
        id = wrong;
        await assertRefused(async () => await store.append('a-1', [event]), { what: inspect(wrong), named: /newId/ });
      }
      id = 'e1';
      for (const wrong of [Number.NaN, Infinity, '5', undefined, 2 ** 60]) {
        time = wrong;
        await assertRefused(async () => await store.append('a-1', [event]), { what: inspect(wrong), named: /^now/ });
      }
      time = 1_772_357_400_123_456.75;
      assert.equal((await store.append('a-1', [event])).recordedAt, '2026-03-01T09:30:00.123456Z');
      assert.equal((await everythingIn(store)).length, 1);
    });
  }
});
