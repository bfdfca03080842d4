/** hindsight history check: whether the code of the configuration still understands what is stored. */

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { defineDecider, openStore, type Event, type Recorded } from 'hindsightdb';
import { handle } from 'hindsightdb/commands';
import { documentsOf, hindsight, succeed, temporaryFolder } from '../hindsight-process.ts';

type Counted = Event<'Counted', { by: number }>;

/** A counter that keeps snapshots. */
const counter = defineDecider({
  category: 'counter',
  version: 1,
  initialState: { count: 0 },
  decide: (by: number): Counted => ({ type: 'Counted', data: { by } }),
  evolve: ({ count }, { data }: Recorded<Counted>) => ({ count: count + data.by }),
  snapshots: { every: 2 },
});

/** The configuration of its project. */
const config = ({ evolve = 'count + data.by', version = 1, options = '' }): string => `
const counter = {
  category: 'counter', version: ${version}, snapshots: { every: 2 }, initialState: { count: 0 },
  decide: () => [],
  evolve: ({ count }: { count: number }, { data, version }: any) => ({ count: ${evolve} }),
};
const fail = (text: string) => { throw new Error(text); };
export default { store: './s.db', deciders: { counter }, options: { ${options} } };
`;

async function counted(context: TestContext): Promise<string> {
  const folder = await temporaryFolder(context);
  await using store = await openStore(join(folder, 's.db'));
  for (const by of [1, 2, 3]) await handle(store, counter, 'counter-1', by);
  await handle(store, counter, 'counter-2', 4);
  await store.append('note-1', [{ type: 'Noted\u001b[2J', data: 1 }]);
  return folder;
}

suite('history check', () => {
  test('is content with what the code understands', async (context) => {
    const folder = await counted(context);
    await writeFile(join(folder, 'hindsight.config.ts'), config({}));
    const { stdout, stderr } = await succeed(['history', 'check'], { folder });
    assert.match(stdout, /^Understood: 5 events, 2 entities folded, 1 snapshot compared, [\d.]+ m?s\n$/);
    assert.equal(stderr, '');
    const [document] = documentsOf((await succeed(['history', 'check', '-c', 'note', '--json'], { folder })).stdout);
    assert.deepEqual(document, {
      isSound: true,
      eventCount: 1,
      entityCount: 0,
      snapshotCount: 0,
      unusedSnapshotCount: 0,
      findingCount: 0,
      findings: [],
    });
  });

  test('names what the code does not understand, and ends with 1', async (context) => {
    const folder = await counted(context);
    const check = async (change: Parameters<typeof config>[0], ...args: readonly string[]) => {
      await writeFile(join(folder, 'hindsight.config.ts'), config(change));
      return await hindsight(['history', 'check', ...args], { folder });
    };
    const folds = await check({ evolve: "version === 3 ? fail('no third') : count + data.by", version: 2 });
    assert.equal(folds.exitCode, 1);
    assert.match(
      folds.stdout,
      /^! counter-1 @3, position 3 {2}Counted cannot be folded\n {4}no third\n1 finding: 5 events, 2 entities folded, 0 snap/,
    );
    assert.match(folds.stderr, /1 snapshot that no decider of the configuration would use/);
    const snapshot = await check({ evolve: 'count + 1' });
    assert.match(
      snapshot.stdout,
      /^! counter-1 @2, position 2 {2}its snapshot differs\n {4}The snapshot at version 2 [^\n]*\n {4}~ \/count {2}3 → 2\n/,
    );
    const upcasters =
      "upcasters: [{ type: 'Counted', upcast: () => fail('old shape') }], strictTypes: true, events: { Counted: {} }";
    const shapes = await check({ options: upcasters }, '--limit', '1');
    assert.match(shapes.stdout, /its upcaster fails\n {4}old shape\n… and 4 more; --limit shows so many\n5 findings:/);
    const machine = await check({ options: upcasters }, '--json');
    assert.equal(machine.exitCode, 1);
    const [{ findings, isSound } = {}] = documentsOf(machine.stdout);
    assert.equal(isSound, false);
    assert.ok(Array.isArray(findings));
    assert.deepEqual(findings.at(-1), {
      kind: 'undeclared',
      partition: 0,
      position: 5,
      streamId: 'note-1',
      version: 1,
      type: 'Noted\u001b[2J',
      message: 'The event type "Noted\\u001b[2J" is not declared.',
    });
    const people = await check({ options: upcasters });
    assert.ok(!people.stdout.includes('\u001b[2J'));
  });

  test('says what it could not check', async (context) => {
    const folder = await counted(context);
    const { stdout, stderr } = await succeed(['history', 'check', '--store', 's.db'], { folder });
    assert.match(stdout, /^Understood: 5 events, 0 entities folded/);
    assert.match(stderr, /no hindsight\.config\.ts[^]*1 snapshot that no decider/);
    await writeFile(join(folder, 'hindsight.config.ts'), "export default { store: './s.db' };");
    assert.match((await succeed(['history', 'check'], { folder })).stderr, /names no deciders/);
    assert.equal((await hindsight(['history'], { folder })).exitCode, 2);
    assert.equal((await hindsight(['history', 'check', 'more'], { folder })).exitCode, 2);
  });
});
