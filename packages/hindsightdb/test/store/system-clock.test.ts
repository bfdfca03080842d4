/** The clock that a store goes by where it is given none. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openStore } from '../../src/index.ts';

test('the clock of a store goes on while that of the system does', async () => {
  await using store = await openStore('memory:');
  let [millisBefore, before] = [Date.now(), store.context.now()];
  for (let count = 0; count < 200_000; count += 1) {
    const now = store.context.now();
    const millis = Date.now();
    // Where the system's own clock was set back in between, so is this one.
    if (millis >= millisBefore) assert.ok(now >= before, `${now} came after ${before}`);
    [millisBefore, before] = [millis, now];
  }
});
