/** While events are folded again, nothing that acts on the world may run. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { defineDecider } from '../../src/core/decider.ts';
import { isHindsightError } from '../../src/core/errors.ts';
import type { Event } from '../../src/core/event.ts';
import { assertNotReplaying, guardEffect, whileReplaying } from '../../src/core/replay.ts';
import { handle } from '../../src/commands/handle.ts';
import { blame, foldLog, timeline } from '../../src/history/index.ts';
import { defineProjection, documents, foldLive } from '../../src/projections/index.ts';
import { given } from '../../src/testing/index.ts';
import { inMemory, openNew } from '../open-stores.ts';

type Added = Event<'Added', number>;
const refused = { code: 'EFFECT_IN_REPLAY' };

suite('a replay', () => {
  test('refuses effects until it returns, however deep it is nested and however it ends', () => {
    assertNotReplaying('The effect');
    whileReplaying(() => {
      whileReplaying(() => assert.throws(() => assertNotReplaying('The effect'), refused));
      assert.throws(() => assertNotReplaying('The effect'), refused);
    });
    assertNotReplaying('The effect');
    assert.throws(
      () =>
        whileReplaying(() => {
          throw new RangeError('no');
        }),
      RangeError,
    );
    assertNotReplaying('The effect');
  });

  test('gives back what the work gives', () => {
    assert.equal(
      whileReplaying(() => 7),
      7,
    );
  });

  test('refuses nothing that happens while somebody else awaits', async () => {
    const waiting = whileReplaying(async () => await new Promise((resolve) => setImmediate(resolve)));
    assertNotReplaying('The effect');
    await waiting;
  });
});

suite('a guarded function', () => {
  const mails: string[] = [];
  const sendMail = guardEffect(function sendMail(to: string): number {
    return mails.push(to);
  });

  test('is what it was outside of a replay', () => {
    assert.equal(sendMail('ada'), 1);
    assert.deepEqual(mails.splice(0), ['ada']);
  });

  test('does nothing within one, and is named', () => {
    whileReplaying(() => {
      assert.throws(() => sendMail('ada'), { ...refused, message: /^The guarded function sendMail was called/ });
    });
    assert.deepEqual(mails, []);
  });

  test('is not reached by any way of folding events', async (t) => {
    const store = await openNew(t, inMemory);
    await store.append('a-1', [{ type: 'Added', data: 1 }]);
    let hits = 0;
    const hit = guardEffect(() => (hits += 1));
    const fold = { initialState: 0, evolve: (state: number) => state + hit() };
    const decider = defineDecider({
      ...fold,
      decide: (command: number): Added => ({ type: 'Added', data: command }),
    });
    await assert.rejects(store.load(fold, 'a-1'), refused);
    await assert.rejects(store.load(fold, 'a-1', { asOf: { occurredAt: new Date() } }), refused);
    await assert.rejects(foldLog(store, fold), refused);
    await assert.rejects(timeline(store, fold, 'a-1').toArray(), refused);
    await assert.rejects(blame(store, fold, 'a-1'), refused);
    await assert.rejects(handle(store, decider, 'a-1', 2), refused);
    await assert.rejects(handle(store, decider, 'b-1', 2), refused);
    assert.throws(() => given(fold, [{ type: 'Added', data: 1 }]).thenState(1), /replays events/);
    const upcasting = await openNew(t, inMemory, { upcasters: [{ type: 'Added', upcast: () => ({ data: hit() }) }] });
    await upcasting.append('a-1', [{ type: 'Added', data: 1 }]);
    await assert.rejects(upcasting.readStream('a-1').toArray(), (error) => {
      assert.ok(isHindsightError(error, 'UPCAST_FAILED'));
      return isHindsightError(error.cause, 'EFFECT_IN_REPLAY');
    });
    assert.equal(hits, 0);
    assert.equal((await store.streamInfo('b-1')).version, 0, 'nothing was written');
  });

  test('is not reached by the handlers of a projection', async (t) => {
    let hits = 0;
    const hit = guardEffect(() => (hits += 1));
    const view = documents<{ readonly count: number }>();
    const projection = defineProjection({
      name: 'counts',
      view,
      inline: true,
      on: { Added: ({ streamId }) => view.set(streamId, { count: hit() }) },
    });
    const causes = (error: unknown): boolean =>
      isHindsightError(error, 'EFFECT_IN_REPLAY') ||
      (error instanceof Error && error.cause !== undefined && causes(error.cause));
    const store = await openNew(t, inMemory);
    await store.append('a-1', [{ type: 'Added', data: 1 }]);
    await assert.rejects(foldLive(store, projection), causes);
    const inline = await openNew(t, inMemory, { inline: [projection] });
    await assert.rejects(inline.append('a-1', [{ type: 'Added', data: 1 }]), causes);
    assert.equal(hits, 0);
  });
});
