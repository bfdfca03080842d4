/** Which files are migrations. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { migrationFiles, readMigrationFiles } from '../../../src/engines/postgres/migration-files.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { migrationsOf } from './own-schema.ts';

test('a file gives its number, its name, the digest of its text, and whether older code goes on beside it', async (t) => {
  const text = '-- compatible: yes\nSELECT 1;\n';
  const [file, other] = await migrationsOf(t, {
    '0001-some-tables.sql': text,
    '0002-b.sql': 'SELECT 2;\n-- compatible: yes\n',
  });
  const checksum = createHash('sha256').update(text).digest('hex');
  assert.deepEqual(file, { number: 1, name: 'some-tables', checksum, isCompatible: true, text });
  assert.equal(other?.isCompatible, false);
});

test('ends of lines as another system writes them make no other migration', async (t) => {
  const [unix] = await migrationsOf(t, { '0001-a.sql': 'SELECT 1;\nSELECT 2;\n' });
  const [windows] = await migrationsOf(t, { '0001-a.sql': 'SELECT 1;\r\nSELECT 2;\r\n' });
  assert.deepEqual(windows, unix);
});

test('gaps, repeated numbers and strange names are refused', async (t) => {
  for (const names of [
    ['0002-a.sql'],
    ['0001-a.sql', '0003-b.sql'],
    ['0001-a.sql', '0001-b.sql'],
    ['1-a.sql'],
    ['0001-A.sql'],
  ])
    await assert.rejects(
      migrationsOf(t, Object.fromEntries(names.map((name) => [name, '']))),
      /stands where|is not named/,
    );
});

test('the package brings its migrations, the first of which makes the log', () => {
  const [first] = migrationFiles();
  assert.deepEqual([first?.number, first?.name, first?.isCompatible], [1, 'log', false]);
  assert.match(first?.text ?? '', /CREATE TABLE @schema@\.event /);
});

test('files that a bundler left behind are missed in a sentence', async (t) => {
  const folder = pathToFileURL(`${await temporaryFolder(t)}/nothing/`);
  assert.throws(() => readMigrationFiles(folder), { code: 'ENGINE_UNAVAILABLE', message: /bundler/ });
});
