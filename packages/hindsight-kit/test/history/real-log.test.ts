/** The past of a real event log, against what its file says. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { objectOf, succeed, temporaryFolder } from '../hindsight-process.ts';
import { documentsFrom } from './order-store.ts';

const file = join(
  dirname(createRequire(import.meta.url).resolve('pm4js/package.json')),
  'examples/input_data/receipt.csv',
);
const mapping = fileURLToPath(new URL('../../../../examples/demo/permits.mapping.json', import.meta.url));

test('the applications of a permit desk stood at four dates as their file says', async (context) => {
  const folder = await temporaryFolder(context);
  await succeed(['import', file, '--mapping', mapping, '--store', 's.db'], { folder });
  const [titles = '', ...lines] = (await readFile(file, 'utf8')).trimEnd().split(/\r?\n/);
  const columns = titles.split(',');
  // None of its fields has a comma in it.
  const rows = lines.map((line) => {
    const cells = line.split(',');
    return (title: string): string => cells[columns.indexOf(title)] ?? '';
  });

  // The times of the file are those of the desk, as are the ones asked for.
  for (const moment of ['2010-11-01 00:00:00', '2011-01-15 08:30:00', '2011-06-01 00:00:00', '2012-12-31 00:00:00']) {
    const wanted = new Map<string, string>();
    for (const cell of rows)
      if (cell('time:timestamp') <= moment) wanted.set(cell('case:concept:name'), cell('org:resource'));
    const found = await documentsFrom(
      folder,
      ['state', '--category', 'case', '--by', 'occurred', '--as-of', moment, '--fields', 'person', '--store', 's.db'],
      { TZ: 'Europe/Amsterdam' },
    );
    assert.ok(wanted.size > 10);
    assert.deepEqual(
      found.map(({ streamId, state }) => [streamId, objectOf(state).person]),
      [...wanted].toSorted(([left], [right]) => (left < right ? -1 : 1)),
    );
  }
});
