/**
 * The writer indexes behind its answers, and what comes in meanwhile goes on in the same transaction. Whatever comes in, and
 * whenever, it is answered in its order, and nothing is left open.
 */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { checkStore } from '../../../src/engines/sqlite/check-store.ts';
import { openForReading } from '../../../src/engines/sqlite/database.ts';
import { packGroup } from '../../../src/engines/sqlite/group-message.ts';
import type { WriterReply, WriterRequest } from '../../../src/engines/sqlite/protocol.ts';
import { WriterLoop } from '../../../src/engines/sqlite/writer-loop.ts';

const folder = mkdtempSync(join(tmpdir(), 'hindsight-writer-loop-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** More events than are left without an index of kinds and tags. */
const manyEvents = 1500;

function group(streamId: string, count: number): WriterRequest {
  const events = Array.from({ length: count }, (_, index) => {
    const id = `${streamId}-${index}`;
    return { id, type: 'T', tags: ['a'], record: JSON.stringify({ id, type: 'T', tags: ['a'], data: index }) };
  });
  return { kind: 'group', group: packGroup([{ streams: [{ streamId, expectedVersion: 0, events }] }]), now: 1 };
}

function openLoop(name: string): { readonly loop: WriterLoop; readonly path: string } {
  const path = join(folder, name);
  const open = { path, create: true, newLogId: 'log', newEpoch: 'epoch', now: 1 };
  return { loop: new WriterLoop({ open, walBytesMax: 8 * 1024 * 1024 }), path };
}

function isLocked(path: string): boolean {
  const other = new DatabaseSync(path);
  try {
    other.exec('BEGIN IMMEDIATE; ROLLBACK');
    return false;
  } catch {
    return true;
  } finally {
    other.close();
  }
}

function findings(path: string): readonly unknown[] {
  const database = openForReading(path, { isAlone: true });
  try {
    return checkStore(database, () => {}).findings;
  } finally {
    database.close();
  }
}

for (const [title, meanwhile] of [
  ['a group', group('late', 3)],
  ['a request of another kind', { kind: 'copyIn', events: [], keyedWrites: [], now: 1 }],
  ['nothing', undefined],
] as const)
  test(`${title} comes in while the writer indexes, and all of it is there`, () => {
    const { loop, path } = openLoop(`${title.replaceAll(' ', '-')}.db`);
    const replies: WriterReply[] = [];
    // The first look is that of the group, which ends with it; the second that of the indexing behind its answer.
    const asked: (WriterRequest | undefined)[] = [undefined, meanwhile];
    loop.serve(
      group('early', manyEvents),
      () => asked.shift(),
      (reply) => replies.push(reply),
    );
    assert.equal(asked.length, 0);
    assert.equal(isLocked(path), false);
    loop.serve(
      { kind: 'statistics' },
      () => undefined,
      (reply) => replies.push(reply),
    );
    loop.serve(
      { kind: 'close' },
      () => undefined,
      (reply) => replies.push(reply),
    );

    const kinds = replies.map(({ kind }) => kind);
    // Nothing can be copied into a log that has events.
    const expected = { group: ['answers'], copyIn: ['failed'] };
    assert.deepEqual(kinds, [
      'answers',
      ...(meanwhile === undefined ? [] : expected[meanwhile.kind === 'group' ? 'group' : 'copyIn']),
      'statistics',
      'done',
    ]);
    const database = new DatabaseSync(path, { readOnly: true });
    const { count } = database.prepare('SELECT count(*) AS count FROM event').get() ?? {};
    database.close();
    assert.equal(count, meanwhile?.kind === 'group' ? manyEvents + 3 : manyEvents);
    assert.deepEqual(findings(path), []);
  });
