/**
 * The stream index follows the log in large batches, written a slice at a time. Whatever slice is the last that was written,
 * given up, or written by somebody else as well, every stream must read as it was written.
 */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import * as fc from 'fast-check';
import { checkStore } from '../../../src/engines/sqlite/check-store.ts';
import { openForReading, openForWriting } from '../../../src/engines/sqlite/database.ts';
import { Reader } from '../../../src/engines/sqlite/reader.ts';
import {
  StreamIndexer,
  streamBatchFor,
  streamBatchMax,
  streamBatchMin,
} from '../../../src/engines/sqlite/stream-indexer.ts';
import { Tail } from '../../../src/engines/sqlite/tail.ts';
import { Writer } from '../../../src/engines/sqlite/writer.ts';

const folder = mkdtempSync(join(tmpdir(), 'hindsight-stream-index-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const open = (path: string): DatabaseSync =>
  openForWriting({ path, create: true, newLogId: 'log', newEpoch: 'epoch', now: 1 }).database;

function inTransaction(database: DatabaseSync, end: 'COMMIT' | 'ROLLBACK', work: () => void): void {
  database.exec('BEGIN IMMEDIATE');
  work();
  database.exec(end);
}

/** A connection that indexes streams, with what it remembers. */
class Indexing {
  readonly #database: DatabaseSync;
  readonly #tail: Tail;
  readonly #indexer: StreamIndexer;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#tail = new Tail(database);
    this.#indexer = new StreamIndexer(database);
  }

  advance(rowsMax: number, end: 'COMMIT' | 'ROLLBACK'): void {
    inTransaction(this.#database, end, () => {
      this.#tail.refresh();
      this.#indexer.advance(this.#tail, rowsMax, 20);
    });
    if (end === 'COMMIT') return;
    this.#tail.reset();
    this.#indexer.forget();
  }
}

const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      stream: fc.nat(12),
      count: fc.integer({ min: 1, max: 9 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('index kinds and tags' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('index streams' as const),
      by: fc.nat(1),
      rowsMax: fc.integer({ min: 1, max: 15 }),
      end: fc.constantFrom('COMMIT' as const, 'COMMIT' as const, 'COMMIT' as const, 'ROLLBACK' as const),
    }),
  },
);

let stores = 0;

test('every stream reads as it was written, whatever part of the stream index is written', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const path = join(folder, `${(stores += 1)}.db`);
      const [first, second] = [open(path), open(path)];
      const reading = openForReading(path, { isAlone: false });
      const writer = new Writer(first);
      const indexings = [new Indexing(first), new Indexing(second)];
      const reader = new Reader(reading, () => 2);
      const written = new Map<string, string[]>();
      let ids = 0;
      for (const each of steps) {
        if (each.kind === 'append') {
          const streamId = `s-${each.stream}`;
          const events = Array.from({ length: each.count }, () => {
            const id = `e${(ids += 1)}`;
            return { id, type: 'T', tags: [], record: `{"id":"${id}","type":"T","data":1}` };
          });
          inTransaction(first, 'COMMIT', () =>
            writer.writeGroup([{ streams: [{ streamId, expectedVersion: 'any', events }] }], 1),
          );
          written.set(streamId, [...(written.get(streamId) ?? []), ...events.map(({ record }) => record)]);
        } else if (each.kind === 'index streams') indexings[each.by]?.advance(each.rowsMax, each.end);
        else inTransaction(first, 'COMMIT', () => writer.indexKinds());
        for (const [streamId, records] of written) {
          const forward = reader.readStream({
            streamId,
            direction: 'forward',
            fromVersion: 1,
            limit: 1000,
            bytesMax: 1e6,
          });
          assert.equal(forward.version, records.length);
          assert.deepEqual(
            forward.events.map(({ record }) => record),
            records,
          );
          const found = reader.readLog({
            partition: 0,
            direction: 'backward',
            from: Number.MAX_SAFE_INTEGER,
            filter: { streamId, includeReserved: false },
            limit: 1000,
            bytesMax: 1e6,
          });
          assert.deepEqual(
            found.events.map(({ record }) => record),
            records.toReversed(),
          );
        }
      }
      assert.deepEqual(checkStore(reading, () => {}).findings, []);
      for (const database of [first, second, reading]) database.close();
    }),
    { numRuns: 60 },
  );
});

test('a store whose marks had not parted yet goes on where its one mark stands', () => {
  const path = join(folder, 'one-mark.db');
  const database = open(path);
  const writer = new Writer(database);
  const append = (id: string): void =>
    inTransaction(database, 'COMMIT', () =>
      writer.writeGroup(
        [
          {
            streams: [
              {
                streamId: 's-1',
                expectedVersion: 'any',
                events: [{ id, type: 'T', tags: [], record: `{"id":"${id}","type":"T","data":1}` }],
              },
            ],
          },
        ],
        1,
      ),
    );
  append('e1');
  inTransaction(database, 'COMMIT', () => writer.indexAll());
  database.exec(`DELETE FROM progress WHERE name = 'streams_indexed'`);
  append('e2');
  inTransaction(database, 'COMMIT', () => writer.indexKinds());
  append('e3');
  inTransaction(database, 'COMMIT', () => writer.indexAll());
  const reader = new Reader(database, () => 2);
  const page = reader.readStream({ streamId: 's-1', direction: 'forward', fromVersion: 1, limit: 10, bytesMax: 1e6 });
  assert.deepEqual(
    page.events.map(({ version }) => version),
    [1, 2, 3],
  );
  assert.deepEqual(checkStore(database, () => {}).findings, []);
  database.close();
});

test('a batch grows with the log, between a least and a greatest size', () => {
  assert.equal(streamBatchFor(0), streamBatchMin);
  assert.equal(streamBatchFor(32 * streamBatchMin), streamBatchMin);
  assert.equal(streamBatchFor(48 * streamBatchMin), 1.5 * streamBatchMin);
  assert.equal(streamBatchFor(10_000_000_000), streamBatchMax);
});
