/**
 * A process that is stopped in the middle of a group, holding whatever it holds. Another process reads on, is told in
 * bounded time when it cannot write, and goes on writing once the first one continues.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openStore } from '../../src/index.ts';
import { FaultFolder } from './fault-folder.ts';
import { stopped } from './process-state.ts';
import { needsFaults } from './shim/compile-shim.ts';
import { StoreProcess } from './store-process.ts';

const event = { type: 'Stored', data: { fill: 'p'.repeat(1000) } };

describe('a process stopped in the middle of a group', needsFaults(), () => {
  for (const { calls, pathEnds, skip } of [
    { calls: ['sync'], pathEnds: '-wal', skip: 0 },
    { calls: ['write'], pathEnds: '-wal', skip: 1 },
  ] as const) {
    test(`before a ${calls[0]}: others read, and write once it continues`, async () => {
      using folder = new FaultFolder();
      await using paused = folder.startStore();
      await using other = new StoreProcess({});
      await paused.open(folder.storePath);
      await other.open(folder.storePath);
      await paused.append('note-1', [event]);
      await other.append('note-2', [event]);

      folder.control.arm({ calls, pathEnds, skip, times: 1, action: { kind: 'stop' } });
      const interrupted = paused.outcome({ do: 'append', streamId: 'note-3', events: [event, event] });
      await stopped(paused.processId);

      const read = await other.read();
      assert.deepEqual(
        read.map(({ streamId }) => streamId),
        ['note-1', 'note-2'],
        'nothing of the unfinished group is shown',
      );
      // The append either waits for the stopped process or is refused in bounded time; it is never acknowledged meanwhile.
      const waiting = other.outcome({ do: 'append', streamId: 'note-4', events: [event] });
      assert.equal((await other.read()).length, 2, 'a waiting append does not keep the process from reading');
      paused.signal('SIGCONT');

      assert.equal((await interrupted).kind, 'ok');
      const answer = await waiting;
      assert.ok(answer.kind === 'ok' || answer.code === 'STORE_BUSY', JSON.stringify(answer));
      const expected = ['note-1', 'note-2', 'note-3', 'note-3', ...(answer.kind === 'ok' ? ['note-4'] : [])];
      assert.deepEqual(
        (await other.read()).map(({ streamId }) => streamId),
        expected,
      );
      await other.append('note-5', [event]);
      await paused.append('note-6', [event]);
      assert.deepEqual(await paused.read(), await other.read());
    });
  }

  test('and then killed leaves a store that others go on with at once', async () => {
    using folder = new FaultFolder();
    await using paused = folder.startStore();
    await using other = new StoreProcess({});
    await paused.open(folder.storePath);
    await other.open(folder.storePath);
    await paused.append('note-1', [event]);
    folder.control.arm({ calls: ['sync'], pathEnds: '-wal', times: 1, action: { kind: 'stop' } });
    void paused.outcome({ do: 'append', streamId: 'note-2', events: [event, event] }).catch(() => undefined);
    await stopped(paused.processId);
    const waiting = other.outcome({ do: 'append', streamId: 'note-3', events: [event] });
    paused.signal('SIGKILL');
    await paused.ended();
    const answer = await waiting;
    if (answer.kind === 'error') {
      assert.equal(answer.code, 'STORE_BUSY', answer.message);
      await other.append('note-3', [event]);
    }
    const events = await other.read();
    // The killed group may have been written whole, and never by half.
    assert.ok(
      ['note-1 note-3', 'note-1 note-2 note-2 note-3'].includes(events.map(({ streamId }) => streamId).join(' ')),
    );
    await other.close();
    await using store = await openStore(folder.storePath);
    assert.equal((await store.readLog().toArray()).length, events.length);
    assert.deepEqual((await store.check()).findings, []);
  });
});
