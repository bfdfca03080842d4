/** hindsight letters: what was set aside, why, and what becomes of it. */

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { hindsight, objectOf, start, succeed, type Running } from '../hindsight-process.ts';
import { inStore } from '../store-fixture.ts';
import { documents, eventually, failingAtOrder2, shop } from './consumer-fixture.ts';

suite('letters', () => {
  test('are listed by entity for people, and each of them for machines', async (context) => {
    const at = await shop(context);
    assert.match((await succeed(['letters', ...inStore], at)).stderr, /No letters/);
    const mails = await at.run(failingAtOrder2());
    await mails.waitFor(await at.store.head());
    const listed = await documents(at, 'letters', 'list');
    assert.deepEqual(
      listed.map(({ consumer, streamId, version, state }) => [consumer, streamId, version, state]),
      [
        ['mails', 'order-2', 2, 'failed'],
        ['mails', 'order-2', 3, 'waiting'],
        ['mails', 'order-2', 4, 'waiting'],
      ],
    );
    const [titles, row, ...rest] = (await succeed(['letters', ...inStore], at)).stdout.split('\n');
    assert.match(titles ?? '', /^CONSUMER +ENTITY +VERSION +TYPE +STATE +WAITING +TRIED +LAST +ERROR$/);
    assert.match(row ?? '', /^mails +order-2 +2 +ItemAdded +failed +2 +2 +\S+ \S+Z +no such address$/);
    assert.deepEqual(rest, ['']);
    const ofOne = await succeed(['letters', 'list', 'mails', ...inStore], at);
    assert.match(ofOne.stdout, /^ENTITY +VERSION/);
  });

  test('are shown with the error, the data as it is read today, and what waits', async (context) => {
    const at = await shop(context);
    const mails = await at.run(failingAtOrder2());
    await mails.waitFor(await at.store.head());
    const { stdout } = await succeed(['letters', 'show', 'mails', 'order-2', ...inStore], at);
    assert.match(stdout, /^order-2 2 {2}ItemAdded {2}set aside by mails\n/);
    assert.match(stdout, / error +no such address\n +really\n +at .*consumer-fixture/);
    assert.match(stdout, / data +\{\n +"version": 2,\n/);
    assert.match(stdout, /2 events wait behind it:\nVERSION[^\n]*\n +3 +ItemAdded +8 .*\n +4 +ItemAdded +11 /);
    assert.ok(!stdout.includes('\u001b'), 'nothing that a terminal obeys');
    await writeFile(
      join(at.folder, 'hindsight.config.mjs'),
      "export default { store: './s.db', options: { upcasters: [{ type: 'ItemAdded', upcast: (event) => ({ ...event, type: 'LineAdded', data: { today: event.data.version } }) }] } };",
    );
    const [document] = await documents(at, 'letters', 'show', 'mails', 'order-2');
    const [event] = Object.values(objectOf(document?.['events']));
    assert.deepEqual([objectOf(event)['type'], objectOf(event)['data']], ['LineAdded', { today: 2 }]);
    assert.equal(Object.values(objectOf(document?.['waiting'])).length, 2);
    await at.store.tombstone('order-2');
    const [hidden] = await documents(at, 'letters', 'show', 'mails', 'order-2');
    assert.equal(Object.values(objectOf(hidden?.['events'])).length, 1, 'a retry would find it as well');
    await at.store.removeTruncated('order-2');
    const removed = await succeed(['letters', 'show', 'mails', 'order-2', ...inStore], at);
    assert.match(removed.stdout, / data +there is nothing of it to read in this store\n/);
    const none = await hindsight(['letters', 'show', 'mails', 'order-9', ...inStore], at);
    assert.deepEqual([none.exitCode, /has no letter of order-9/.test(none.stderr)], [1, true]);
  });

  test('are tried again, and --wait tells how it went', async (context) => {
    const at = await shop(context);
    const failing = failingAtOrder2();
    const mails = await at.run(failing);
    await mails.waitFor(await at.store.head());
    const failed = await hindsight(['letters', 'retry', 'mails', 'order-2', '--wait', ...inStore], at);
    assert.equal(failed.exitCode, 1);
    assert.match(failed.stdout, /^Failed: order-2 2, ItemAdded: no such address\n/);
    failing.mend();
    const [done] = await documents(at, 'letters', 'retry', 'mails', '--all', '--wait');
    assert.deepEqual(done, { consumer: 'mails', entityCount: 1, isDone: true, failed: [] });
    assert.deepEqual(await documents(at, 'letters'), []);
    const gone = await hindsight(['letters', 'retry', 'mails', 'order-2', ...inStore], at);
    assert.deepEqual([gone.exitCode, /LETTER_UNKNOWN/.test(gone.stderr)], [1, true]);
    assert.match(
      (await succeed(['letters', 'retry', 'mails', '--all', ...inStore], at)).stderr,
      /mails has no letters/,
    );
  });

  test('wait for a process that runs the consumer, and what was asked outlives an interruption', async (context) => {
    const at = await shop(context);
    const failing = failingAtOrder2();
    const first = await at.run(failing);
    await first.waitFor(await at.store.head());
    await first.stop();
    failing.mend();
    const ask = async (): Promise<Running> => {
      const waiting = start(['letters', 'retry', 'mails', 'order-2', '--wait', ...inStore], at);
      let said = '';
      waiting.child.stderr?.on('data', (text: string) => (said += text));
      await eventually(() => /No process runs mails now/.test(said));
      return waiting;
    };
    const waiting = await ask();
    waiting.child.kill('SIGINT');
    const { exitCode, stderr } = await waiting.ended;
    assert.equal(exitCode, 130);
    assert.match(stderr, /What was asked stays/);
    assert.equal((await documents(at, 'letters'))[0]?.['state'], 'retry');
    const second = await ask();
    await at.run(failing);
    const ended = await second.ended;
    assert.deepEqual([ended.exitCode, ended.stdout], [0, 'Done: 1 entity without letters now\n']);
  });

  test('are skipped only when somebody says so, and what waits is tried then', async (context) => {
    const at = await shop(context);
    const mails = await at.run(failingAtOrder2());
    await mails.waitFor(await at.store.head());
    assert.equal((await hindsight(['letters', 'skip', 'mails', 'order-2', ...inStore], at)).exitCode, 2);
    assert.equal((await documents(at, 'letters')).length, 3);
    const [done] = await documents(at, 'letters', 'skip', 'mails', 'order-2', '--yes', '--wait');
    assert.deepEqual(done, { consumer: 'mails', entityCount: 1, isDone: true, failed: [] });
    assert.deepEqual(await documents(at, 'letters'), []);
    assert.equal((await hindsight(['letters', 'skip', 'mails', 'order-2', '--yes', ...inStore], at)).exitCode, 1);
  });

  test('are asked for by an entity or by --all, and not by both or neither', async (context) => {
    const at = await shop(context);
    await at.run({});
    for (const args of [['retry', 'mails'], ['retry', 'mails', 'order-2', '--all'], ['retry'], ['lsit']])
      assert.deepEqual([args, (await hindsight(['letters', ...args, ...inStore], at)).exitCode], [args, 2]);
    assert.equal((await hindsight(['letters', 'list', 'nobody', ...inStore], at)).exitCode, 1);
  });
});
