/** hindsight commands redecide: a changed rule is found before it is shipped, and a script knows. */

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { defineDecider, openStore, type Event, type Recorded } from 'hindsightdb';
import {
  cancelCommand,
  commandType,
  defineCommands,
  execute,
  submit,
  type RecordedCommand,
} from 'hindsightdb/commands';
import { documentsOf, hindsight, start, succeed, temporaryFolder } from '../hindsight-process.ts';

const library = fileURLToPath(import.meta.resolve('hindsightdb/commands'));

type Moved = Event<'Deposited', { cents: number }> | Event<'Withdrawn', { cents: number }>;
type Wish = RecordedCommand<'Deposit' | 'Withdraw', { cents: number }>;

/** The rules that decided what is recorded. */
const account = defineDecider({
  category: 'account',
  initialState: { cents: 0 },
  decide: ({ type, data }: Wish, { cents }): Moved => {
    if (type === 'Deposit') return { type: 'Deposited', data };
    if (data.cents > cents) throw new Error(`${data.cents} of ${cents}`);
    return { type: 'Withdrawn', data };
  },
  evolve: ({ cents }, { type, data }: Recorded<Moved>) => ({
    cents: cents + (type === 'Deposited' ? 1 : -1) * data.cents,
  }),
});
const types = { Deposit: commandType<{ cents: number }>(), Withdraw: commandType<{ cents: number }>() };

/** Files of a project: rules as they are, and changed ones. */
const rules = `
interface State { readonly cents: number }
const decideBy = (limit: (cents: number, state: State) => boolean, fee = 0) =>
  ({ type, data }: { type: string; data: { cents: number } }, state: State) => {
    if (type === 'Deposit') return { type: 'Deposited', data: { cents: data.cents - fee } };
    if (limit(data.cents, state)) throw new Error('The account does not cover it.');
    return { type: 'Withdrawn', data };
  };
const rest = {
  initialState: { cents: 0 } as State,
  evolve: ({ cents }: State, { type, data }: any) => ({ cents: type === 'Deposited' ? cents + data.cents : cents - data.cents }),
};
const same = decideBy((cents, state) => cents > state.cents);
export default { category: 'account', ...rest, decide: same };
export const strict = { category: 'account', ...rest, decide: decideBy((cents, state) => cents >= state.cents) };
export const lax = { category: 'account', ...rest, decide: decideBy(() => false) };
export const fee = { category: 'account', ...rest, decide: decideBy((cents, state) => cents > state.cents, 1) };
export const stumbling = { category: 'account', ...rest, decide: (command: any) => command.missing.cents };
export const nameless = { ...rest, decide: same };
export const text = 'no rules';
`;

/** A folder with a store of decided commands, and files with rules. */
async function bank(context: TestContext, config?: string): Promise<string> {
  const folder = await temporaryFolder(context);
  await using store = await openStore(join(folder, 's.db'));
  const commands = defineCommands({ decider: account, types });
  const carryOut = async (id: string, type: 'Deposit' | 'Withdraw', cents: number, streamId = 'account-1') =>
    await execute(store, commands, { id, type, streamId, data: { cents } });
  await carryOut('c1', 'Deposit', 10);
  await carryOut('c2', 'Withdraw', 4);
  await carryOut('c3', 'Withdraw', 6);
  await carryOut('c4', 'Withdraw', 1);
  await carryOut('c5', 'Deposit', 9, 'account-2\u001b[2J');
  await submit(store, commands, { id: 'c6', type: 'Deposit', streamId: 'account-3', data: { cents: 1 } });
  await submit(store, commands, { id: 'c7', type: 'Deposit', streamId: 'account-4', data: { cents: 1 } });
  await cancelCommand(store, 'c7');
  await writeFile(join(folder, 'rules.ts'), rules);
  await writeFile(join(folder, 'hindsight.config.ts'), config ?? "export default { store: './s.db' };");
  return folder;
}

const redecide = async (folder: string, ...args: readonly string[]) =>
  await hindsight(['commands', 'redecide', ...args], { folder });

suite('commands redecide', () => {
  test('is content where everything is decided as before', async (context) => {
    const folder = await bank(context);
    const { exitCode, stdout, stderr } = await redecide(folder, '--against', './rules.ts');
    assert.equal(exitCode, 0);
    assert.match(stdout, /^The same: 5 commands decided as before, 4 entities of account, [\d.]+ m?s\n$/);
    assert.equal(stderr, 'Left out: 1 cancelled, 1 without an outcome yet.\n');
  });

  test('shows each decision that would be another one, and ends with 1', async (context) => {
    const folder = await bank(context);
    const strict = await redecide(folder, '--against', './rules.ts#strict');
    assert.equal(strict.exitCode, 1);
    assert.match(
      strict.stdout,
      /^! account-1 {2}Withdraw on version 2 {2}would be refused\n {4}c3\n {4}- was {4}Withdrawn \{"cents":6\}\n {4}\+ would {2}refused: The account does not cover it\.\nDecided otherwise: 1 of 5 commands, 4 entities of account, /,
    );
    const lax = await redecide(folder, '--against', './rules.ts#lax', '--stream', 'account-1');
    assert.match(lax.stdout, /Withdraw on version 3 {2}would not be refused\n {4}c4\n {4}- was {4}refused: 1 of 0\n/);
    const fee = await redecide(folder, '--against', './rules.ts#fee', '-t', 'Deposit', '--limit', '1');
    assert.match(
      fee.stdout,
      /^~ account-1 {2}Deposit on version 0 {2}other events\n {4}c1\n {4}~ \/events\/0\/data\/cents {2}10 → 9\n… and 1 more; --limit shows so many\nDecided otherwise: 2 of 2/,
    );
    const stumbling = await redecide(folder, '--against', './rules.ts#stumbling');
    assert.match(
      stumbling.stdout,
      /! account-1 {2}Deposit on version 0 {2}fails\n {4}c1\n {4}failed: TypeError: Cannot read/,
    );
    assert.match(stumbling.stdout, /account-2\\u001b\[2J/, 'What a terminal would obey is written out');
  });

  test('counts refusals with other words only where that is asked for', async (context) => {
    const folder = await bank(context);
    const { exitCode, stdout } = await redecide(folder, '--against', './rules.ts', '--messages');
    assert.equal(exitCode, 1);
    assert.match(
      stdout,
      /refused with other words\n {4}c4\n {4}~ \/error\/message {2}"1 of 0" → "The account does not/,
    );
  });

  test('prints a line for each and a summary for machines', async (context) => {
    const folder = await bank(context);
    const { exitCode, stdout, stderr } = await redecide(folder, '--against', './rules.ts#fee', '--json');
    assert.deepEqual([exitCode, stderr], [1, '']);
    const [first, second, summary, ...more] = documentsOf(stdout);
    assert.deepEqual([first?.['kind'], first?.['commandId'], first?.['on']], ['events', 'c1', 0]);
    assert.deepEqual(second?.['changes'], [{ kind: 'replaced', path: '/events/0/data/cents', before: 9, after: 8 }]);
    assert.deepEqual(summary, {
      kind: 'summary',
      against: './rules.ts#fee',
      category: 'account',
      isSame: false,
      entityCount: 4,
      decidedCount: 5,
      sameCount: 3,
      differentCount: 2,
      undecidableCount: 0,
      skipped: { cancelled: 1, abandoned: 0, undecided: 1 },
      seed: '0',
    });
    assert.deepEqual(more, []);
  });

  test('is a gate for what cannot be decided again, too', async (context) => {
    const folder = await bank(context);
    {
      await using store = await openStore(join(folder, 's.db'));
      await store.tombstone('account-1');
    }
    const { exitCode, stdout } = await redecide(folder, '--against', './rules.ts');
    assert.equal(exitCode, 1);
    assert.match(
      stdout,
      /\? account-1 {2}Withdraw on version 1 {2}cannot be decided again\n {4}c2\n {4}The settings of its/,
    );
    assert.match(stdout, /Not to be decided again: 4 commands, beside 1 decided as before, 4 entities/);
  });

  test('does not pass where a name is given that no command goes by', async (context) => {
    const folder = await bank(context);
    for (const choice of [
      ['--type', 'Pai'],
      ['--stream', 'account-none'],
    ]) {
      const { exitCode, stdout } = await hindsight(['commands', 'redecide', '--against', './rules.ts', ...choice], {
        folder,
      });
      assert.equal(exitCode, 1);
      assert.match(stdout, /^Nothing was decided again/);
    }
    const { exitCode, stderr } = await hindsight(['history', 'check', '--category', 'nope'], { folder });
    assert.equal(exitCode, 1);
    assert.match(stderr, /There are no events of the category "nope"/);
  });

  test('takes a range and a sample', async (context) => {
    const folder = await bank(context);
    const count = async (...args: readonly string[]): Promise<unknown> => {
      const ended = await succeed(['commands', 'redecide', '--against', './rules.ts', '--json', ...args], { folder });
      return documentsOf(ended.stdout).at(-1)?.['decidedCount'];
    };
    assert.equal(await count('--from', 'position:2'), 4);
    assert.equal(await count('--from', '2h ago', '--until', 'now'), 5);
    assert.equal(await count('--until', '2h ago'), 0);
    assert.equal(await count('--sample', '3', '--type', 'Withdraw'), 3);
    assert.equal(await count('--sample', '100%'), 5);
    const { stdout, stderr } = await redecide(
      folder,
      '--against',
      './rules.ts',
      '--until',
      '2h ago',
      '--sample',
      '50%',
      '--seed',
      'x',
    );
    assert.match(stdout, /^Nothing was decided again: no commands with a decision/);
    assert.match(stderr, /The sample was chosen by the seed "x"\./);
  });

  test('takes the commands of the configuration where no file is named', async (context) => {
    const config = `
import { defineCommands } from ${JSON.stringify(library)};
import account, { strict } from './rules.ts';
const types = { Deposit: {}, Withdraw: {} };
const schema = (entry: any) => ({ '~standard': { version: 1, vendor: 'x', validate: (value: any) => ({ value }) } });
const commands = [
  defineCommands({ decider: account as any, types: { Deposit: schema(0), Withdraw: schema(0) } } as any),
  defineCommands({ decider: { ...strict, category: 'other' } as any, types: { Deposit: schema(0) } } as any),
];
export default { store: './s.db', commands };`;
    const folder = await bank(context, config);
    const all = await redecide(folder);
    assert.equal(all.exitCode, 0, all.stderr);
    assert.match(all.stdout, /^The same: 5 commands .*\nNothing was decided again: .* 0 entities of other, /);
    assert.doesNotMatch((await redecide(folder, '--category', 'account')).stdout, /other/);
    assert.match(
      (await redecide(folder, '-c', 'nothing')).stderr,
      /no commands of the category "nothing"[^]*account, other/,
    );
  });

  test('says what is wrong with how it was called', async (context) => {
    const folder = await bank(context);
    const cases: readonly [readonly string[], RegExp][] = [
      [[], /No rules are named, and .* declares no commands/],
      [['--against', './none.ts'], /There is no file .*none\.ts/],
      [['--against', './rules.ts#text'], /text of .*rules\.ts is no decider[^]*#strict/],
      [['--against', './rules.ts#missing'], /exports no missing/],
      [['--against', './rules.ts#nameless'], /names no category[^]*--category/],
      [['--against', './rules.ts', '--category', 'order'], /of the category "account", not "order"/],
      [['--against', './broken.ts'], /broken\.ts.* cannot be loaded[^]*enum/],
      [['--against', './rules.ts', '--sample', '0'], /Write a number of commands/],
      [['--against', './rules.ts', '--sample', '101%'], /Write a number of commands/],
      [['--against', './rules.ts', '--from', '3'], /is a version/],
      [['--against', './rules.ts', '--from', 'occurred:2026-03-01'], /moment of recording/],
      [['--against', './rules.ts', '--stream', 'order-1'], /account/],
    ];
    await writeFile(join(folder, 'broken.ts'), 'export enum Kind { A }\nexport default 1;');
    for (const [args, message] of cases) {
      const ended = await redecide(folder, ...args);
      assert.equal(ended.exitCode, 2, `${args.join(' ')}: ${ended.stderr}${ended.stdout}`);
      assert.match(ended.stderr, message);
    }
    const named = await redecide(folder, '--against', './rules.ts#nameless', '--category', 'account');
    assert.equal(named.exitCode, 0, named.stderr);
  });

  test('ends at once when it is interrupted, and has written nothing', async (context) => {
    const folder = await bank(context);
    await writeFile(
      join(folder, 'slow.ts'),
      `import account from './rules.ts';
       export default { ...account, decide: (...given: Parameters<typeof account.decide>) => {
         console.log('deciding');
         for (const end = performance.now() + 1000; performance.now() < end;);
         throw new Error('slow');
       } };`,
    );
    const running = start(['commands', 'redecide', '--against', './slow.ts'], { folder });
    await running.until((stdout) => stdout.includes('deciding'));
    running.child.kill('SIGINT');
    assert.equal((await running.ended).exitCode, 130);
    await succeed(['check'], { folder });
    assert.equal((await redecide(folder, '--against', './rules.ts')).exitCode, 0);
  });
});
