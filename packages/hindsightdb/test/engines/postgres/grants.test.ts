/** Roles can do what they are for, and nothing else. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { startConsumer, waitForConsumer } from '../../../src/consumers/index.ts';
import { grantsSql, type GrantedAccess } from '../../../src/engines/postgres/grants.ts';
import { postgres, postgresGrantsSql } from '../../../src/engines/postgres/index.ts';
import { bringUpToDate, migrate } from '../../../src/engines/postgres/migrations.ts';
import { poolFor, withClient, withPool } from '../../../src/engines/postgres/pool.ts';
import { quotedName } from '../../../src/engines/postgres/sql-names.ts';
import { openStore } from '../../../src/store/open.ts';
import { serversAvailable } from '../../postgres/server-programs.ts';
import { migrationsOf, serverOfSuite } from './own-schema.ts';

const event = { type: 'Added', data: 1, tags: ['a:1'] } as const;
const forbidden = { code: '42501' };

for (const programs of serversAvailable()) {
  suite(`roles on PostgreSQL ${programs.version}`, () => {
    const inUse = serverOfSuite(programs);
    const query = async (text: string) => (await inUse().pool.query<Record<string, unknown>>(text)).rows;
    const addressOf = (role: string) =>
      inUse()
        .server.address()
        .replace('postgres@', `${encodeURIComponent(role)}@`);

    /** A log that belongs to a role which may do nothing else than make schemas, and the address of another role. */
    async function logWith(schema: string, access: GrantedAccess | 'nothing'): Promise<string> {
      await query(`CREATE ROLE ${schema}_owner LOGIN; GRANT CREATE ON DATABASE postgres TO ${schema}_owner`);
      await query(`CREATE ROLE ${schema}_role LOGIN`);
      await withPool({ address: addressOf(`${schema}_owner`) }, async (pool) => {
        await withClient(pool, (client) => migrate(client, { schema }));
        if (access === 'nothing') return;
        await pool.query({ text: grantsSql(schema, { role: `${schema}_role`, access }), rowMode: 'array' });
      });
      return addressOf(`${schema}_role`);
    }

    test('that append do all that an application does', async () => {
      const address = await logWith('at_work', 'application');
      await using store = await openStore(postgres({ address, schema: 'at_work' }), {
        events: { Added: { carriesState: true } },
      });
      await store.append('a-1', [event, event], { expectedVersion: 'none', key: 'k' });
      await store.append('b-1', [event], { condition: { failIfEventsMatch: [{ types: ['Removed'] }] } });
      await store.truncate('a-1', { before: 2 });
      await store.removeTruncated('a-1');
      await store.tombstone('b-1');
      assert.equal((await store.readQuery([{ tags: ['a:1'] }]).toArray()).length, 3);
      const seen: string[] = [];
      const consumer = await startConsumer(store, {
        name: 'counter',
        startAt: 'beginning',
        handle: ({ streamId }) => {
          seen.push(streamId);
        },
      });
      await waitForConsumer(store, 'counter', await store.head());
      await consumer.stop();
      assert.deepEqual(seen, ['a-1', 'a-1', 'b-1']);
    });

    test('that append change, delete and insert nothing by statements of their own', async () => {
      const address = await logWith('at_bay', 'application');
      await using store = await openStore(postgres({ address, schema: 'at_bay' }));
      await store.append('a-1', [event]);
      const before = await query('SELECT * FROM at_bay.event');
      await withPool({ address }, async (pool) => {
        for (const statement of [
          `UPDATE at_bay.event SET record = '{}'`,
          `SET hindsight.removal = 'on'; UPDATE at_bay.event SET record = '{}'`,
          'DELETE FROM at_bay.event',
          'TRUNCATE at_bay.event',
          'INSERT INTO at_bay.event SELECT partition, position + 1, version + 1 FROM at_bay.event',
          `INSERT INTO at_bay.keyed VALUES ('k', '1', 1)`,
          `SELECT at_bay.write_keyed('k', '1')`,
          `SELECT at_bay.empty_records('a-1', 9)`,
          'SELECT at_bay.begin_copy_v1()',
          `SELECT at_bay.copy_v1('[]', '[]')`,
          'SELECT at_bay.end_copy_v1()',
          'CREATE TABLE at_bay.other (number int)',
          'ALTER TABLE at_bay.event DISABLE TRIGGER ALL',
          'DROP TABLE at_bay.event_tag',
          'SET session_replication_role = replica',
          `SELECT nextval('at_bay.keyed_revision')`,
        ])
          await assert.rejects(
            withClient(pool, (client) => client.query({ text: statement, rowMode: 'array' })),
            forbidden,
            statement,
          );
      });
      assert.deepEqual(await query('SELECT * FROM at_bay.event'), before);
    });

    test('that append can neither choose a time nor empty an event without a trace', async () => {
      const address = await logWith('at_odds', 'application');
      await using store = await openStore(postgres({ address, schema: 'at_odds' }));
      await store.append('a-1', [event]);
      const before = await query('SELECT * FROM at_odds.event');
      const call = (now: string, stream: object) =>
        `SELECT at_odds.append_v1('g', ${now}, '{0}', false, '${JSON.stringify([{ s: [stream], w: [], v: [] }])}')`;
      const plain = { i: 'a-1', n: 0, x: 'any', e: [['1', 'Added', [], '{"id":"1","type":"Added","data":1}']] };
      const removal = { kind: 'removal', streamId: 'a-1', beforeVersion: 2 };
      await withPool({ address }, async (pool) => {
        const attempt = (text: string) => withClient(pool, (client) => client.query({ text, rowMode: 'array' }));
        await assert.rejects(attempt(call('9000000000000000', plain)), forbidden);
        const traceless = [
          { ...plain, e: [], f: removal },
          { ...plain, f: removal },
          { ...plain, i: '$settings-b-1', f: removal },
        ];
        for (const stream of traceless) await assert.rejects(attempt(call('NULL', stream)), { code: 'HS004' });
      });
      assert.deepEqual(await query('SELECT * FROM at_odds.event'), before);
    });

    const may: Readonly<Record<GrantedAccess, readonly string[]>> = {
      application: ['append_v1', 'create_log_v1', 'forget_expired_v1', 'identity_v1'],
      reader: ['identity_v1'],
    };
    for (const [access, functions] of Object.entries(may) as [GrantedAccess, readonly string[]][]) {
      test(`have the rights of ${access} and no others in the whole schema`, async () => {
        const schema = `all_${access}`;
        await logWith(schema, access);
        const role = `${schema}_role`;
        const callable = await query(`SELECT proname FROM pg_proc WHERE pronamespace = '${schema}'::regnamespace
          AND has_function_privilege('${role}', oid, 'EXECUTE') ORDER BY proname`);
        assert.deepEqual(
          callable.map(({ proname }) => proname),
          functions,
        );
        const rights = await query(`SELECT DISTINCT has_table_privilege('${role}', oid, 'SELECT') AS reads,
            has_table_privilege('${role}', oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
            OR has_any_column_privilege('${role}', oid, 'INSERT, UPDATE, REFERENCES') AS writes
          FROM pg_class WHERE relnamespace = '${schema}'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')`);
        assert.deepEqual(rights, [{ reads: true, writes: false }]);
        assert.deepEqual(
          await query(`SELECT has_schema_privilege('${role}', '${schema}', 'CREATE') AS makes,
            has_sequence_privilege('${role}', '${schema}.keyed_revision', 'USAGE, UPDATE') AS counts`),
          [{ makes: false, counts: false }],
        );
        // Whoever was granted nothing, not even the schema, can do nothing.
        const open = await query(`SELECT proname FROM pg_proc p WHERE pronamespace = '${schema}'::regnamespace
          AND EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) WHERE grantee = 0)`);
        assert.deepEqual(open, []);
      });
    }

    test('that read cannot append', async () => {
      const address = await logWith('on_view', 'reader');
      await using owner = await openStore(postgres({ address: addressOf('on_view_owner'), schema: 'on_view' }));
      await owner.append('a-1', [event]);
      await using reader = await openStore(postgres({ address, schema: 'on_view' }), { readOnly: true });
      assert.equal((await reader.readStream('a-1').toArray()).length, 1);
      await assert.rejects(reader.append('a-1', [event]), { code: 'STORE_READ_ONLY' });
      await using daring = await openStore(postgres({ address, schema: 'on_view' }));
      await assert.rejects(daring.append('a-1', [event]), { code: 'STORE_READ_ONLY' });
      const { pool } = await poolFor({ address });
      await assert.rejects(
        pool.query({ text: `SELECT on_view.append_v1('g', NULL, '{0}', false, '[]')`, rowMode: 'array' }),
        forbidden,
      );
      await pool.end();
      assert.equal((await owner.streamInfo('a-1')).version, 1);
    });

    test('lose what they had when they are granted less', async () => {
      const address = await logWith('cut_down', 'application');
      await query(grantsSql('cut_down', { role: 'cut_down_role', access: 'reader' }));
      await using store = await openStore(postgres({ address: addressOf('cut_down_owner'), schema: 'cut_down' }));
      await store.append('a-1', [event]);
      await withPool({ address }, async (pool) => {
        await pool.query({ text: 'SELECT * FROM cut_down.event', rowMode: 'array' });
        await assert.rejects(
          pool.query({ text: `SELECT cut_down.append_v1('g', NULL, '{0}', false, '[]')`, rowMode: 'array' }),
          forbidden,
        );
      });
    });

    test('without rights are told what to ask for, and migrate nothing', async (t) => {
      const address = await logWith('shut', 'nothing');
      await assert.rejects(openStore(postgres({ address, schema: 'shut' })), {
        code: 'STORE_READ_ONLY',
        message: /hindsight migrate --grants/,
      });
      await assert.rejects(openStore(postgres({ address, schema: 'not_there' })), {
        code: 'STORE_NOT_FOUND',
        message: /may not make one.*hindsight migrate/,
      });
      const behind = await logWith('behind', 'application');
      const files = await migrationsOf(t, {
        '0001-log.sql': 'SELECT 1;\n',
        '0002-more.sql': 'CREATE TABLE @schema@.more ();\n',
      });
      await query(`UPDATE behind.migration SET checksum = '${files[0]?.checksum}'`);
      await withPool({ address: behind }, async (pool) => {
        await assert.rejects(bringUpToDate(pool, { schema: 'behind', files, mayChange: true }), {
          code: 'MIGRATION_MISSING',
          message: /lacks migration 2 \(more\), and this role may not apply them.*hindsight migrate/,
        });
      });
    });

    test('can have any name that the server allows', async () => {
      const role = `o'neil "the role"; DROP TABLE x --`;
      await query(`CREATE ROLE ${quotedName(role)} LOGIN`);
      await logWith('oddly', 'nothing');
      await query(postgresGrantsSql({ role, schema: 'oddly' }));
      await using store = await openStore(postgres({ address: addressOf(role), schema: 'oddly' }));
      await store.append('a-1', [event]);
    });
  });
}
