/** The guide to the import of event logs does what it says. */

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventsIn } from './csv-fixture.ts';
import { hindsight, succeed, temporaryFolder } from './hindsight-process.ts';

const guide = new URL('../../../docs/guides/import-event-log.md', import.meta.url);

test('the guide to event logs imports its logs, shows them as it says, and names a bad time as it says', async (context) => {
  const folder = await temporaryFolder(context);
  const text = await readFile(guide, 'utf8');
  const blocks = (language: string): readonly string[] =>
    [...text.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm'))].map(([, block = '']) => block);
  const [xml = ''] = blocks('xml');
  const commands = blocks('sh').map((line) => line.trim().split(' ').slice(2));
  const [shown, refused, shownOcel] = blocks('text');
  const [ocel = '', cloudEvents = ''] = blocks('json');
  const [preview = [], run = [], previewOcel = [], runCloudEvents = []] = commands;
  await writeFile(join(folder, 'fines.xes'), xml);
  assert.equal((await succeed(preview, { folder })).stdout, shown);

  await writeFile(join(folder, 'bad.xes'), xml.replace('2006-07-24T00:00:00.000+02:00', '24 July'));
  const bad = await hindsight(['import', 'bad.xes', '--store', 'bad.db'], { folder });
  assert.equal(bad.stderr.replace('bad.xes', 'fines.xes'), refused);

  await succeed(run, { folder });
  assert.deepEqual(
    (await eventsIn(join(folder, 'fines.db'))).map(({ streamId, type, tags }) => [streamId, type, tags]),
    [
      ['fine-A1', 'Create Fine', ['clerk:561']],
      ['fine-A1', 'Payment', []],
    ],
  );

  await writeFile(join(folder, 'orders.jsonocel'), ocel);
  assert.equal((await succeed(previewOcel, { folder })).stdout, shownOcel);

  await writeFile(join(folder, 'shop.cloudevents.jsonl'), cloudEvents);
  await succeed(runCloudEvents, { folder });
  const [event] = await eventsIn(join(folder, 'shop.db'));
  assert.deepEqual([event?.streamId, event?.data], ['order-75', { total: 20.5 }]);
});
