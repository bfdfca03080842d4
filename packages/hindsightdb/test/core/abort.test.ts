/** Hearing of aborts: many wait for one signal, and each is told once or has left. */

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { whenAborted } from '../../src/core/abort.ts';

suite('an abort', () => {
  test('is told to all who wait and have not left, once, in the order in which they came', () => {
    const anyStep = fc.record({ isLeaving: fc.boolean(), who: fc.nat(20) });
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 60 }), (steps) => {
        const controller = new AbortController();
        const told: number[] = [];
        const waiting: { readonly name: number; readonly leave: () => void }[] = [];
        for (const [name, { isLeaving, who }] of steps.entries()) {
          if (!isLeaving) {
            waiting.push({ name, leave: whenAborted(controller.signal, () => told.push(name)) });
            continue;
          }
          const [left] = waiting.splice(who, 1);
          left?.leave();
          // Leaving twice is leaving once.
          left?.leave();
        }
        assert.equal(getEventListeners(controller.signal, 'abort').length, waiting.length > 0 ? 1 : 0);
        controller.abort();
        for (const { leave } of waiting) leave();
        assert.deepEqual(
          told,
          waiting.map(({ name }) => name),
        );
        assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
      }),
    );
  });

  test('is not told to who leaves because another one was told', () => {
    const controller = new AbortController();
    const told: string[] = [];
    let leave = (): void => {};
    whenAborted(controller.signal, () => {
      told.push('first');
      leave();
    });
    leave = whenAborted(controller.signal, () => told.push('second'));
    whenAborted(controller.signal, () => told.push('third'));
    controller.abort();
    assert.deepEqual(told, ['first', 'third']);
  });
});
