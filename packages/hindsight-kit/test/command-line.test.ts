/** Help, wrong calls and failures. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { documentsOf, hindsight, objectOf, start, succeed, temporaryFolder } from './hindsight-process.ts';
import { inStore } from './store-fixture.ts';

suite('hindsight', () => {
  const commands = [
    'init',
    'append',
    'read',
    'streams',
    'tail',
    'state',
    'timeline',
    'diff',
    'blame',
    'bisect',
    'why',
    'consumers',
    'letters',
    'projections',
    'effects',
    'commands',
    'processes',
    'timers',
    'history',
    'import',
    'export',
    'stats',
    'check',
    'backup',
    'restore',
    'migrate',
    'completion',
  ];

  test('lists every command, the exit codes and how to begin', async () => {
    const { stdout } = await succeed(['--help']);
    for (const command of commands) assert.match(stdout, new RegExp(`^  ${command} `, 'm'));
    assert.match(stdout, /Exit codes:[\s\S]*130 interrupted/);
    assert.match(stdout, /hindsight init/);
  });

  for (const command of commands) {
    test(`${command} --help shows what it takes, the shared options and examples, in lines that fit`, async () => {
      const { stdout } = await succeed([command, '--help']);
      assert.match(stdout, new RegExp(`^Usage: hindsight ${command}`));
      assert.match(stdout, /--store <address>/);
      assert.match(stdout, new RegExp(`Examples:\n  \\$ hindsight ${command} ?`));
      for (const line of stdout.split('\n')) assert.ok(line.length <= 110, line);
    });
  }

  for (const command of ['consumers', 'letters', 'projections', 'commands', 'processes', 'timers'])
    test(`${command} --help names its commands, and each of these shows what it takes, with examples`, async () => {
      const { stdout } = await succeed([command, '--help']);
      const [, listed = ''] = /\nCommands:\n([\s\S]*?)\n\n/.exec(stdout) ?? [];
      const names = [...listed.matchAll(/^ {2}(\w+)/gm)].map(([, name = '']) => name);
      assert.ok(names.length >= 3, listed);
      for (const name of names) {
        const help = (await succeed([command, name, '--help'])).stdout;
        assert.match(help, new RegExp(`^Usage: hindsight ${command} ${name}`));
        assert.match(help, new RegExp(`Examples:\n  \\$ hindsight ${command} ${name} ?`));
        for (const line of help.split('\n')) assert.ok(line.length <= 110, line);
      }
    });

  test('prints scripts for completion, which complete commands and options', async () => {
    for (const shell of ['bash', 'zsh', 'fish', 'powershell'])
      assert.match((await succeed(['completion', shell])).stdout, /completion for hindsight[\s\S]*__hindsight/);
    assert.match((await succeed(['complete', '--', 're'])).stdout, /^read\tshow events .*\nrestore\t/);
    assert.match((await succeed(['complete', '--', 'import', '--on-b'])).stdout, /^--on-bad-row\t/);
    assert.match((await succeed(['complete', '--', 'consumers', 're'])).stdout, /^resume\thave one go on .*\nreset\t/);
  });

  test('ends quietly when the reader of its help goes away', async () => {
    for (const args of [['--help'], ['projections', 'list', '--help'], ['--version']]) {
      const running = start(args);
      running.child.stdout?.destroy();
      const { exitCode, stderr } = await running.ended;
      assert.deepEqual([args, exitCode, stderr], [args, 0, '']);
    }
  });

  test('says its version', async () => {
    const { version } = objectOf(JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')));
    assert.equal((await succeed(['--version'])).stdout, `${String(version)}\n`);
  });

  test('called wrongly exits with 2, and says what was meant', async () => {
    const unknown = await hindsight(['raed']);
    assert.equal(unknown.exitCode, 2);
    assert.match(unknown.stderr, /Unknown command 'raed'\s+Did you mean read\?/);
    const wrong: readonly (readonly string[])[] = [
      [],
      ['read', '--nonsense'],
      ['read', '--limit', 'many', ...inStore],
      ['read', '--since', 'whenever', ...inStore],
      ['read', 'a-1', '--category', 'a', ...inStore],
      ['read', '--from', '1', ...inStore],
      ['read', '--query', '{', ...inStore],
      ['append', 'a-1', 'X', '{', ...inStore],
      ['backup', ...inStore],
      ['import', 'log.txt', ...inStore],
    ];
    for (const args of wrong) {
      const { exitCode, stdout } = await hindsight(args);
      assert.deepEqual([args, exitCode, stdout], [args, 2, '']);
    }
  });

  test('names the store that is missing, and says how to make one', async (context) => {
    const folder = await temporaryFolder(context);
    for (const args of [['read'], ['stats'], ['streams'], ['tail'], ['check'], ['append', 'a-1', 'X']]) {
      const missing = await hindsight([...args, ...inStore], { folder });
      assert.deepEqual([args, missing.exitCode], [args, 1]);
      assert.match(missing.stderr, /There is no store at .*s\.db.*STORE_NOT_FOUND/);
      assert.equal(existsSync(join(folder, 's.db')), false);
      const unnamed = await hindsight(args, { folder });
      assert.equal(unnamed.exitCode, 2);
      assert.match(unnamed.stderr, /No store is named/);
    }
  });

  test('refuses a file that is no store, and leaves it as it is', async (context) => {
    const folder = await temporaryFolder(context);
    await writeFile(join(folder, 's.db'), 'This is a letter.');
    const { exitCode, stderr } = await hindsight(['read', ...inStore], { folder });
    assert.equal(exitCode, 1);
    assert.match(stderr, /FOREIGN_FILE/);
    assert.equal(await readFile(join(folder, 's.db'), 'utf8'), 'This is a letter.');
  });

  test('reports failures to machines as JSON on standard error', async (context) => {
    const folder = await temporaryFolder(context);
    const { exitCode, stdout, stderr } = await hindsight(['read', ...inStore, '--json'], { folder });
    assert.equal(stdout, '');
    const [failure] = documentsOf(stderr);
    const error = objectOf(failure?.error);
    assert.deepEqual([error.code, error.exitCode], ['STORE_NOT_FOUND', exitCode]);
  });
});
