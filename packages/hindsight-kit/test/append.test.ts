/** hindsight append. */

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { documentsOf, hindsight, succeed } from './hindsight-process.ts';
import { folderWithStore, inStore } from './store-fixture.ts';

suite('append', () => {
  test('appends an event with everything that is said of it, digits as given', async (context) => {
    const folder = await folderWithStore(context);
    const { stdout } = await succeed(
      [
        'append',
        'order-75',
        'OrderPlaced',
        '{"amount":1.10,"id":12345678901234567890}',
        '--tag',
        'customer:c1',
        '--tag',
        'shop:7',
        '--metadata',
        '{"actor":"anna"}',
        '--occurred-at',
        '2026-03-01T09:00:00+01:00',
        '--id',
        'e-1',
        ...inStore,
      ],
      { folder },
    );
    assert.match(stdout, /Appended 1 event: order-75 is at version 1, position 1/);
    const read = await succeed(['read', 'order-75', '--json', ...inStore], { folder });
    assert.match(
      read.stdout,
      /"id":"e-1","type":"OrderPlaced","tags":\["customer:c1","shop:7"\],"occurredAt":"2026-03-01T09:00:00\+01:00","metadata":\{"actor":"anna"\},"data":\{"amount":1\.10,"id":12345678901234567890\}\}/,
    );
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
    assert.deepEqual(second, { ...first, isDuplicate: true });
    const other = await hindsight(['append', 'a-1', 'X', '2', '--key', 'k', ...inStore], { folder });
    assert.equal(other.exitCode, 3);
    assert.match(other.stderr, /KEY_REUSED/);
  });

  test('takes events from standard input, as lines or as an array, all or none', async (context) => {
    const folder = await folderWithStore(context);
    await succeed(['append', 'a-1', '-', ...inStore], {
      folder,
      input: '{"type":"X","data":1,"tags":["t"]}\n\n{"data":{"b":1.0},"type":"Y"}\n',
    });
    await succeed(['append', 'a-1', '-', ...inStore], { folder, input: '[{"type":"Z","data":null}]' });
    await succeed(['append', 'a-1', 'W', '-', ...inStore], { folder, input: '{"from":"input"}' });
    const refused = await hindsight(['append', 'a-1', '-', ...inStore], {
      folder,
      input: '{"type":"V","data":1}\n{"type":7,"data":1}\n',
    });
    assert.equal(refused.exitCode, 2);
    assert.match(refused.stderr, /Event 2 of standard input: type must be a string/);
    const { stdout } = await succeed(['read', 'a-1', '--json', ...inStore], { folder });
    assert.deepEqual(
      documentsOf(stdout).map((event) => [event?.type, event?.data]),
      [
        ['X', 1],
        ['Y', { b: 1 }],
        ['Z', null],
        ['W', { from: 'input' }],
      ],
    );
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
    assert.deepEqual(
      documentsOf((await succeed(['read', 'a-1', '--json'], { folder })).stdout).map((event) => event?.data),
      [6],
    );
  });
});
