/** Reads are answered at once, on the caller's thread. The event loop gets its turns all the same. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openStore } from '../../../src/index.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

test('a walk lets timers, sockets and signals have their turn, so that it can be aborted', async (context) => {
  await using store = await openStore(join(await temporaryFolder(context), 'log.db'));
  const events = Array.from({ length: 1000 }, (_, index) => ({ type: 'Counted', data: index }));
  await store.append('counter-1', events);
  const reads = [
    (signal: AbortSignal) => store.readLog({ signal }),
    (signal: AbortSignal) => store.readStream('counter-1', { signal }),
  ];
  for (const read of reads) {
    const controller = new AbortController();
    setImmediate(() => controller.abort());
    // Without a turn this would never end.
    await assert.rejects(
      async () => {
        for (;;) for await (const _ of read(controller.signal));
      },
      { name: 'AbortError' },
    );
  }
});
