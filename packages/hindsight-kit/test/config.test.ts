/** init, and the configuration: where it is found, what it says, and why it cannot be loaded. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { documentsOf, hindsight, succeed, temporaryFolder } from './hindsight-process.ts';

suite('init', () => {
  test('makes a store and a configuration, with which the other commands know the store from any folder below', async (context) => {
    const folder = await temporaryFolder(context);
    await succeed(['init'], { folder });
    assert.equal(
      await readFile(join(folder, 'hindsight.config.ts'), 'utf8'),
      'export default {\n  store: "./events.db",\n};\n',
    );
    await mkdir(join(folder, 'deep/down'), { recursive: true });
    await succeed(['append', 'a-1', 'X', '1'], { folder: join(folder, 'deep/down') });
    const { stdout } = await succeed(['read', '--json'], { folder });
    assert.equal(documentsOf(stdout).length, 1);
  });

  test('writes a typed configuration where the kit is installed', async (context) => {
    const folder = await temporaryFolder(context);
    await mkdir(join(folder, 'node_modules'));
    await symlink(fileURLToPath(new URL('..', import.meta.url)), join(folder, 'node_modules/hindsight-kit'), 'dir');
    await succeed(['init', './shop.db'], { folder });
    assert.match(
      await readFile(join(folder, 'hindsight.config.ts'), 'utf8'),
      /import \{ defineConfig \} from 'hindsight-kit';/,
    );
    await succeed(['append', 'a-1', 'X', '1'], { folder });
  });

  test('leaves alone what is there', async (context) => {
    const folder = await temporaryFolder(context);
    await succeed(['init'], { folder });
    await succeed(['append', 'a-1', 'X', '1'], { folder });
    await writeFile(join(folder, 'hindsight.config.ts'), "export default { store: './events.db' };\n");
    const [document] = documentsOf((await succeed(['init', '--json'], { folder })).stdout);
    assert.deepEqual([document?.isEmpty, document?.isConfigNew], [false, false]);
    assert.equal(
      await readFile(join(folder, 'hindsight.config.ts'), 'utf8'),
      "export default { store: './events.db' };\n",
    );
    const bare = await temporaryFolder(context);
    await succeed(['init', 'x.db', '--no-config-file'], { folder: bare });
    assert.equal(existsSync(join(bare, 'hindsight.config.ts')), false);
  });
});

suite('the store', () => {
  test('is named by --store before HINDSIGHT_STORE before the configuration', async (context) => {
    const folder = await temporaryFolder(context);
    for (const name of ['option', 'environment', 'config']) {
      await succeed(['init', `${name}.db`, '--no-config-file'], { folder });
      await succeed(['append', 'a-1', name, '--store', `${name}.db`], { folder });
    }
    await writeFile(join(folder, 'hindsight.config.mjs'), "export default { store: './config.db' };");
    const environment = { HINDSIGHT_STORE: 'environment.db' };
    const typeIn = async (args: readonly string[], options: object): Promise<unknown> =>
      documentsOf((await succeed([...args, '--json'], { folder, ...options })).stdout)[0]?.type;
    assert.equal(await typeIn(['read', '--store', 'option.db'], { environment }), 'option');
    assert.equal(await typeIn(['--store', 'option.db', 'read'], { environment }), 'option');
    assert.equal(await typeIn(['read'], { environment }), 'environment');
    assert.equal(await typeIn(['read'], {}), 'config');
  });

  test('is named by the configuration that --config names, relative to it', async (context) => {
    const folder = await temporaryFolder(context);
    await mkdir(join(folder, 'shop'));
    await succeed(['init'], { folder: join(folder, 'shop') });
    for (const named of ['shop', 'shop/hindsight.config.ts']) await succeed(['stats', '--config', named], { folder });
    assert.equal((await hindsight(['stats', '--config', 'nowhere.ts'], { folder })).exitCode, 2);
  });
});

suite('load', () => {
  test('is the other name of state, and folds a stream as of any version', async (context) => {
    const folder = await temporaryFolder(context);
    await succeed(['init', '--no-config-file'], { folder });
    await writeFile(
      join(folder, 'hindsight.config.ts'),
      `interface State { readonly sum: number }
       const counter = { initialState: { sum: 0 } as State, evolve: (state: State, event: { data: number }): State => ({ sum: state.sum + event.data }) };
       export default { store: './events.db', deciders: { counter } };`,
    );
    for (const number of [1, 2, 3]) await succeed(['append', 'counter-1', 'Added', String(number)], { folder });
    assert.deepEqual(documentsOf((await succeed(['load', 'counter-1', '--json'], { folder })).stdout), [
      { streamId: 'counter-1', version: 3, foldedBy: 'decider', state: { sum: 6 } },
    ]);
    assert.match(
      (await succeed(['load', 'counter-1', '--at', '2'], { folder })).stdout,
      /counter-1 at version 2\n\{\n {2}"sum": 3\n\}/,
    );
    assert.match((await succeed(['load', '--help'])).stdout, /^Usage: hindsight load/);
  });
});

suite('a configuration', () => {
  const failures: readonly (readonly [what: string, text: string, advice: RegExp])[] = [
    [
      'with an enum',
      "enum Kind { paid }\nexport default { store: 'x' };",
      /enum is not supported[\s\S]*union of literals/,
    ],
    [
      'with a parameter property',
      "class A { constructor(private x: number) {} }\nexport default { store: 'x' };",
      /declare the field and assign it/,
    ],
    [
      'with a namespace',
      "namespace N { export const a = 1; }\nexport default { store: 'x' };",
      /write a module of its own/,
    ],
    [
      'with an import that lacks its extension',
      "import { a } from './other';\nexport default { store: a };",
      /write '\.\/name\.ts' in place of '\.\/name'/,
    ],
    [
      'with an import that has the extension of the output',
      "import { a } from './other.js';\nexport default { store: a };",
      /wants the extension that the file has/,
    ],
    [
      'with an import by the paths of a tsconfig',
      "import { a } from '@/other';\nexport default { store: a };",
      /does not know the paths of a tsconfig/,
    ],
    [
      'with a package that is not installed',
      "import a from 'no-such-package-here';\nexport default { store: a };",
      /npm install no-such-package-here/,
    ],
    [
      'that imports a type as a value',
      "import { T } from './other.ts';\nconst t: T = 1;\nexport default { store: 'x' };",
      /import type \{ T \}/,
    ],
    [
      'with JSON imported plainly',
      "import a from './package.json';\nexport default { store: a };",
      /with \{ type: 'json' \}/,
    ],
    ['that throws', "throw new Error('the weather');", /hindsight\.config\.ts:1 cannot be loaded: the weather/],
    ['that is no TypeScript', 'export default {', /cannot be loaded/],
    ['that exports nothing', 'export const store = 1;', /exports no configuration/],
    ['with a member that means nothing', "export default { stores: 'x' };", /a member "stores"/],
    ['with a store that is no address', 'export default { store: 5 };', /must be the address of a store/],
    [
      'with a decider that is none',
      "export default { store: 'x', deciders: { order: {} } };",
      /deciders\.order .* is no decider/,
    ],
    ['with projections that are no list', 'export default { projections: {} };', /projections in .* must be an array/],
    [
      'with a projection that is none',
      "export default { projections: [{ name: 'orders' }] };",
      /projections\[0\] .* is no projection: defineProjection/,
    ],
    [
      'with one projection twice',
      "const one = { name: 'orders', version: 2, handlers: new Map() };\nexport default { projections: [one, one] };",
      /has orders@2 twice/,
    ],
    [
      'with commands that are no list',
      'export default { commands: {} };',
      /commands in .* must be an array of what defineCommands/,
    ],
    [
      'with commands that are none',
      'export default { commands: [{}] };',
      /commands\[0\] .* is not what defineCommands\(\) makes/,
    ],
    [
      'with a process manager that is none',
      "export default { processes: [{ name: 'p' }] };",
      /processes\[0\] .* is not what defineProcess\(\) makes/,
    ],
    [
      'with timers that are none',
      'export default { timers: [5] };',
      /timers\[0\] .* is not what defineTimers\(\) makes/,
    ],
    [
      'with timers twice',
      "const one = { name: 'reminders', fire: () => undefined };\nexport default { timers: [one, one] };",
      /timers in .* has reminders twice/,
    ],
  ];
  for (const [what, text, advice] of failures) {
    test(`${what} is refused with what to write instead`, async (context) => {
      const folder = await temporaryFolder(context);
      await writeFile(join(folder, 'package.json'), '{"type":"module"}');
      await writeFile(join(folder, 'other.ts'), "export type T = number;\nexport const a = 'x';\n");
      await writeFile(join(folder, 'hindsight.config.ts'), text);
      const { exitCode, stdout, stderr } = await hindsight(['stats'], { folder });
      assert.equal(stdout, '');
      assert.match(stderr, advice);
      assert.match(stderr, /hindsight\.config\.ts/);
      assert.equal(exitCode, 2);
    });
  }

  test('is not loaded where the store is named otherwise and nothing else of it is needed', async (context) => {
    const folder = await temporaryFolder(context);
    await succeed(['init', 's.db', '--no-config-file'], { folder });
    await writeFile(join(folder, 'hindsight.config.mjs'), "throw new Error('not today');");
    await succeed(['backup', 'b.db', '--store', 's.db'], { folder });
  });

  test('says nothing about the package.json of the project', async (context) => {
    const folder = await temporaryFolder(context);
    await succeed(['init'], { folder });
    await writeFile(join(folder, 'package.json'), '{}');
    assert.equal((await succeed(['stats'], { folder })).stderr, '');
  });
});
