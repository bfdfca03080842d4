/** Every command as its users run it. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { openStore, rawJson, type Store } from 'hindsightdb';
import { documentsOf, hindsight, start, succeed, temporaryFolder } from './hindsight-process.ts';

async function folderWithStore(context: TestContext, fill?: (store: Store) => Promise<void>): Promise<string> {
  const folder = await temporaryFolder(context);
  await using store = await openStore(join(folder, 's.db'));
  await fill?.(store);
  return folder;
}

const inStore = ['--store', 's.db'];

suite('hindsight', () => {
  const commands = ['init', 'append', 'read', 'streams', 'load', 'tail', 'import', 'export', 'stats', 'check', 'backup', 'restore'];

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

  test('says its version', async () => {
    const { version }: { version: string } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
    assert.equal((await succeed(['--version'])).stdout, `${version}\n`);
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
    assert.ok(typeof failure === 'object' && failure !== null && 'error' in failure);
    assert.equal(Object(failure.error).code, 'STORE_NOT_FOUND');
    assert.equal(Object(failure.error).exitCode, exitCode);
  });
});

suite('append', () => {
  test('appends an event with everything that is said of it, digits as given', async (context) => {
    const folder = await folderWithStore(context);
    const { stdout } = await succeed(
      ['append', 'order-75', 'OrderPlaced', '{"amount":1.10,"id":12345678901234567890}', '--tag', 'customer:c1', '--tag', 'shop:7', '--metadata', '{"actor":"anna"}', '--occurred-at', '2026-03-01T09:00:00+01:00', '--id', 'e-1', ...inStore],
      { folder },
    );
    assert.match(stdout, /Appended 1 event: order-75 is at version 1, position 1/);
    const read = await succeed(['read', 'order-75', '--json', ...inStore], { folder });
    assert.match(read.stdout, /"id":"e-1","type":"OrderPlaced","tags":\["customer:c1","shop:7"\],"occurredAt":"2026-03-01T09:00:00\+01:00","metadata":\{"actor":"anna"\},"data":\{"amount":1\.10,"id":12345678901234567890\}\}/);
  });

  test('exits with 3 when the stream is not as expected, and writes nothing', async (context) => {
    const folder = await folderWithStore(context);
    await succeed(['append', 'a-1', 'X', '--expect', 'none', ...inStore], { folder });
    const { exitCode, stderr } = await hindsight(['append', 'a-1', 'Y', '--expect', '0', ...inStore], { folder });
    assert.equal(exitCode, 3);
    assert.match(stderr, /expected at version 0 and is at 1\. Nothing was written\./);
    assert.equal((await succeed(['read', 'a-1', '--json', ...inStore], { folder })).stdout.split('\n').length, 2);
  });

  test('with a key is written once, and other content under it is refused', async (context) => {
    const folder = await folderWithStore(context);
    const once = ['append', 'a-1', 'X', '1', '--key', 'k', '--json', ...inStore];
    const [first] = documentsOf((await succeed(once, { folder })).stdout);
    const [second] = documentsOf((await succeed(once, { folder })).stdout);
    assert.deepEqual(second, { ...Object(first), isDuplicate: true });
    const other = await hindsight(['append', 'a-1', 'X', '2', '--key', 'k', ...inStore], { folder });
    assert.equal(other.exitCode, 3);
    assert.match(other.stderr, /KEY_REUSED/);
  });

  test('takes events from standard input, as lines or as an array, all or none', async (context) => {
    const folder = await folderWithStore(context);
    await succeed(['append', 'a-1', '-', ...inStore], { folder, input: '{"type":"X","data":1,"tags":["t"]}\n\n{"data":{"b":1.0},"type":"Y"}\n' });
    await succeed(['append', 'a-1', '-', ...inStore], { folder, input: '[{"type":"Z","data":null}]' });
    await succeed(['append', 'a-1', 'W', '-', ...inStore], { folder, input: '{"from":"input"}' });
    const refused = await hindsight(['append', 'a-1', '-', ...inStore], { folder, input: '{"type":"V","data":1}\n{"type":7,"data":1}\n' });
    assert.equal(refused.exitCode, 2);
    assert.match(refused.stderr, /Event 2 of standard input: type must be a string/);
    const { stdout } = await succeed(['read', 'a-1', '--json', ...inStore], { folder });
    assert.deepEqual(documentsOf(stdout).map((event) => [Object(event).type, Object(event).data]), [['X', 1], ['Y', { b: 1 }], ['Z', null], ['W', { from: 'input' }]]);
    assert.match(stdout, /"data":\{"b":1\.0\}/);
  });

  test('lets the schemas of the configuration judge the data', async (context) => {
    const folder = await folderWithStore(context);
    await writeFile(
      join(folder, 'hindsight.config.mjs'),
      `const schema = { '~standard': { version: 1, vendor: 'x', validate: (value) => typeof value === 'number' ? { value: value + 1 } : { issues: [{ message: 'no number' }] } } };
       export default { store: './s.db', options: { events: { Counted: schema } } };`,
    );
    await succeed(['append', 'a-1', 'Counted', '5'], { folder });
    const refused = await hindsight(['append', 'a-1', 'Counted', '"five"'], { folder });
    assert.equal(refused.exitCode, 1);
    assert.match(refused.stderr, /no number.*VALIDATION_FAILED/);
    assert.deepEqual(documentsOf((await succeed(['read', 'a-1', '--json'], { folder })).stdout).map((event) => Object(event).data), [6]);
  });
});

suite('read', () => {
  async function filled(context: TestContext): Promise<string> {
    return await folderWithStore(context, async (store) => {
      for (let number = 1; number <= 5; number += 1)
        await store.append(`order-${number % 2}`, [{ type: number === 5 ? 'Closed' : 'Opened', data: number, tags: [`n:${number}`, number < 3 ? 'few' : 'many'] }]);
      await store.append('orderly', [{ type: 'Opened', data: 6 }]);
    });
  }

  async function numbers(folder: string, args: readonly string[]): Promise<unknown[]> {
    return documentsOf((await succeed(['read', ...args, '--json', ...inStore], { folder })).stdout).map((event) => Object(event).data);
  }

  test('chooses by stream, category, type, tag, query, version, place, direction and count', async (context) => {
    const folder = await filled(context);
    const cases: readonly (readonly [args: readonly string[], wanted: readonly number[]])[] = [
      [[], [1, 2, 3, 4, 5, 6]],
      [['order-1'], [1, 3, 5]],
      [['order-1', '--from', '2'], [3, 5]],
      [['order-1', '--to', '2'], [1, 3]],
      [['order-1', '-b', '-n', '1'], [5]],
      [['order-1', '--type', 'Opened'], [1, 3]],
      [['--category', 'order'], [1, 2, 3, 4, 5]],
      [['--type', 'Closed'], [5]],
      [['--type', 'Closed', '--type', 'Opened', '--category', 'order', '-n', '2'], [1, 2]],
      [['--tag', 'few'], [1, 2]],
      [['--tag', 'many', '--tag', 'n:4'], [4]],
      [['--query', '[{"tags":["n:1"]},{"types":["Closed"]}]'], [1, 5]],
      [['--query', '{"tags":["n:2"]}'], [2]],
      [['--after', '2', '--up-to', '4'], [3, 4]],
      [['-b', '-n', '2'], [6, 5]],
      [['--since', '1h', '-n', '1'], [1]],
      [['--until', 'yesterday'], []],
      [['order-1', '--until', '2020-01-01'], []],
      [['-n', '0'], []],
    ];
    for (const [args, wanted] of cases) assert.deepEqual([args, await numbers(folder, args)], [args, wanted]);
  });

  test('shows people columns, and everything of an event when asked', async (context) => {
    const folder = await filled(context);
    const { stdout } = await succeed(['read', '-n', '2', ...inStore], { folder });
    assert.match(stdout, /^POSITION  STREAM   VERSION  TIME {22}TYPE    DATA\n {7}1  order-1        1  \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z  Opened  1\n/);
    const long = await succeed(['read', 'order-1', '--to', '1', '--long', ...inStore], { folder });
    assert.match(long.stdout, /order-1 1 {2}Opened\n {2}position {2}1\n {2}recorded [\s\S]*tags {6}n:1 {2}few\n {2}data {6}1\n/);
  });

  test('says that nothing was found, and why', async (context) => {
    const folder = await folderWithStore(context, async (store) => {
      await store.append('a-1', [{ type: 'X', data: 1 }]);
      await store.tombstone('a-1');
    });
    assert.match((await succeed(['read', 'nothing', ...inStore], { folder })).stderr, /There is no stream "nothing"/);
    assert.match((await succeed(['read', 'a-1', ...inStore], { folder })).stderr, /ended at version 1 and shows nothing/);
  });

  test('lets no stored text give orders to the terminal', async (context) => {
    const evil = 'a-\u001b[2J\u0007\n\u202e';
    const folder = await folderWithStore(context, async (store) => {
      await store.append(evil, [{ type: 'T\u009b31m', data: rawJson('"\u009b2J\u2066"'), metadata: { actor: '\u001b]0;x\u0007' } }]);
    });
    for (const args of [['read'], ['read', '--long'], ['streams'], ['stats'], ['tail']]) {
      const { stdout } = await succeed([...args, ...inStore], { folder });
      assert.doesNotMatch(stdout, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e\u2066]/, args.join(' '));
    }
  });

  test('ends quietly when its reader goes away', async (context) => {
    const folder = await folderWithStore(context, async (store) => {
      for (let round = 0; round < 20; round += 1)
        await store.append(`a-${round}`, Array.from({ length: 1000 }, (_, index) => ({ type: 'X', data: { text: 'x'.repeat(200), index } })));
    });
    for (const args of [['read'], ['read', '--json'], ['export'], ['export', '--format', 'csv']]) {
      const running = start([...args, ...inStore], { folder });
      await running.until((stdout) => stdout.length > 1000);
      running.child.stdout?.destroy();
      const { exitCode, stderr } = await running.ended;
      assert.deepEqual([args, exitCode, stderr], [args, 0, '']);
    }
  });

  test('goes on while another process writes', async (context) => {
    const folder = await folderWithStore(context);
    await using store = await openStore(join(folder, 's.db'));
    let isOver = false;
    const writing = (async () => {
      for (let number = 1; !isOver; number += 1) await store.append(`a-${number % 3}`, [{ type: 'X', data: number }]);
    })();
    try {
      for (let round = 0; round < 5; round += 1) {
        const { stdout } = await succeed(['read', '--json', ...inStore], { folder });
        const positions = documentsOf(stdout).map((event) => Object(event).position);
        assert.deepEqual(positions, positions.map((_, index) => index + 1));
      }
    } finally {
      isOver = true;
      await writing;
    }
  });
});

suite('tail', () => {
  test('shows the newest events, oldest of them first', async (context) => {
    const folder = await folderWithStore(context, async (store) => {
      for (let number = 1; number <= 15; number += 1) await store.append(`a-${number % 2}`, [{ type: 'X', data: number }]);
    });
    const data = async (args: readonly string[]): Promise<unknown[]> =>
      documentsOf((await succeed(['tail', ...args, '--json', ...inStore], { folder })).stdout).map((event) => Object(event).data);
    assert.deepEqual(await data([]), [6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
    assert.deepEqual(await data(['a-1', '-n', '2']), [13, 15]);
    assert.deepEqual(await data(['-n', '0']), []);
  });

  for (const follows of [['tail', '-f', '-n', '2'], ['tail', '-f', 'a-1', '-n', '2'], ['tail', '-f', '--category', 'a', '-n', '2'], ['tail', '-f', '--type', 'X', '-n', '2']]) {
    test(`follows what another process appends, without a gap or a repetition: ${follows.join(' ')}`, async (context) => {
      const folder = await folderWithStore(context, async (store) => {
        for (let number = 1; number <= 5; number += 1) await store.append('a-1', [{ type: 'X', data: number }]);
      });
      const running = start([...follows, '--json', ...inStore], { folder });
      await using store = await openStore(join(folder, 's.db'));
      for (let number = 6; number <= 200; number += 1) await store.append('a-1', [{ type: 'X', data: number }]);
      await running.until((stdout) => stdout.includes('"data":200}'));
      running.child.kill('SIGINT');
      const { exitCode, stdout } = await running.ended;
      assert.equal(exitCode, 130);
      const data = documentsOf(stdout).map((event) => Number(Object(event).data));
      const [first = 0] = data;
      // It began wherever the writer was; from there on nothing is missing.
      assert.ok(first >= 4, `It begins with ${first}.`);
      assert.deepEqual(data, data.map((_, index) => first + index));
    });
  }
});

suite('streams', () => {
  test('lists versions and times, filtered and paged', async (context) => {
    const folder = await folderWithStore(context, async (store) => {
      for (let number = 1; number <= 60; number += 1) await store.append(`a-${String(number).padStart(3, '0')}`, [{ type: 'X', data: 1 }]);
      await store.append('b-1', [{ type: 'X', data: 1 }, { type: 'X', data: 2 }]);
      await store.tombstone('b-1');
    });
    const first = await succeed(['streams', ...inStore], { folder });
    assert.equal(first.stdout.split('\n').length, 52);
    assert.match(first.stderr, /There are more: --after a-050, or --all/);
    const rest = await succeed(['streams', '--after', 'a-050', '--json', ...inStore], { folder });
    const listed = documentsOf(rest.stdout);
    assert.equal(listed.length, 11);
    assert.deepEqual(listed.at(-1), { streamId: 'b-1', version: 2, firstAt: null, lastAt: null, settings: { tombstone: true } });
    assert.match(String(Object(listed[0]).firstAt), /^\d{4}-.*Z$/);
    assert.equal(documentsOf((await succeed(['streams', '--all', '--json', ...inStore], { folder })).stdout).length, 61);
    assert.equal(documentsOf((await succeed(['streams', '--category', 'b', '--json', ...inStore], { folder })).stdout).length, 1);
    assert.equal(documentsOf((await succeed(['streams', '--prefix', 'a-00', '--json', ...inStore], { folder })).stdout).length, 9);
  });
});

suite('stats', () => {
  test('counts events, streams, categories and types, and names what was imported', async (context) => {
    const folder = await folderWithStore(context, async (store) => {
      await store.append('a-1', [{ type: 'X', data: 1 }, { type: 'Y', data: 2 }]);
      await store.append('b-1', [{ type: 'X', data: 3 }]);
    });
    await writeFile(join(folder, 'log.csv'), 'id,what\n1,Z\n');
    await succeed(['import', 'log.csv', '--case', 'id', '--type', 'what', '--no-time', '--category', 'c', ...inStore], { folder });
    const [document] = documentsOf((await succeed(['stats', '--json', ...inStore], { folder })).stdout);
    const { events, streams, contents, imports, files } = Object(document);
    assert.deepEqual([events, streams], [4, 3]);
    assert.deepEqual(contents.categories, [{ category: 'a', events: 2, streams: 1 }, { category: 'b', events: 1, streams: 1 }, { category: 'c', events: 1, streams: 1 }]);
    assert.deepEqual(contents.types, [{ type: 'X', events: 2 }, { type: 'Y', events: 1 }, { type: 'Z', events: 1 }]);
    assert.deepEqual(contents.recent, { minute: 4, hour: 4, day: 4 });
    assert.deepEqual(imports, [{ source: 'log.csv', kind: 'csv', rows: 1, events: 1, skipped: 0, isComplete: true }]);
    assert.ok(files.databaseBytes > 0);
    const people = await succeed(['stats', ...inStore], { folder });
    assert.match(people.stdout, /events +4 in 3 streams/);
    const [quick] = documentsOf((await succeed(['stats', '--quick', '--json', ...inStore], { folder })).stdout);
    assert.equal(Object(quick).contents, null);
  });
});

suite('check, backup and restore', () => {
  test('a sound store is called sound, and a damaged one ends with 4 and the first bad place', async (context) => {
    const folder = await folderWithStore(context, async (store) => {
      for (let round = 0; round < 50; round += 1) await store.append(`a-${round}`, Array.from({ length: 20 }, (_, index) => ({ type: 'X', data: { text: `marker-${round}-${index}-${'x'.repeat(100)}` } })));
    });
    const sound = await succeed(['check', '--json', ...inStore], { folder });
    assert.deepEqual(documentsOf(sound.stdout), [{ store: 's.db', isSound: true, eventCount: 1000, streamCount: 50, findings: [] }]);
    const path = join(folder, 's.db');
    const bytes = await readFile(path);
    const at = bytes.indexOf('marker-30-');
    assert.ok(at > 0);
    const file = await open(path, 'r+');
    await file.write(Buffer.from('"}}}{{{{'), 0, 8, at);
    await file.close();
    const damaged = await hindsight(['check', '--json', ...inStore], { folder });
    assert.equal(damaged.exitCode, 4);
    const { isSound, findings } = Object(documentsOf(damaged.stdout)[0]);
    assert.equal(isSound, false);
    assert.ok(findings.length > 0);
    const people = await hindsight(['check', ...inStore], { folder });
    assert.equal(people.exitCode, 4);
    assert.match(people.stdout, /Damaged:/);
    assert.match(people.stderr, /restore a backup/);
  });

  test('a backup restored is the same log in a new epoch, and nothing is overwritten', async (context) => {
    const folder = await folderWithStore(context, async (store) => {
      await store.append('a-1', [{ type: 'X', data: 1 }]);
    });
    const [backup] = documentsOf((await succeed(['backup', 'b.db', '--json', ...inStore], { folder })).stdout);
    assert.deepEqual(Object(backup).heads, [1]);
    const [restored] = documentsOf((await succeed(['restore', 'b.db', 'r.db', '--json'], { folder })).stdout);
    assert.deepEqual([Object(restored).epochs, Object(restored).heads], [2, [1]]);
    const read = async (name: string): Promise<string> => (await succeed(['read', '--json', '--store', name], { folder })).stdout;
    assert.equal(await read('r.db'), await read('s.db'));
    for (const args of [['backup', 'b.db', ...inStore], ['restore', 'b.db', 'r.db']]) {
      const again = await hindsight(args, { folder });
      assert.equal(again.exitCode, 1);
      assert.match(again.stderr, /STORE_EXISTS/);
    }
  });
});
