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

test('the demo explains a wrong total, shows what ran, and the commands that it names at its end say the same', async (context) => {
  const folder = await temporaryFolder(context);
  const { stdout, stderr } = await execute(process.execPath, ['examples/demo/main.ts', folder], {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1' },
  });
  assert.equal(stderr.trim(), '');
  assert.match(stdout, /dora, about order-17 +The total of my order is too high/);
  assert.match(stdout, /\n +4 .* ItemAdded +dora +2\.4\.0 +119\.35 €\n/);
  assert.match(stdout, /not the sum of the\s+prices: version 4\./);
  assert.match(stdout, /\n +\/totalCents {2}8900 → 11935\n/);
  assert.match(
    stdout,
    /\n +field +\/items\/tea\/cents = 3035\n +set by +ItemAdded, version 4\n +who +dora\n +release +2\.4\.0\n/,
  );
  assert.match(stdout, /made wrong by release +2\.4\.0\n/);
  assert.match(stdout, /Imported 8,577 events of receipt\.csv/);
  assert.match(stdout, /Nothing new: all 8,577 events/);
  assert.match(stdout, /commands decided and durable +8,000 in/);
  assert.match(stdout, /loaded with snapshots .* the same state/);
  assert.match(stdout, /mails sent +4,121 in/);
  assert.match(stdout, /Rebuilt open-orders, version 1: 28,281 events in .*, [\d,]+\/s\. Build 2 is shown\./);
  assert.match(stdout, /mails before and after +4,121 and 4,121\n +sent a second time +0\n/);
  assert.match(stdout, /sent +3 times\n +outcomes +1: decided at .*\n +events +1\n/);
  assert.match(stdout, /order-1 +PaymentReceived +open\n +order-2 +PaymentReminded +cancelled\n/);
  assert.match(stdout, /what led to that +5 steps/);
  assert.match(stdout, /Sound: 36,914 events in 3,551 streams/);

  const [, wrong = ''] = /orders with a wrong total +(.*)\n/.exec(stdout) ?? [];
  const answers = new Map<string, string>();
  for (const args of namedCommands(stdout))
    // Following has no end of its own; without it the same command shows the newest events.
    answers.set(
      args[0] ?? '',
      (
        await succeed(
          args.filter((word) => word !== '-f'),
          { folder: root },
        )
      ).stdout,
    );
  assert.deepEqual([...answers.keys()].toSorted(), [
    '--help',
    'append',
    'bisect',
    'blame',
    'consumers',
    'diff',
    'effects',
    'export',
    'projections',
    'read',
    'state',
    'tail',
    'timeline',
    'why',
  ]);
  assert.match(answers.get('timeline') ?? '', /ItemAdded +dora, release 2\.4\.0\n +\+ \/items\/tea /);
  assert.match(answers.get('blame') ?? '', /\/items\/tea\/cents +3035 .* dora +2\.4\.0 +ItemAdded\n/);
  assert.match(answers.get('diff') ?? '', /\/totalCents +8900 → 10685/);
  assert.match(answers.get('projections') ?? '', /^The same: build 2 of open-orders/);
  assert.match(
    answers.get('effects') ?? '',
    /order-17 +OrderPlaced +mail +done[\s\S]*order-17 +OrderShipped +mail +done/,
  );
  assert.match(answers.get('consumers') ?? '', /order-mails +reaction +no process +0\/1 /);
  assert.match(answers.get('why') ?? '', /OrderShipped\n.*ParcelHandedOver\n.*ComplaintReceived/);
  const bisected = answers.get('bisect') ?? '';
  assert.ok(wrong.includes('order-17'));
  assert.deepEqual(new Set(bisected.match(/\border-\w+/g)), new Set(wrong.split(', ')));
});

/** The commands that the demo leaves its readers, as arguments. */
function namedCommands(stdout: string): readonly (readonly string[])[] {
  return stdout
    .slice(stdout.indexOf('Go on from here'))
    .replaceAll(/ \\\n\s+/g, ' ')
    .split('\n')
    .flatMap((line) => (line.startsWith('  npx hindsight ') ? [wordsOf(line).slice(2)] : []));
}
