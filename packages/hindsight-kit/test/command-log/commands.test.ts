/** hindsight commands: submit, status, list, follow, cancel, run. */

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { hindsight, objectOf, start } from '../hindsight-process.ts';
import { eventually } from '../consumers/consumer-fixture.ts';
import { bank } from './bank.ts';

suite('commands submit', () => {
  test('accepts a command once under its id, and says who does not decide it', async (context) => {
    const at = await bank(context);
    const first = await at.succeed('submit', 'Deposit', 'account-1', '{"cents":500}', '--id', 'd1', '--actor', 'ada');
    assert.equal(first.stdout, 'Accepted: Deposit for account-1, id d1\n');
    assert.match(first.stderr, /no process runs account-commands: hindsight commands run account-commands\n/);
    const again = await at.succeed('submit', 'Deposit', 'account-1', '{"cents":500}', '--id', 'd1');
    assert.match(again.stdout, /^Accepted before, under the same id: Deposit for account-1, id d1\n/);
    const other = await at.run('submit', 'Deposit', 'account-1', '{"cents":501}', '--id', 'd1');
    assert.deepEqual([other.exitCode, /KEY_REUSED/.test(other.stderr)], [3, true]);
    const [info] = await at.documents('status', 'd1');
    assert.deepEqual(objectOf(info?.['command'])['metadata'], { actor: 'ada' });
    const [document] = await at.documents('submit', 'Look', 'account-1', '--metadata', '{"correlationId":"r1"}');
    assert.deepEqual(objectOf(document?.['command'])['metadata'], { actor: 'support', correlationId: 'r1' });
    assert.deepEqual([document?.['isDuplicate'], document?.['outcome'], document?.['events']], [false, null, []]);
  });

  test('refuses with the reasons, and writes nothing', async (context) => {
    const at = await bank(context);
    const refused = await at.run('submit', 'Deposit', 'account-1', '{"cents":0}');
    assert.deepEqual([refused.exitCode, refused.stdout], [1, '']);
    assert.match(refused.stderr, /refused: It must be of a cent at least; Look again\. Nothing was accepted/);
    assert.match((await at.run('submit', 'Steal', 'account-1')).stderr, /there are Deposit, Withdraw, Look, Break\./);
    assert.deepEqual(await at.documents('list'), []);
  });

  test('says what is wrong with a wrong call, with exit code 2', async (context) => {
    const at = await bank(context);
    const wrong: readonly (readonly [args: readonly string[], said: RegExp])[] = [
      [[], /Name the type of the command and its entity/],
      [['Deposit'], /Name the type of the command and its entity/],
      [['Deposit', 'order-1'], /no commands of the category order\.\n +It declares: account-commands \(account\)/],
      [['Deposit', '$x'], /no commands of the category \$x/],
      [['Deposit', 'account-1', '{cents'], /is not JSON/],
      [['Deposit', 'account-1', '@'], /stands the name of a file/],
      [['Deposit', 'account-1', '--due', '2h'], /is no time to come/],
      [['Deposit', 'account-1', '--due', 'tomorrow 25:00'], /is no time to come/],
      [['Deposit', 'account-1', '--wait', 'x'], /whole number/],
      [['Deposit', 'account-1', '--metadata', '[1]'], /must be a JSON object/],
      [['Deposit', 'account-1', '--name', 'others'], /under the name others/],
      [['Deposit', '--from', '-'], /stand in the lines/],
      [['--from', '-', '--id', 'x'], /stand in the lines/],
    ];
    for (const [args, said] of wrong) {
      const { exitCode, stderr } = await at.run('submit', ...args);
      assert.deepEqual([args, exitCode], [args, 2]);
      assert.match(stderr, said);
    }
    const bare = await hindsight(
      ['commands', 'submit', 'Deposit', 'account-1', '--store', 's.db', '--config', '/'],
      at,
    );
    assert.equal(bare.exitCode, 2);
  });

  test('takes data from a file and from standard input', async (context) => {
    const at = await bank(context);
    await writeFile(join(at.folder, 'd.json'), '{"cents": 7}\n');
    await at.succeed('submit', 'Deposit', 'account-1', '@d.json', '--id', 'f');
    await hindsight(['commands', 'submit', 'Deposit', 'account-1', '-', '--id', 'i'], {
      ...at,
      input: '{"cents": 8}',
    });
    const listed = await at.documents('list');
    assert.deepEqual(
      listed.map(({ command }) => objectOf(command)['data']),
      [{ cents: 8 }, { cents: 7 }],
    );
    assert.equal((await at.run('submit', 'Deposit', 'account-1', '@nothing.json')).exitCode, 1);
  });

  test('waits for what becomes of it; only a decision is a success', async (context) => {
    const at = await bank(context);
    const late = await at.run('submit', 'Look', 'account-9', '--wait', '1');
    assert.deepEqual([late.exitCode, /WAIT_TIMEOUT/.test(late.stderr)], [1, true]);
    const running = at.start('run');
    const decided = await at.succeed('submit', 'Deposit', 'account-1', '{"cents":500}', '--wait');
    assert.match(decided.stdout, /\ndecided: 1 event on version 0\n {2}account-1@1 Deposited \{"cents":500\}\n$/);
    const rejected = await at.run('submit', 'Withdraw', 'account-1', '{"cents":700}', '--wait');
    assert.deepEqual([rejected.exitCode, rejected.stdout.split('\n')[1]], [1, 'rejected: There are only 500 cents.']);
    const [document] = await at.documents('submit', 'Look', 'account-1', '--wait');
    assert.deepEqual([objectOf(document?.['outcome'])['kind'], document?.['events']], ['decided', []]);
    running.child.kill('SIGINT');
    assert.equal((await running.ended).exitCode, 130);
  });

  test('stays accepted when the waiting is interrupted, and says how to go on', async (context) => {
    const at = await bank(context);
    const waiting = at.start('submit', 'Look', 'account-1', '--id', 'x', '--wait');
    let said = '';
    waiting.child.stderr?.on('data', (text: string) => (said += text));
    await eventually(() => /no process runs account-commands/.test(said));
    waiting.child.kill('SIGINT');
    const { exitCode, stderr } = await waiting.ended;
    assert.equal(exitCode, 130);
    assert.match(stderr, /stays accepted[^]*hindsight commands status x\n/);
  });
});

suite('commands submit --from', () => {
  const lines = [
    '{"type":"Deposit","streamId":"account-1","data":{"cents":5},"id":"f1"}',
    '{"type":"Withdraw","streamId":"account-1","data":{"cents":9},"id":"f2"}',
    '',
    'rubbish',
    '{"type":"Deposit","streamId":"account-1","data":{"cents":0}}',
    '{"streamId":"account-1"}',
    '{"type":"Deposit","streamId":"order-1"}',
    '[1]',
    '{"type":"Look","streamId":"account-1","strange":1}',
    '{"type":"Look","streamId":"account-1","dueAt":"soon"}',
    '{"type":"Deposit","streamId":"account-1","data":{"cents":6},"id":"f1"}',
    '{"type":"Look","streamId":"account-1"}',
  ].join('\n');

  test('accepts the lines that are commands, and tells of each other why it is none', async (context) => {
    const at = await bank(context);
    const input = { ...at, input: lines };
    const first = await hindsight(['commands', 'submit', '--from', '-'], input);
    assert.equal(first.exitCode, 1);
    const told = first.stdout.split('\n').filter((line) => line.startsWith('line '));
    assert.deepEqual(
      told.map((line) => Number(/^line (\d+)/.exec(line)?.[1])).toSorted((left, right) => left - right),
      [4, 5, 6, 7, 8, 9, 10, 11],
    );
    assert.match(first.stdout, /line 11 {2}refused: Another command was accepted under the id "f1"/);
    assert.match(first.stdout, /\n3 commands accepted, 8 refused\n$/);
    assert.match(first.stderr, /1 command has no id: submitted again, it is accepted again/);
    const again = await hindsight(['commands', 'submit', '--from', '-', '--json'], input);
    const documents = again.stdout.split('\n').filter((line) => line !== '');
    assert.equal(documents.length, 11);
    assert.ok(documents.includes('{"line":2,"status":"duplicate","id":"f2"}'));
  });

  test('keeps the order of each entity, and is as good as once when it is repeated', async (context) => {
    const at = await bank(context);
    const count = 600;
    const text = Array.from({ length: count }, (_, index) =>
      JSON.stringify({
        type: 'Deposit',
        streamId: `account-${index % 7}`,
        data: { cents: index + 1 },
        id: `m${index}`,
      }),
    ).join('\n');
    await writeFile(join(at.folder, 'many.jsonl'), text);
    assert.equal((await at.succeed('submit', '--from', 'many.jsonl')).stdout, '600 commands accepted\n');
    assert.match(
      (await at.succeed('submit', '--from', 'many.jsonl')).stdout,
      /^0 commands accepted, 600 accepted before/,
    );
    const listed = await at.documents('list', '--stream', 'account-3', '-n', '1000');
    const sent = listed.map(({ command }) => Number(objectOf(objectOf(command)['data'])['cents']));
    assert.deepEqual(
      sent,
      sent.toSorted((left, right) => right - left),
    );
    assert.equal((await at.succeed('run', '--drain')).exitCode, 0);
    const waited = await at.succeed('submit', '--from', 'many.jsonl', '--wait');
    assert.equal(waited.stdout, '0 commands accepted, 600 accepted before, 600 decided\n');
  });

  test('is refused where it is no text, or no file', async (context) => {
    const at = await bank(context);
    const binary = await hindsight(['commands', 'submit', '--from', '-'], { ...at, input: Buffer.from([255, 254, 0]) });
    assert.notEqual(binary.exitCode, 0);
    assert.equal((await at.run('submit', '--from', 'nothing.jsonl')).exitCode, 1);
  });
});

suite('commands', () => {
  test('are decided with --drain that came due while nobody ran, though their turn is yet to be given', async (context) => {
    const at = await bank(context);
    await at.succeed('submit', 'Look', 'account-1', '--id', 'y', '--due', '+1s');
    await eventually(async () => (await at.documents('status', 'y'))[0]?.['status'] === 'accepted');
    await at.succeed('run', '--drain');
    assert.equal((await at.documents('status', 'y'))[0]?.['status'], 'decided');
  });

  test('are decided in the foreground with --drain; what is set aside is said, and where others wait', async (context) => {
    const at = await bank(context);
    await at.succeed('submit', 'Deposit', 'account-1', '{"cents":5}', '--id', 'd1');
    await at.succeed('submit', 'Break', 'account-1', '--id', 'b1');
    await at.succeed('submit', 'Look', 'account-1', '--id', 'l1');
    assert.match((await at.succeed('status', 'l1')).stdout, / waits +behind 2 commands of account-1\n/);
    const drained = await at.run('run', '--drain');
    assert.equal(drained.exitCode, 1);
    assert.match(drained.stdout, /^TIME +ENTITY.*\n\S+ \S+Z +account-1 +Deposit +decided +d1 +1 event on version 0\n$/);
    assert.match(drained.stderr, /2 commands are set aside: hindsight letters list account-commands/);
    const failed = await at.succeed('status', 'b1');
    assert.match(
      failed.stdout,
      /^Break for account-1, set aside\n[^]* waits +it failed: cents of undefined\\u001b\[2J\n/,
    );
    assert.match(failed.stdout, /hindsight letters skip account-commands account-1\n$/);
    const behind = await at.succeed('status', 'l1');
    assert.match(behind.stdout, / behind 1 command of account-1\n +b1 failed before it: cents of undefined/);
    const [document] = await at.documents('status', 'l1');
    const wait = objectOf(document?.['wait']);
    assert.deepEqual([document?.['status'], wait['aheadCount'], wait['standing']], ['setAside', 1, 'no process']);
    await hindsight(['letters', 'skip', 'account-commands', 'account-1', '--yes'], at);
    assert.equal((await at.run('run', '--drain')).exitCode, 0);
    const outcomes = await at.documents('list', '--stream', 'account-1');
    assert.deepEqual(
      outcomes.map(({ command, status }) => [objectOf(command)['id'], status]),
      [
        ['l1', 'decided'],
        ['b1', 'abandoned'],
        ['d1', 'decided'],
      ],
    );
    assert.match((await at.succeed('status', 'd1')).stdout, / event +account-1@1 Deposited \{"cents":5\}\n$/);
  });

  test('are listed by category, entity, status and time, the newest first', async (context) => {
    const at = await bank(context);
    assert.match((await at.succeed()).stderr, /There are no such commands/);
    for (const id of ['a', 'b', 'c']) await at.succeed('submit', 'Look', `account-${id}`, '--id', id);
    await at.succeed('cancel', 'b', '--reason', 'not needed');
    const ids = async (...args: readonly string[]): Promise<readonly unknown[]> =>
      (await at.documents('list', ...args)).map(({ command }) => objectOf(command)['id']);
    assert.deepEqual(await ids(), ['c', 'b', 'a']);
    assert.deepEqual(await ids('--status', 'accepted'), ['c', 'a']);
    assert.deepEqual(await ids('--status', 'cancelled', '--category', 'account'), ['b']);
    assert.deepEqual(await ids('--stream', 'account-a'), ['a']);
    assert.deepEqual(await ids('--since', '1h'), ['c', 'b', 'a']);
    assert.deepEqual(await ids('--since', '2200-01-01'), []);
    assert.deepEqual(await ids('--category', 'order'), []);
    const some = await at.succeed('list', '--limit', '2');
    assert.match(some.stdout, /^ACCEPTED +ENTITY +COMMAND +STATUS +ID +ACTOR +OUTCOME, OR DATA\n/);
    assert.match(some.stdout, / account-b +Look +cancelled +b +support +not needed\n$/);
    assert.match(some.stderr, /There are more: --limit 20/);
    for (const args of [
      ['--status', 'foo'],
      ['--since', 'soon'],
      ['--limit', '0'],
      ['--category', 'a', '--stream', 'b'],
    ])
      assert.deepEqual([args, (await at.run('list', ...args)).exitCode], [args, 2]);
  });

  test('are taken back until they are decided, and not after that', async (context) => {
    const at = await bank(context);
    await at.succeed('submit', 'Look', 'account-1', '--id', 'x');
    await at.succeed('submit', 'Look', 'account-1', '--id', 'y', '--due', '+1h');
    assert.match(
      (await at.succeed('status', 'y')).stdout,
      /^Look for account-1, scheduled\n[^]* waits +until it is due\n/,
    );
    for (const _ of [1, 2])
      assert.match((await at.succeed('cancel', 'y', '--reason', 'why not')).stdout, /^cancelled at .*: why not\n$/);
    await at.succeed('run', '--drain');
    const late = await at.run('cancel', 'x');
    assert.equal(late.exitCode, 1);
    assert.match(late.stdout, /^It keeps its outcome: decided at .*: nothing to do, on version 0\n$/);
    for (const verb of ['cancel', 'status']) {
      const none = await at.run(verb, 'nothing');
      assert.deepEqual([none.exitCode, /No command was accepted under the id nothing/.test(none.stderr)], [1, true]);
    }
  });

  test('are followed as they come, until Ctrl-C', async (context) => {
    const at = await bank(context);
    const following = at.start('follow', '--category', 'account', '--json', '--all');
    await at.succeed('submit', 'Deposit', 'account-1', '{"cents":5}', '--id', 'd1');
    const running = start(['commands', 'run', 'account-commands'], at);
    await following.until((text) => text.includes('"kind":"outcome"'));
    await running.until((text) => text.includes('decided'));
    running.child.kill('SIGTERM');
    following.child.kill('SIGINT');
    assert.deepEqual([(await running.ended).exitCode, (await following.ended).exitCode], [143, 130]);
    const [accepted, outcome] = (await following.ended).stdout.split('\n');
    assert.equal(objectOf(JSON.parse(accepted ?? '')).kind, 'accepted');
    assert.equal(objectOf(objectOf(JSON.parse(outcome ?? '')).outcome).kind, 'decided');
    assert.match((await running.ended).stderr, /Deciding account-commands; Ctrl-C ends it/);
  });

  test('find their consumer by the configuration, under any name', async (context) => {
    const at = await bank(context, { name: 'teller' });
    await at.succeed('submit', 'Break', 'account-1', '--id', 'b');
    assert.equal((await at.run('run', '--drain')).exitCode, 1);
    assert.match((await at.succeed('status', 'b')).stdout, /^Break for account-1, set aside\n/);
    assert.equal((await at.documents('list', '--category', 'account', '--status', 'set-aside')).length, 1);
    const wrong = await at.run('run', 'account-commands');
    assert.deepEqual([wrong.exitCode, /It declares: teller/.test(wrong.stderr)], [2, true]);
  });
});
