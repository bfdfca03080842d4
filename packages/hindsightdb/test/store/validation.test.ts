/** Events are validated before anything is written, and what the schema returns is what is stored. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as v from 'valibot';
import * as z from 'zod';
import { ValidationError } from '../../src/core/errors.ts';
import { rawJson } from '../../src/core/raw-json.ts';
import { dataTextOf } from '../../src/core/record.ts';
import { callMethod } from '../misuse.ts';
import { everythingIn, inMemory, openNew, storeKinds } from '../open-stores.ts';
import { amountSchema, gatedSchema, schemaOf } from './schemas.ts';

const schemas = {
  'written by hand': amountSchema,
  'written by hand, asynchronous': schemaOf<{ amount: number | string }, { amount: number }>(async (value) => {
    await Promise.resolve();
    return amountSchema['~standard'].validate(value);
  }),
  'of Zod': z.object({ amount: z.coerce.number<number | string>().min(0, 'is negative') }),
  'of Zod, asynchronous': z.object({
    amount: z.coerce.number<number | string>().refine(async (amount) => amount >= 0, 'is negative'),
  }),
  'of Valibot': v.object({
    amount: v.pipe(v.union([v.number(), v.string()]), v.toNumber(), v.minValue(0, 'is negative')),
  }),
  'of Valibot, asynchronous': v.objectAsync({
    amount: v.pipeAsync(
      v.union([v.number(), v.string()]),
      v.transformAsync(async (amount) => Number(amount)),
      v.checkAsync(async (amount) => amount >= 0, 'is negative'),
    ),
  }),
};

for (const [what, schema] of Object.entries(schemas)) {
  suite(`a schema ${what}`, () => {
    test('lets valid data pass and stores what it makes of them', async (t) => {
      const store = await openNew(t, inMemory, { events: { Added: schema } });
      await store.append('a-1', [
        { type: 'Added', data: { amount: '12' } },
        { type: 'Added', data: { amount: 3 } },
      ]);
      const events = await store.readStream('a-1').toArray();
      assert.deepEqual(
        events.map(({ data }) => data.amount),
        [12, 3],
      );
    });

    test('refuses an append whole, says where and why, and nothing is written', async (t) => {
      const store = await openNew(t, inMemory, { events: { Added: { schema } } });
      const good = { type: 'Added', data: { amount: 1 } } as const;
      const bad = { type: 'Added', data: { amount: -1 } } as const;
      const refused = store.append({
        streams: [
          { streamId: 'a-1', events: [good] },
          { streamId: 'b-1', events: [good, bad] },
        ],
      });
      await assert.rejects(refused, (error) => {
        assert.ok(error instanceof ValidationError);
        assert.deepEqual(
          [error.code, error.issues],
          ['VALIDATION_FAILED', [{ message: 'is negative', path: '/amount' }]],
        );
        assert.match(error.message, /event 2, Added, is not valid: \/amount: is negative.* Nothing was written/);
        return true;
      });
      assert.deepEqual(await everythingIn(store), []);
      // The refusal leaves nothing behind that would hold up a later append.
      assert.equal((await store.append('b-1', [good])).version, 1);
    });
  });
}

suite('validation', () => {
  test('comes before anything is written, in every store', async (t) => {
    for (const kind of storeKinds) {
      const store = await openNew(t, kind, { events: { Added: amountSchema } });
      await assert.rejects(store.append('a-1', [{ type: 'Added', data: { amount: -1 } }]), {
        code: 'VALIDATION_FAILED',
      });
      assert.deepEqual(await everythingIn(store), []);
    }
  });

  test('lets undeclared types pass as they are, unless types are strict', async (t) => {
    const lax = await openNew(t, inMemory, { events: { Added: amountSchema } });
    await callMethod(lax, 'append', 'a-1', [{ type: 'Other', data: 'x' }]);
    const strict = await openNew(t, inMemory, { events: { Added: amountSchema, Ended: {} }, strictTypes: true });
    await assert.rejects(callMethod(strict, 'append', 'a-1', [{ type: 'Other', data: 'x' }]), {
      code: 'UNKNOWN_EVENT_TYPE',
      message: /"Other" is not declared.*Added, Ended/,
    });
    assert.deepEqual(await everythingIn(strict), []);
    await strict.append('a-1', [{ type: 'Ended', data: 7 }]);
    // The store's own events need no declaration.
    await strict.tombstone('a-1');
  });

  test('takes no type from the prototype of an object', async (t) => {
    const store = await openNew(t, inMemory, { events: {}, strictTypes: true });
    for (const type of ['__proto__', 'constructor', 'toString'])
      await assert.rejects(callMethod(store, 'append', 'a-1', [{ type, data: 1 }]), { code: 'UNKNOWN_EVENT_TYPE' });
  });

  test('passes on the error of a schema that throws, and nothing is written', async (t) => {
    const failing = schemaOf<unknown>(() => {
      throw new Error('the schema is broken');
    });
    const rejecting = schemaOf<unknown>(async () => await Promise.reject(new Error('the schema is broken')));
    const store = await openNew(t, inMemory, { events: { A: failing, B: rejecting } });
    for (const type of ['A', 'B'] as const)
      await assert.rejects(store.append('a-1', [{ type, data: 1 }]), /the schema is broken/);
    assert.deepEqual(await everythingIn(store), []);
  });

  test('refuses with VALIDATION_FAILED before it looks at any condition', async (t) => {
    const store = await openNew(t, inMemory, { events: { Added: amountSchema } });
    const append = store.append('a-1', [{ type: 'Added', data: { amount: -1 } }], { expectedVersion: 7 });
    await assert.rejects(append, { code: 'VALIDATION_FAILED' });
  });

  test('sees what raw JSON says, and raw JSON that the schema leaves as it is keeps its text', async (t) => {
    const store = await openNew(t, inMemory, { events: { Added: amountSchema } });
    const texts = ['{"amount": 1.10}', '{"amount": "7"}'];
    await store.append(
      'a-1',
      texts.map((text) => ({ type: 'Added', data: rawJson(text) })),
    );
    const records = await store.readRecords().toArray();
    assert.deepEqual(
      records.map(({ record }) => dataTextOf(record)),
      ['{"amount": 1.10}', '{"amount":7}'],
    );
    await assert.rejects(store.append('a-1', [{ type: 'Added', data: rawJson('{"amount":-1}') }]), {
      code: 'VALIDATION_FAILED',
    });
  });

  test('may make bytes of a value and a value of bytes', async (t) => {
    const toBytes = schemaOf<string, Uint8Array>((value) => ({ value: new TextEncoder().encode(String(value)) }));
    const fromBytes = schemaOf<Uint8Array, { readonly size: number }>((value) =>
      value instanceof Uint8Array ? { value: { size: value.length } } : { issues: [{ message: 'no bytes' }] },
    );
    for (const kind of storeKinds) {
      const store = await openNew(t, kind, { events: { Scanned: toBytes, Measured: fromBytes } });
      await store.append('a-1', [
        { type: 'Scanned', data: 'ab' },
        { type: 'Measured', data: Uint8Array.of(1, 2, 3) },
      ]);
      const events = await store.readStream('a-1').toArray();
      assert.deepEqual(
        events.map(({ data, contentType }) => [data, contentType]),
        [
          [Uint8Array.of(97, 98), 'application/octet-stream'],
          [{ size: 3 }, undefined],
        ],
      );
    }
  });

  test('refuses a value that has no JSON form with NOT_JSON, also one that a schema made', async (t) => {
    const store = await openNew(t, inMemory, { events: { Made: schemaOf<unknown>(() => ({ value: 10n })) } });
    for (const event of [
      { type: 'Made', data: 1 },
      { type: 'Other', data: undefined },
      { type: 'Other', data: { n: 1n } },
    ])
      await assert.rejects(callMethod(store, 'append', 'a-1', [event]), { name: 'TypeError', code: 'NOT_JSON' });
    assert.deepEqual(await everythingIn(store), []);
  });
});

suite('appends are written in the order of the calls', () => {
  for (const kind of storeKinds) {
    test(`whether their schemas wait or not, in ${kind.name}`, async (t) => {
      const gate = gatedSchema();
      const store = await openNew(t, kind, { events: { Slow: gate.schema, Quick: amountSchema } });
      const appends = [
        store.append('a-1', [
          { type: 'Slow', data: 1 },
          { type: 'Slow', data: 2 },
        ]),
        store.append('a-1', [{ type: 'Quick', data: { amount: 3 } }]),
        store.append('a-1', [{ type: 'Slow', data: 4 }]),
        store.append('a-1', [{ type: 'Quick', data: { amount: -5 } }]),
        store.append('a-1', [{ type: 'Quick', data: { amount: 6 } }]),
      ];
      const settled = Promise.allSettled(appends);
      while (gate.waiting < 2) await Promise.resolve();
      assert.deepEqual(await everythingIn(store), []);
      gate.open();
      while (gate.waiting < 1) await new Promise((resolve) => setImmediate(resolve));
      gate.open();
      const versions = (await settled).map((each) => (each.status === 'fulfilled' ? each.value.version : undefined));
      assert.deepEqual(versions, [2, 3, 4, undefined, 5]);
      const stored = await store.readStream('a-1').toArray();
      assert.deepEqual(
        stored.map(({ data }) => JSON.stringify(data)),
        ['1', '2', '{"amount":3}', '4', '{"amount":6}'],
      );
    });
  }

  test('and closing waits for those whose schema waits', async (t) => {
    const gate = gatedSchema();
    const store = await openNew(t, inMemory, { events: { Slow: gate.schema } });
    const append = store.append('a-1', [{ type: 'Slow', data: 1 }]);
    const closing = store.close();
    while (gate.waiting < 1) await Promise.resolve();
    gate.open();
    assert.equal((await append).version, 1);
    await closing;
  });

  test('and one that was aborted while its schema waited is not written', async (t) => {
    const gate = gatedSchema();
    const store = await openNew(t, inMemory, { events: { Slow: gate.schema } });
    const controller = new AbortController();
    const reason = new Error('enough');
    const append = store.append('a-1', [{ type: 'Slow', data: 1 }], { signal: controller.signal });
    while (gate.waiting < 1) await Promise.resolve();
    controller.abort(reason);
    gate.open();
    await assert.rejects(append, reason);
    assert.deepEqual(await everythingIn(store), []);
  });
});
