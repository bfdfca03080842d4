/** hindsight consumers: what runs, how far it is, and operating it from another process. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { consumerInfo } from 'hindsightdb/consumers';
import { hindsight, objectOf, succeed } from '../hindsight-process.ts';
import { folderWithStore, inStore } from '../store-fixture.ts';
import { documents, eventually, failingAtOrder2, shop } from './consumer-fixture.ts';

suite('consumers', () => {
  test('that are listed say whether they run, how far they are behind and what they set aside', async (context) => {
    const at = await shop(context);
    const mails = await at.run(failingAtOrder2());
    const strict = await at.run({ ...failingAtOrder2(), name: 'strict', slices: 2, onFailure: 'stop' });
    const old = await at.run({ name: 'old' });
    await old.waitFor(await at.store.head());
    await old.stop();
    await mails.waitFor(await at.store.head());
    await eventually(() => strict.state.kind === 'failed');
    const listed = await documents(at, 'consumers', 'list');
    assert.deepEqual(
      listed.map(({ name, kind, status, sliceCount, heldCount, letterCount }) => [
        name,
        kind,
        status,
        sliceCount,
        heldCount,
        letterCount,
      ]),
      [
        ['mails', 'consumer', 'running', 1, 1, 3],
        ['old', 'consumer', 'running', 1, 0, 0],
        ['strict', 'consumer', 'failed', 2, 0, 0],
      ],
    );
    assert.deepEqual(listed[0]?.['lag'], { positions: 0, behindMs: 0 });
    assert.ok(Number(objectOf(listed[2]?.['lag'])['positions']) > 0);
    const lines = (await succeed(['consumers', ...inStore], { folder: at.folder })).stdout.split('\n');
    assert.match(lines[0] ?? '', /^NAME +KIND +STATE +SLICES +LAG +BEHIND +LETTERS +WHY$/);
    assert.match(lines[1] ?? '', /^mails +consumer +running +1\/1 +0 +- +3$/);
    assert.match(lines[2] ?? '', /^old +consumer +no process +0\/1 +0 +- +0$/);
    assert.match(lines[3] ?? '', /^strict +consumer +failed +0\/2 +\d+ +[\d.]+ m?s +0 +no such address$/);
  });

  test('are none in a store that nobody ever followed', async (context) => {
    const folder = await folderWithStore(context);
    const { stdout, stderr } = await succeed(['consumers', ...inStore], { folder });
    assert.equal(stdout, '');
    assert.match(stderr, /No consumer was ever started/);
    assert.equal((await succeed(['consumers', 'list', '--json', ...inStore], { folder })).stdout, '');
  });

  test('show why they failed, at which event, and the commands that help; these do', async (context) => {
    const at = await shop(context);
    const strict = await at.run({ ...failingAtOrder2(), name: 'strict', onFailure: 'stop' });
    await eventually(() => strict.state.kind === 'failed');
    const { stdout } = await succeed(['consumers', 'show', 'strict', ...inStore], { folder: at.folder });
    assert.match(stdout, /^strict {2}consumer, failed\n/);
    assert.match(stdout, / because +no such address\n +really\n/);
    assert.match(stdout, / at +order-2 2, ItemAdded, position 5\n/);
    assert.match(stdout, /SLICE +WORKED ON +POSITION +CHECKPOINT\n +0 +no +\d+ +h1~/);
    const commands = [...stdout.matchAll(/^hindsight (.+)$/gm)].map(([, line = '']) => line.split(' '));
    assert.deepEqual(
      commands.map(([first, second]) => `${first} ${second}`),
      ['read order-2', 'consumers resume', 'consumers resume'],
    );
    const [look = [], , setAside = []] = commands;
    assert.match((await succeed([...look, ...inStore], { folder: at.folder })).stdout, /^order-2 2 {2}ItemAdded/);
    await succeed([...setAside, ...inStore], { folder: at.folder });
    await strict.waitFor(await at.store.head());
    const [document] = await documents(at, 'consumers', 'show', 'strict');
    assert.deepEqual([document?.['status'], document?.['failure'], document?.['letterCount']], ['running', null, 3]);
    const [slice] = Object.values(objectOf(document?.['slices']));
    assert.deepEqual(objectOf(slice)['positions'], [12]);
  });

  test('pause with a reason and go on, as told by another process', async (context) => {
    const at = await shop(context);
    const mails = await at.run({});
    await mails.waitFor(await at.store.head());
    const paused = await succeed(['consumers', 'pause', 'mails', '--reason', 'the server moves', ...inStore], at);
    assert.match(paused.stdout, /Paused mails.*hindsight consumers resume mails/);
    assert.match(paused.stderr, /obey within half a second/);
    await eventually(() => mails.state.kind === 'paused');
    const list = await succeed(['consumers', ...inStore], at);
    assert.match(list.stdout, /mails +consumer +paused .* the server moves\n/);
    const shown = await succeed(['consumers', 'show', 'mails', ...inStore], at);
    assert.match(shown.stdout, /because +the server moves\n[\s\S]*# go on\nhindsight consumers resume mails\n/);
    await at.store.append('order-1', [{ type: 'ItemAdded', data: {} }]);
    await succeed(['consumers', 'resume', 'mails', ...inStore], at);
    await mails.waitFor(await at.store.head());
    const again = await succeed(['consumers', 'resume', 'mails', ...inStore], at);
    assert.match(again.stdout, /mails was neither paused nor failed/);
    const none = await hindsight(['consumers', 'resume', 'mails', '--set-aside', ...inStore], at);
    assert.equal(none.exitCode, 1);
    assert.match(none.stderr, /has not failed at an event/);
  });

  test('wait with what is asked of them until a process runs them', async (context) => {
    const at = await shop(context);
    const first = await at.run({});
    await first.waitFor(await at.store.head());
    await first.stop();
    const { stderr } = await succeed(['consumers', 'reset', 'mails', ...inStore], at);
    assert.match(stderr, /No process runs it now; it waits for one that does/);
    let count = 0;
    await (await at.run({ handle: () => void (count += 1) })).waitFor(await at.store.head());
    assert.equal(count, 12);
  });

  test('are taken to a position, a time, a checkpoint, a release, the beginning and now', async (context) => {
    const at = await shop(context);
    const mails = await at.run({});
    await mails.waitFor(await at.store.head());
    await mails.stop();
    const checkpoint = await at.store.head();
    await at.store.append('order-1', [{ type: 'ItemAdded', data: {}, metadata: { release: '2.4.0' } }]);
    const positionAfter = async (to: string): Promise<unknown> => {
      await succeed(['consumers', 'rewind', 'mails', '--to', to, ...inStore], at);
      const { slices } = await consumerInfo(at.store, 'mails');
      return slices[0]?.positions?.[0];
    };
    for (const [to, position] of [
      ['5', 5],
      ['position:7', 7],
      ['beginning', 0],
      ['now', 13],
      [checkpoint, 12],
      ['1h ago', 0],
      ['2199-01-01', 13],
      ['before release 2.4', 12],
      ['release 2.4', 13],
    ] as const)
      assert.deepEqual([to, await positionAfter(to)], [to, position]);
    const { stdout } = await succeed(['consumers', 'rewind', 'mails', '--to', '5', ...inStore], at);
    assert.match(stdout, /^mails goes on behind position 5; 8 positions to go\.\n/);
    for (const to of ['v7', 'whenever', 'occurred:2h ago', '900', '']) {
      const {
        exitCode,
        stdout: printed,
        stderr,
      } = await hindsight(['consumers', 'rewind', 'mails', '--to', to, ...inStore], at);
      assert.deepEqual([to, exitCode, printed], [to, 2, ''], stderr);
    }
    assert.equal((await hindsight(['consumers', 'rewind', 'mails', ...inStore], at)).exitCode, 2);
    const foreign = 'h1~a~b~3';
    const refused = await hindsight(['consumers', 'rewind', 'mails', '--to', foreign, ...inStore], at);
    assert.deepEqual([refused.exitCode, /CHECKPOINT_FOREIGN/.test(refused.stderr)], [1, true]);
    assert.deepEqual((await consumerInfo(at.store, 'mails')).slices[0]?.positions, [5]);
  });

  test('are removed only when somebody says so', async (context) => {
    const at = await shop(context);
    const mails = await at.run({});
    await mails.waitFor(await at.store.head());
    const asked = await hindsight(['consumers', 'remove', 'mails', ...inStore], { ...at, input: 'y\n' });
    assert.equal(asked.exitCode, 2);
    assert.match(asked.stderr, /Nothing was done. Add --yes/);
    assert.equal((await documents(at, 'consumers')).length, 1);
    const removed = await documents(at, 'consumers', 'remove', 'mails', '--yes');
    assert.deepEqual(removed, [{ name: 'mails', isRemoved: true }]);
    await mails.ended;
    assert.deepEqual(await documents(at, 'consumers'), []);
  });

  test('that are unknown, and commands that are, are answered with what there is', async (context) => {
    const folder = await folderWithStore(context);
    for (const args of [['show'], ['pause'], ['resume'], ['reset'], ['rewind', '--to', 'now'], ['remove', '--yes']]) {
      const [verb = '', ...rest] = args;
      const { exitCode, stderr } = await hindsight(['consumers', verb, 'nobody', ...rest, ...inStore], { folder });
      assert.deepEqual([verb, exitCode], [verb, 1]);
      assert.match(stderr, /CONSUMER_UNKNOWN[\s\S]*hindsight consumers list/);
    }
    const { exitCode, stderr } = await hindsight(['consumers', 'pasue', ...inStore], { folder });
    assert.equal(exitCode, 2);
    assert.match(stderr, /no command consumers pasue[\s\S]*list, show, pause/);
  });
});
