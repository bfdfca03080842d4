/**
 * What is published: the tarballs hold what they should and nothing else, resolve for every tool, install offline, work from
 * there, and say one sentence on a Node that is too old. Run by `npm run check:pack`, which builds anew first.
 */

import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { outcomeOf, outputOf } from './packing/command.ts';
import { findOldNode } from './packing/earlier-node.ts';
import { dependencyFolders, expectedPaths, pack } from './packing/tarball.ts';
import type { Tarball } from './packing/tarball.ts';
import { root } from './repository.ts';
import { unlessPresent } from './requirement.ts';

const folders = ['packages/hindsightdb', 'packages/hindsight-kit'];
const bin = (name: string): string => join(root, 'node_modules/.bin', name);

const oldNode = await findOldNode();
const oldNodeRequirement = {
  what: 'A Node older than 24',
  isPresent: oldNode !== undefined,
  remedy: 'put one on the path, to see what the packages say there.',
};

suite('the published packages', () => {
  let place: string;
  let project: string;
  let tarballs: Tarball[];

  before(async () => {
    place = await realpath(await mkdtemp(join(tmpdir(), 'hindsight-pack-')));
    tarballs = await pack(
      folders.map((folder) => `./${folder}`),
      place,
    );
    project = join(place, 'project');
    await installedProject(project, tarballs);
  });

  after(() => rm(place, { recursive: true, force: true }));

  for (const [index, folder] of folders.entries()) {
    test(`hold the sources, what is built of them and the papers, and nothing else: ${folder}`, () => {
      assert.deepEqual(tarballs[index]?.paths, expectedPaths(folder));
    });

    test(`have no source map that points out of the tarball: ${folder}`, async () => {
      const installed = join(project, 'node_modules', tarballs[index]?.name ?? '');
      const maps = (tarballs[index]?.paths ?? []).filter((path) => path.endsWith('.map'));
      assert.ok(maps.length > 0);
      for (const path of maps) {
        const map: unknown = JSON.parse(await readFile(join(installed, path), 'utf8'));
        assert.ok(typeof map === 'object' && map !== null && 'sources' in map && Array.isArray(map.sources));
        for (const source of map.sources) {
          const target = posix.join(posix.dirname(path), String(source));
          assert.ok(tarballs[index]?.paths.includes(target), `${path} points to ${target}`);
        }
      }
    });

    test(`pass publint: ${folder}`, async () => {
      const { exitCode, stdout, stderr } = await outcomeOf(
        bin('publint'),
        ['run', tarballs[index]?.file ?? '', '--strict'],
        { cwd: root },
      );
      assert.equal(exitCode, 0, stdout + stderr);
    });
  }

  test('resolve with their types for every tool that knows ES modules', async () => {
    const { exitCode, stdout, stderr } = await outcomeOf(
      bin('attw'),
      [tarballs[0]?.file ?? '', '--profile', 'esm-only', '--no-emoji'],
      { cwd: root },
    );
    assert.equal(exitCode, 0, stdout + stderr);
  });

  test('carry the licence of the repository', async () => {
    const licence = await readFile(join(root, 'LICENSE'), 'utf8');
    for (const { name } of tarballs)
      assert.equal(await readFile(join(project, 'node_modules', name, 'LICENSE'), 'utf8'), licence);
  });

  test('have one version, and the kit takes exactly that library', async () => {
    const [library, kit] = await Promise.all(
      folders.map(async (folder): Promise<unknown> =>
        JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8')),
      ),
    );
    const version = stringIn(library, 'version');
    assert.equal(stringIn(kit, 'version'), version);
    assert.ok(typeof kit === 'object' && kit !== null && 'dependencies' in kit);
    assert.equal(stringIn(kit.dependencies, 'hindsightdb'), version);
    assert.ok(
      typeof library === 'object' && library !== null && !('dependencies' in library),
      'the library depends on nothing',
    );
  });

  test('compile in a strict project, declarations included, and work there', async () => {
    await copyFile(join(root, 'test/packing/consumer.ts'), join(project, 'consumer.ts'));
    await writeFile(join(project, 'tsconfig.json'), JSON.stringify(consumerOptions));
    const { exitCode, stdout } = await outcomeOf(bin('tsc'), ['-p', project], { cwd: project });
    assert.equal(exitCode, 0, stdout);
    assert.equal(await outputOf(process.execPath, ['consumer.ts'], { cwd: project }), 'The packed library counts.\n');
  });

  test('bring a command that runs', async () => {
    const help = await outputOf(join(project, 'node_modules/.bin/hindsight'), ['--help'], { cwd: project });
    assert.match(help, /hindsight/);
  });

  suite('on a Node that is too old', { skip: unlessPresent(oldNodeRequirement) }, () => {
    const run = (args: readonly string[]) => outcomeOf(oldNode ?? '', args, { cwd: project });

    test('the command says so in one sentence and fails', async () => {
      const { exitCode, stdout, stderr } = await run([
        join(project, 'node_modules/hindsight-kit/bin/hindsight.js'),
        '--help',
      ]);
      assert.equal(exitCode, 1);
      assert.equal(stdout, '');
      assert.match(stderr, /^hindsight needs Node 24\.\d+ or newer[^\n]*\.\n$/);
    });

    test('the library can be imported, and says so when a file is opened', async () => {
      const program =
        "import { openStore } from 'hindsightdb'; await openStore('./old.db').catch((error) => console.log(error.code));";
      await writeFile(join(project, 'old.mjs'), program);
      const { exitCode, stdout, stderr } = await run(['old.mjs']);
      assert.deepEqual({ exitCode, stdout, stderr }, { exitCode: 0, stdout: 'RUNTIME_TOO_OLD\n', stderr: '' });
    });
  });
});

const consumerOptions = {
  compilerOptions: {
    target: 'ES2024',
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    noEmit: true,
    types: ['node'],
  },
  files: ['consumer.ts'],
};

/** A new project with the tarballs in it, and the packages that they depend on as they are installed here: no registry is asked. */
async function installedProject(folder: string, tarballs: readonly Tarball[]): Promise<void> {
  const others = dependencyFolders(join(root, 'packages/hindsight-kit')).filter(
    (path) => !path.endsWith('/hindsightdb'),
  );
  const types = [join(root, 'node_modules/@types/node'), ...dependencyFolders(join(root, 'node_modules/@types/node'))];
  const packed = await pack([...others, ...types], dirname(folder));
  const dependencies = Object.fromEntries([...tarballs, ...packed].map(({ name, file }) => [name, `file:${file}`]));
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }));
  await outputOf('npm', ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder });
}

function stringIn(value: unknown, key: string): string {
  assert.ok(typeof value === 'object' && value !== null && key in value, `no ${key}`);
  return String(Object.entries(value).find(([name]) => name === key)?.[1]);
}
