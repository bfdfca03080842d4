/** What the world answers is recorded before anybody gets it, and is the answer from then on. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { whileReplaying } from '../../src/core/replay.ts';
import { ask, defineGateway, replayingGateway } from '../../src/reactions/gateway.ts';
import { callLoosely, assertArgumentError } from '../misuse.ts';
import { inFile, openAt, openNew, storeKinds } from '../open-stores.ts';
import { encryptingCodec } from '../store/encrypting-codec.ts';
import { temporaryFolder } from '../temporary-folder.ts';

/** A world whose answers differ each time, and which counts how often it is asked. */
function changingWorld() {
  const asked: unknown[] = [];
  const gateway = defineGateway({
    name: 'rates',
    ask: async (question: { readonly from: string; readonly to?: string }) => {
      asked.push(question);
      await new Promise((resolve) => setImmediate(resolve));
      return { rate: asked.length };
    },
  });
  return { asked, gateway };
}

for (const kind of storeKinds) {
  suite(`a gateway over ${kind.name}`, () => {
    test('is asked once for a question of an event, and gives the recorded answer afterwards', async (t) => {
      const store = await openNew(t, kind);
      const { asked, gateway } = changingWorld();
      assert.deepEqual(await ask(store, gateway, { from: 'EUR', to: 'USD' }, { for: 'e1' }), { rate: 1 });
      assert.deepEqual(await ask(store, gateway, { to: 'USD', from: 'EUR' }, { for: 'e1' }), { rate: 1 });
      assert.equal(asked.length, 1);
      assert.deepEqual(await ask(store, gateway, { from: 'EUR', to: 'GBP' }, { for: 'e1' }), { rate: 2 });
      assert.deepEqual(await ask(store, gateway, { from: 'EUR', to: 'USD' }, { for: 'e2' }), { rate: 3 });
      const other = { ...gateway, name: 'other-rates' };
      assert.deepEqual(await ask(store, other, { from: 'EUR', to: 'USD' }, { for: 'e1' }), { rate: 4 });
    });

    test('gives everybody who asks at once the same answer', async (t) => {
      const store = await openNew(t, kind);
      const { gateway } = changingWorld();
      const answers = await Promise.all(
        Array.from({ length: 8 }, async () => await ask(store, gateway, { from: 'EUR' }, { for: 'e1' })),
      );
      assert.equal(new Set(answers.map(({ rate }) => rate)).size, 1);
    });

    test('records nothing when it fails, and is asked again', async (t) => {
      const store = await openNew(t, kind);
      let failures = 1;
      const gateway = defineGateway({
        name: 'rates',
        ask: (question: string) => {
          if (failures-- > 0) throw new RangeError('the world is away');
          return question.length;
        },
      });
      await assert.rejects(ask(store, gateway, 'abc', { for: 'e1' }), { message: 'the world is away' });
      assert.equal(await ask(store, gateway, 'abc', { for: 'e1' }), 3);
    });

    test('keeps questions and answers through the codec', async (t) => {
      const { codec } = await encryptingCodec();
      const store = await openNew(t, kind, { codec });
      const gateway = defineGateway({ name: 'names', ask: (question: string) => `${question}-Lovelace` });
      assert.equal(await ask(store, gateway, 'Ada-Secret', { for: 'e1', streamId: 'person-1' }), 'Ada-Secret-Lovelace');
      assert.equal(await ask(store, gateway, 'Ada-Secret', { for: 'e1', streamId: 'person-1' }), 'Ada-Secret-Lovelace');
      const [entry] = await store.context.engine.keyedScan({ prefix: 'answer/', limit: 10 });
      assert.ok(entry !== undefined && !entry.value.includes('Secret') && !entry.value.includes('Lovelace'));
    });
  });
}

suite('an answer', () => {
  test('is what its JSON form says, also the first time', async (t) => {
    const store = await openNew(t, inFile);
    const at = new Date(0);
    const gateway = defineGateway({ name: 'clock', ask: (): { at: unknown } => ({ at }) });
    assert.deepEqual(await ask(store, gateway, null, { for: 'e1' }), { at: '1970-01-01T00:00:00.000Z' });
  });

  test('is durable before it is given out, and is there for another process', async (t) => {
    const path = join(await temporaryFolder(t), 'store.db');
    const { asked, gateway } = changingWorld();
    const first = await openAt(t, path);
    const second = await openAt(t, path);
    await ask(first, gateway, { from: 'EUR' }, { for: 'e1' });
    assert.deepEqual(await ask(second, replayingGateway(gateway), { from: 'EUR' }, { for: 'e1' }), { rate: 1 });
    assert.equal(asked.length, 1);
  });

  test('without a JSON form is refused and not recorded', async (t) => {
    const store = await openNew(t, inFile);
    const gateway = defineGateway({ name: 'void', ask: (): unknown => undefined });
    await assert.rejects(ask(store, gateway, null, { for: 'e1' }), { code: 'NOT_JSON' });
    assert.deepEqual(await store.context.engine.keyedScan({ prefix: '', limit: 10 }), []);
  });

  test('belongs to its gateway, id and question, whatever characters they have', async (t) => {
    const store = await openNew(t, inFile);
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 9 }).filter((id) => !id.includes('\0'));
    const seen = new Map<string, number>();
    let count = 0;
    const gateway = defineGateway({ name: 'counter', ask: (): number => (count += 1) });
    await fc.assert(
      fc.asyncProperty(text, fc.jsonValue(), async (id, question) => {
        const answer = await ask(store, gateway, question, { for: id });
        const key = JSON.stringify([id, JSON.stringify(question)]);
        assert.equal(seen.get(key) ?? answer, answer);
        seen.set(key, answer);
      }),
      { numRuns: 60 },
    );
  });
});

suite('a gateway', () => {
  test('is not asked during a replay', async (t) => {
    const store = await openNew(t, inFile);
    const { asked, gateway } = changingWorld();
    const asking = whileReplaying(async () => await ask(store, gateway, { from: 'EUR' }, { for: 'e1' }));
    await assert.rejects(asking, { code: 'EFFECT_IN_REPLAY', message: /^The gateway rates was called/ });
    assert.deepEqual(asked, []);
  });

  test('that replays never asks the world', async (t) => {
    const store = await openNew(t, inFile);
    const { asked, gateway } = changingWorld();
    await assert.rejects(ask(store, replayingGateway(gateway), { from: 'EUR' }, { for: 'e1' }), {
      code: 'GATEWAY_UNANSWERED',
      details: { gateway: 'rates', for: 'e1', question: { from: 'EUR' } },
    });
    assert.deepEqual(asked, []);
  });

  for (const [what, given, named] of [
    ['is no object', undefined, /^A gateway must be an object/],
    ['has a name with a slash', { name: 'a/b', ask: () => 1 }, /^The name of a gateway must be of letters/],
    ['asks with something that is no function', { name: 'a', ask: 1 }, /^ask of the gateway must be a function/],
  ] as const) {
    test(`is refused when it ${what}`, () => {
      assert.throws(
        () => callLoosely(defineGateway, given),
        (error) => assertArgumentError(error, named, 'INVALID_ARGUMENT'),
      );
    });
  }

  test('is told for what it is asked, and to whom a signal belongs', async (t) => {
    const store = await openNew(t, inFile);
    const { asked, gateway } = changingWorld();
    await assert.rejects(callLoosely(ask, store, gateway, {}, {}) as Promise<unknown>, /^TypeError: for must/);
    const signal = AbortSignal.abort(new RangeError('too late'));
    await assert.rejects(ask(store, gateway, { from: 'EUR' }, { for: 'e1', signal }), /too late/);
    assert.deepEqual(asked, []);
  });
});
