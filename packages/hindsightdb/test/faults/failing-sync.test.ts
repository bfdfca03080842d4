/**
 * A sync that fails. Linux then marks the pages clean, so that syncing again succeeds without writing anything: the store
 * must not try, must not claim to know what became of the appends, and must not be used further until it was copied.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { join } from 'node:path';
import { openStore } from '../../src/index.ts';
import { FaultFolder } from './fault-folder.ts';
import { readRecord } from './fault-record.ts';
import { runSeed } from './seeded-random.ts';
import { needsFaults } from './shim/compile-shim.ts';
import { StoreProcess } from './store-process.ts';
import { checkCuts, startRecorded } from './store-power-cut.ts';

const event = { type: 'Stored', data: { fill: 's'.repeat(500) } };

describe('a sync that fails', needsFaults(), () => {
  test('leaves the outcome of unanswered appends unknown and ends the handle', async () => {
    using folder = new FaultFolder();
    await using store = folder.startStore();
    await store.open(folder.storePath);
    await store.append('note-1', [event]);

    const rule = folder.control.arm({
      calls: ['sync'],
      pathEnds: '-wal',
      times: 1,
      action: { kind: 'error', code: 'EIO' },
    });
    const numbers = Array.from({ length: 40 }, (_, index) => index);
    const codes = await Promise.all(
      numbers.map((number) => store.codeOf({ do: 'append', streamId: `note-${number + 2}`, events: [event] })),
    );
    assert.equal(folder.control.counts(rule).struck, 1);
    assert.ok(codes.includes('OUTCOME_UNKNOWN'), codes.join(' '));
    // Those that were not being written yet are refused as the handle is; none is acknowledged.
    assert.deepEqual(
      [...new Set(codes)].filter((code) => code !== 'OUTCOME_UNKNOWN' && code !== 'SYNC_FAILED'),
      [],
    );
    assert.equal(await store.codeOf({ do: 'append', streamId: 'note-1', events: [event] }), 'SYNC_FAILED');
  });

  test('is not tried again for the appends that it left uncertain', async () => {
    using folder = new FaultFolder();
    await using store = folder.startStore({ recordPath: folder.recordPath });
    await store.open(folder.storePath);
    await store.append('note-1', [event]);
    folder.control.arm({ calls: ['sync'], pathEnds: '-wal', times: 1, action: { kind: 'error', code: 'EIO' } });
    assert.equal(await store.codeOf({ do: 'append', streamId: 'note-2', events: [event] }), 'OUTCOME_UNKNOWN');
    assert.equal(await store.codeOf({ do: 'append', streamId: 'note-3', events: [event] }), 'SYNC_FAILED');
    const operations = readRecord(folder.recordPath);
    const failed = operations.findIndex(({ kind }) => kind === 'syncFailed');
    assert.ok(failed > 0);
    const later = operations.slice(failed + 1).filter(({ kind }) => kind === 'syncBegin' || kind === 'write');
    assert.deepEqual(
      later.filter((operation) => 'path' in operation && !operation.path.endsWith('-failed')),
      [],
    );
  });

  test('and a power cut after it lose nothing that was acknowledged, also where the handle was closed in between', async () => {
    using folder = new FaultFolder();
    folder.control.arm({
      calls: ['sync'],
      pathEnds: '-wal',
      skip: 8,
      times: 1,
      action: { kind: 'error', code: 'EIO' },
    });
    await using writer = startRecorded(folder, 'load-writer.ts', ['writer', '2', '40', 'marks']);
    await writer.lineBeginning('error');
    await writer.ended();
    const operations = readRecord(folder.recordPath);
    assert.ok(operations.some(({ kind }) => kind === 'syncFailed'));
    const checked = await checkCuts(folder, operations, { seed: runSeed(), imagesMax: 40, names: 'journaled' });
    assert.ok(checked > 0);
  });

  test('shows no reader what it left uncertain', async () => {
    using folder = new FaultFolder();
    await using store = folder.startStore();
    await store.open(folder.storePath);
    await store.append('note-1', [event]);
    folder.control.arm({ calls: ['sync'], pathEnds: '-wal', times: 1, action: { kind: 'error', code: 'EIO' } });
    assert.equal(await store.codeOf({ do: 'append', streamId: 'note-2', events: [event] }), 'OUTCOME_UNKNOWN');
    const answer = await store.outcome({ do: 'read' });
    if (answer.kind === 'ok') assert.equal((answer.value as unknown[]).length, 1);
    else assert.equal(answer.code, 'SYNC_FAILED', answer.message);
  });

  test('keeps the store from being opened in place, by the same process and by another, until it was copied', async () => {
    using folder = new FaultFolder();
    await using store = folder.startStore();
    await store.open(folder.storePath);
    await store.append('note-1', [event]);
    folder.control.arm({ calls: ['sync'], pathEnds: '-wal', times: 1, action: { kind: 'error', code: 'EIO' } });
    assert.equal(await store.codeOf({ do: 'append', streamId: 'note-2', events: [event] }), 'OUTCOME_UNKNOWN');
    await store.codeOf({ do: 'close' });
    assert.equal(await store.codeOf({ do: 'open', address: folder.storePath }), 'SYNC_FAILED');
    await using other = folder.startStore();
    assert.equal(await other.codeOf({ do: 'open', address: folder.storePath }), 'SYNC_FAILED');

    const copy = join(folder.path, 'copy.db');
    assert.equal(await other.codeOf({ do: 'restore', source: folder.storePath, destination: copy }), 'ok');
    await other.open(copy);
    const events = await other.read();
    assert.equal(events[0]?.streamId, 'note-1', 'what was acknowledged is in the copy');
    await other.append('note-3', [event]);
    assert.deepEqual(await other.findings(), []);
  });

  test('at opening is an error with its own code, and no answer rests on it', async () => {
    using folder = new FaultFolder();
    {
      await using store = await openStore(folder.storePath);
      await store.append('note-1', [event]);
    }
    await using killed = folder.startStore();
    await killed.open(folder.storePath);
    await killed.append('note-2', [event]);
    killed.signal('SIGKILL');
    await killed.ended();

    const rule = folder.control.arm({ calls: ['sync'], pathEnds: '-wal', action: { kind: 'error', code: 'EIO' } });
    await using store = folder.startStore();
    assert.equal(await store.codeOf({ do: 'open', address: folder.storePath }), 'SYNC_FAILED');
    assert.ok(folder.control.counts(rule).struck > 0, 'an opener must sync what a killed process left behind');
  });

  test('or a read that fails has a clear code, and does not keep other processes from writing', async () => {
    using folder = new FaultFolder();
    {
      await using store = await openStore(folder.storePath);
      const streams = Array.from({ length: 900 }, (_, index) => ({
        streamId: `note-${index}`,
        events: [event, event],
      }));
      await store.append({ streams });
    }
    await using other = new StoreProcess({});
    await other.open(folder.storePath);
    await using store = folder.startStore();
    await store.open(folder.storePath);
    const rule = folder.control.arm({ calls: ['read'], pathEnds: 'store.db', action: { kind: 'error', code: 'EIO' } });
    let code = 'ok';
    for (let number = 0; number < 900 && code === 'ok'; number += 30)
      code = await store.codeOf({
        do: 'append',
        streamId: `note-${number}`,
        events: [event],
        options: { expectedVersion: 2 },
      });
    assert.ok(folder.control.counts(rule).struck > 0, 'nothing was read from the disk');
    // SQLite takes a page that the disk does not give for a damaged one.
    assert.equal(code, 'STORE_CORRUPT');
    await other.append('note-1', [event]);
  });
});
