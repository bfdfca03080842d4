/** The demo, as readers run it, and the commands that it leaves them. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { succeed, temporaryFolder } from './hindsight-process.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const execute = promisify(execFile);

/** The words of a line of shell, as far as the demo uses quotes. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

test('the demo shows what ran, and the commands that it names at its end can be typed', async (context) => {
  const folder = await temporaryFolder(context);
  const { stdout } = await execute(process.execPath, ['examples/demo/main.ts', folder], {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1' },
  });
  assert.match(stdout, /Imported 8,577 events of receipt\.csv/);
  assert.match(stdout, /Nothing new: all 8,577 events/);
  assert.match(stdout, /refused: An order that is paid takes no more items/);
  assert.match(stdout, /the state at version 5 +shipped, 2 items, 4750 cents/);
  assert.match(stdout, /Sound: 36,583 events in 3,436 streams/);
  const named = stdout
    .slice(stdout.indexOf('Go on from here'))
    .replaceAll(/ \\\n\s+/g, ' ')
    .split('\n')
    .flatMap((line) => (line.startsWith('  npx hindsight ') ? [wordsOf(line).slice(2)] : []));
  assert.equal(named.length, 8);
  // Following has no end of its own; without it the same command shows the newest events.
  for (const args of named)
    await succeed(
      args.filter((word) => word !== '-f'),
      { folder: root },
    );
});
