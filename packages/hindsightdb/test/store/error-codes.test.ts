/** Every code of the table can happen, and happens as it says. No code is dead. */

import assert, { fail } from 'node:assert/strict';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { suite, test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { errorCodes, HindsightError, isHindsightError, type ErrorCode } from '../../src/core/errors.ts';
import type { Query } from '../../src/core/query.ts';
import { migrationFiles } from '../../src/engines/postgres/migration-files.ts';
import { assertComplete, assertUsable } from '../../src/engines/postgres/migration-state.ts';
import { fileIdentity } from '../../src/engines/sqlite/files.ts';
import { storeError } from '../../src/engines/sqlite/sqlite-errors.ts';
import { openStore, restoreStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { callMethod } from '../misuse.ts';
import { inMemory, openAt, openNew } from '../open-stores.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { consumerProvocations } from '../consumers/provocations.ts';
import { processProvocations } from '../processes/provocations.ts';
import { projectionProvocations } from '../projections/provocations.ts';
import { reactionProvocations } from '../reactions/provocations.ts';
import { commandProvocations } from '../command-log/provocations.ts';
import { amountSchema } from './schemas.ts';

const event = { type: 'Added', data: 1 } as const;
const anyAdded: Query = [{ types: ['Added'] }];

/** Provokes an error; what it throws must have the code under which it stands. */
type Provocation = (t: TestContext) => Promise<unknown>;

async function storeOf(t: TestContext): Promise<Store> {
  return await openNew(t, inMemory);
}

async function pathOf(t: TestContext): Promise<string> {
  return join(await temporaryFolder(t), 'store.db');
}

/** A store in a file, closed again; what is done to the file comes next. */
async function closedStore(t: TestContext): Promise<string> {
  const path = await pathOf(t);
  const store = await openStore(path);
  await store.append('a-1', [event]);
  await store.close();
  return path;
}

/** Runs SQL on a file behind the store's back. */
function change(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

/** A checkpoint of a store that went on after its backup, and the store that was restored from that. */
async function restored(t: TestContext) {
  const folder = await temporaryFolder(t);
  const first = await openAt(t, join(folder, 'first.db'));
  await first.append('a-1', [event]);
  await first.backup(join(folder, 'backup.db'));
  const { checkpoint } = await first.append('a-1', [event]);
  await restoreStore(join(folder, 'backup.db'), join(folder, 'second.db'));
  return { checkpoint, store: await openAt(t, join(folder, 'second.db')) };
}

const provocations: Readonly<Record<ErrorCode, Provocation>> = {
  VERSION_CONFLICT: async (t) => await (await storeOf(t)).append('a-1', [event], { expectedVersion: 1 }),
  CONDITION_CONFLICT: async (t) => {
    const store = await storeOf(t);
    await store.append('a-1', [event]);
    await store.append('b-1', [event], { condition: { failIfEventsMatch: anyAdded } });
  },
  KEYED_STORE_CONFLICT: async (t) => {
    const store = await storeOf(t);
    const request = { streams: [{ streamId: 'a-1', events: [event] }], isReservedAllowed: false };
    const keyedWrites = [{ key: 'k', value: '1', expectedRevision: 7 }];
    const answer = await store.appendInternal({ ...request, keyedWrites });
    const { resultOf } = await import('../../src/store/append.ts');
    resultOf(store.context.engine, answer);
  },
  STREAM_TOMBSTONED: async (t) => {
    const store = await storeOf(t);
    await store.tombstone('a-1');
    await store.append('a-1', [event]);
  },
  KEY_REUSED: async (t) => {
    const store = await storeOf(t);
    await store.append('a-1', [event], { key: 'k' });
    await store.append('a-1', [{ ...event, data: 2 }], { key: 'k' });
  },
  REPETITION_MISMATCH: async (t) => {
    const store = await storeOf(t);
    await store.append('a-1', [{ ...event, id: 'e1' }], { expectedVersion: 0 });
    await store.append('a-1', [{ ...event, id: 'e1', data: 2 }], { expectedVersion: 0 });
  },
  INVALID_ARGUMENT: async (t) => await (await storeOf(t)).append('a-1', []),
  INVALID_TEXT: async (t) => await (await storeOf(t)).append('', [event]),
  INVALID_QUERY: async (t) => await (await storeOf(t)).readQuery([]).toArray(),
  RESERVED_NAME: async (t) => await (await storeOf(t)).append('$a', [event]),
  VALIDATION_FAILED: async (t) => {
    const store = await openNew(t, inMemory, { events: { Added: amountSchema } });
    await store.append('a-1', [{ type: 'Added', data: { amount: -1 } }]);
  },
  UNKNOWN_EVENT_TYPE: async (t) => {
    const store = await openNew(t, inMemory, { strictTypes: true });
    await store.append('a-1', [event]);
  },
  NOT_JSON: async (t) => await (await storeOf(t)).append('a-1', [{ type: 'Added', data: 1n }]),
  LIMIT_EXCEEDED: async (t) => await (await storeOf(t)).append('a'.repeat(2000), [event]),
  OVERLOADED: async (t) => {
    const store = await openAt(t, await pathOf(t), { pendingAppendsMax: 1 });
    await Promise.all([0, 1, 2].map(async () => await store.append('a-1', [event])));
  },
  OUTCOME_UNKNOWN: async (t) => {
    const workers: Worker[] = [];
    const notice = (worker: Worker): number => workers.push(worker);
    process.on('worker', notice);
    const store = await openAt(t, await pathOf(t));
    process.off('worker', notice);
    const append = store.append('a-1', [event]);
    // Behind the turn in which the append is handed over, so that the thread has it when it ends.
    await new Promise((resolve) => process.nextTick(resolve));
    await workers[0]?.terminate();
    await append;
  },
  CLOSED: async (t) => {
    const store = await storeOf(t);
    await store.close();
    await store.append('a-1', [event]);
  },
  RUNTIME_TOO_OLD: async (t) => {
    // What a Node.js answers that does not know the module.
    t.mock.method(process, 'getBuiltinModule', () => undefined);
    await openStore(await pathOf(t));
  },
  ENGINE_UNAVAILABLE: async () => await openStore('mysql://localhost/shop'),
  VIEW_SQL_FAILED: async (t) => {
    const { engine } = (await storeOf(t)).context;
    await engine.sql?.query({ sql: 'SELECT FROM', parameters: [] });
  },
  UNSUPPORTED: async (t) => await (await storeOf(t)).backup('copy.db'),
  STORE_NOT_FOUND: async (t) => await openStore(await pathOf(t), { create: false }),
  STORE_EXISTS: async (t) => {
    const path = await closedStore(t);
    await restoreStore(path, path);
  },
  FOREIGN_FILE: async (t) => {
    const path = await pathOf(t);
    await writeFile(path, 'Dear diary, nothing happened today.'.repeat(100));
    await openStore(path);
  },
  FORMAT_TOO_NEW: async (t) => {
    const path = await closedStore(t);
    change(path, 'PRAGMA user_version = 1000');
    await openStore(path);
  },
  STORE_CORRUPT: async (t) => {
    const path = await closedStore(t);
    change(path, 'DELETE FROM epoch');
    await openStore(path);
  },
  STORE_READ_ONLY: async (t) => {
    const store = await openAt(t, await closedStore(t), { readOnly: true });
    await store.append('a-1', [event]);
  },
  STORE_BUSY: async (t) => {
    const store = await storeOf(t);
    await store.context.engine.beginCopy();
    await store.append('a-1', [event]);
  },
  MIGRATION_MISSING: async () => {
    const [migration = fail('no migration')] = migrationFiles();
    const applied = [{ ...migration, appliedAt: '2026-03-01T00:00:00.000000Z' }];
    const pending = [{ ...migration, number: 2, name: 'later' }];
    assertComplete({ schema: 'shop', applied, pending, changed: [], isTooNew: false });
  },
  MIGRATION_CHANGED: async () => {
    const [migration = fail('no migration')] = migrationFiles();
    const applied = [{ ...migration, checksum: 'other', appliedAt: '2026-03-01T00:00:00.000000Z' }];
    assertUsable({ schema: 'shop', applied, pending: [], changed: applied, isTooNew: false }, 1);
  },
  STORE_UNREACHABLE: async () => {
    // Nothing listens on the first port of all.
    await openStore('postgres://nobody@127.0.0.1:1/nothing');
  },
  STORE_REPLACED: async (t) => {
    const path = await closedStore(t);
    const store = await openAt(t, path);
    await rename(path, `${path}.moved`);
    await store.append('a-1', [event]);
  },
  DISK_FULL: async (t) => {
    // A database that may not grow says what a full disk makes it say.
    const database = new DatabaseSync(await pathOf(t));
    try {
      database.exec('CREATE TABLE filler (text); PRAGMA max_page_count = 2');
      database.exec(`INSERT INTO filler VALUES (hex(zeroblob(10000)))`);
    } catch (error) {
      throw storeError(error, 'store.db');
    } finally {
      database.close();
    }
  },
  SYNC_FAILED: async (t) => {
    const path = await closedStore(t);
    // The mark that a handle leaves whose disk did not confirm a write.
    await writeFile(`${path}-failed`, JSON.stringify({ file: fileIdentity(path), reason: 'disk I/O error' }));
    await openStore(path);
  },
  CHECKPOINT_INVALID: async (t) => await callMethod(await storeOf(t), 'validateCheckpoint', 'yesterday'),
  CHECKPOINT_FOREIGN: async (t) => {
    const [one, other] = [await storeOf(t), await storeOf(t)];
    await one.validateCheckpoint(await other.head());
  },
  CHECKPOINT_AHEAD: async (t) => {
    const store = await storeOf(t);
    await store.validateCheckpoint(store.checkpointOf({ position: 7, id: 'e7' }));
  },
  CHECKPOINT_DIVERGED: async (t) => {
    const { store, checkpoint } = await restored(t);
    await store.validateCheckpoint(checkpoint);
  },
  TRUNCATION_REFUSED: async (t) => {
    const store = await storeOf(t);
    await store.append('a-1', [event, event]);
    await store.truncate('a-1', { before: 2 });
  },
  HISTORY_HIDDEN: async (t) => {
    const store = await storeOf(t);
    await store.append('a-1', [event]);
    await store.tombstone('a-1');
    await store.load({ initialState: 0, evolve: (count: number) => count + 1 }, 'a-1', { asOf: { version: 1 } });
  },
  UPCAST_FAILED: async (t) => {
    const upcast = () => {
      throw new Error('no amount');
    };
    const store = await openNew(t, inMemory, { upcasters: [{ type: 'Added', upcast }] });
    await store.append('a-1', [event]);
    await store.readStream('a-1').toArray();
  },
  DECODE_FAILED: async (t) => {
    const store = await storeOf(t);
    const record = '{"id":"e1","type":"Added","format":2,"data":1}';
    const events = [{ id: 'e1', type: 'Added', tags: [], record }];
    await store.context.engine.append({ streams: [{ streamId: 'a-1', expectedVersion: 0, events }] });
    await store.readStream('a-1').toArray();
  },
  ...consumerProvocations,
  ...projectionProvocations,
  ...reactionProvocations,
  ...processProvocations,
  ...commandProvocations,
};

suite('the code', () => {
  for (const [code, provoke] of Object.entries(provocations)) {
    test(`${code} is given when ${lowerFirst(errorCodes[code as ErrorCode])}`, async (t) => {
      await assert.rejects(provoke(t), (error) => {
        assert.ok(isHindsightError(error), String(error));
        assert.equal(error.code, code, String(error));
        assert.ok(error instanceof HindsightError || error instanceof TypeError || error instanceof RangeError);
        assert.ok(error.message.split(' ').length > 3, 'the message is a sentence');
        return true;
      });
    });
  }
});

function lowerFirst(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1, -1);
}

test('every code is tried', () => {
  assert.deepEqual(Object.keys(provocations).toSorted(), Object.keys(errorCodes).toSorted());
});
