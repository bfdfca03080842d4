/** The linter finds what we rely on it for: a rule that was misspelled or lost its type information would be silent. */

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { outcomeOf } from './packing/command.ts';
import { root } from './repository.ts';

const somewhere = 'packages/hindsightdb/src/core';

/** Faults by the rule that must find them. */
const faults: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'typescript(no-floating-promises)': { 'floating.ts': "import { rm } from 'node:fs/promises';\nrm('x');\n" },
  'typescript(no-misused-promises)': { 'misused.ts': '[1].forEach(async () => { await Promise.resolve(); });\n' },
  'typescript(no-explicit-any)': { 'explicit.ts': 'export const value: any = 1;\n' },
  'typescript(no-unsafe-member-access)': { 'unsafe.ts': "export const size: unknown = JSON.parse('{}').size;\n" },
  'typescript(switch-exhaustiveness-check)': {
    'switch.ts':
      "export function first(kind: 'a' | 'b'): number {\n  switch (kind) {\n    case 'a':\n      return 1;\n  }\n  return 2;\n}\n",
  },
  'import(no-cycle)': {
    'cycle-one.ts': "import { two } from './cycle-two.ts';\nexport const one = (): number => two();\n",
    'cycle-two.ts': "import { one } from './cycle-one.ts';\nexport const two = (): number => one();\n",
  },
  'import(no-default-export)': { 'standard.ts': 'export default 1;\n' },
  'eslint(no-console)': { 'console.ts': "console.log('x');\n" },
  'typescript(consistent-type-imports)': {
    'imported.ts': "import { Stats } from 'node:fs';\nexport type Size = Stats['size'];\n",
  },
  'typescript(only-throw-error)': { 'thrown.ts': "throw 'x';\n" },
};

suite('the linter finds', () => {
  let place: string;
  let report: string;

  before(async () => {
    place = await realpath(await mkdtemp(join(tmpdir(), 'hindsight-lint-')));
    await symlink(join(root, 'node_modules'), join(place, 'node_modules'), 'dir');
    await writeFile(
      join(place, 'tsconfig.json'),
      JSON.stringify({ extends: join(root, 'tsconfig.check.json'), include: ['packages'] }),
    );
    const files = Object.values(faults).flatMap((fault) => Object.entries(fault));
    files.push(['sound.ts', '/** One. */\nexport const one = 1;\n']);
    for (const [name, text] of files) {
      const path = join(place, somewhere, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    }
    const linter = join(root, 'node_modules/.bin/oxlint');
    const { stdout } = await outcomeOf(
      linter,
      ['-c', join(root, '.oxlintrc.json'), '--type-aware', '-f', 'unix', 'packages'],
      { cwd: place },
    );
    report = stdout;
  });

  after(() => rm(place, { recursive: true, force: true }));

  for (const [rule, files] of Object.entries(faults)) {
    test(rule, () => {
      for (const name of Object.keys(files)) {
        const found = report.split('\n').filter((line) => line.startsWith(`${somewhere}/${name}:`));
        assert.ok(
          found.some((line) => line.includes(`/${rule}]`)),
          `${name}: ${found.join('\n') || 'nothing found'}`,
        );
      }
    });
  }

  test('nothing in a sound file', () => {
    assert.doesNotMatch(report, /sound\.ts/);
  });
});
