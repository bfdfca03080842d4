/** Tests that need faults are never left out in silence: a machine that cannot inject them says so, and fails in CI. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { compileShim, faultsUnavailable } from './compile-shim.ts';

const program = `
  import { needsFaults } from ${JSON.stringify(new URL('./compile-shim.ts', import.meta.url).href)};
  console.log(JSON.stringify(needsFaults()));
`;

test('without a C compiler the tests are skipped with a loud reason', () => {
  const { stdout, stderr, status } = runWithoutCompiler({});
  assert.equal(status, 0, stderr);
  assert.match(stdout, /"skip":"fault injection needs a C compiler|"skip":"fault injection preloads/);
  assert.match(stderr, /\*\*\* NOT TESTED: crashes, full disks and failing syncs\./);
});

test('without a C compiler the tests fail where CI is true', () => {
  const { stderr, status } = runWithoutCompiler({ CI: 'true' });
  assert.notEqual(status, 0);
  assert.match(stderr, /may not be skipped with CI=true/);
});

test('where there is a compiler the shim is compiled, and not compiled twice', () => {
  const reason = faultsUnavailable();
  if (reason !== undefined) {
    assert.throws(compileShim, /fault injection/);
    return;
  }
  assert.ok(existsSync(compileShim()));
  assert.equal(compileShim(), compileShim());
});

function runWithoutCompiler(environment: NodeJS.ProcessEnv): { stdout: string; stderr: string; status: number | null } {
  const given = ['--input-type=module', '--eval', program];
  return spawnSync(process.execPath, given, { env: { PATH: '/nonexistent', ...environment }, encoding: 'utf8' });
}
