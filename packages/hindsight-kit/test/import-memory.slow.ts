/** What an import holds in memory does not grow with its file. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { suite, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { succeed, temporaryFolder } from './hindsight-process.ts';
import { attribute, event, trace } from './xes-fixture.ts';

const eventsPerTrace = 4;

/** Writes a log without holding it. */
async function writeLog(path: string, traces: number): Promise<void> {
  const file = createWriteStream(path);
  file.write('<log xes.version="2.0">\n');
  for (let number = 0; number < traces; number += 1) {
    const events = Array.from({ length: eventsPerTrace }, (_, index) =>
      event(
        `Step ${index}`,
        [
          attribute('date', 'time:timestamp', `2006-07-0${index + 1}T00:00:00.000+02:00`),
          attribute('string', 'org:resource', `${number % 77}`),
          attribute('float', 'amount', `${number % 100}.10`),
        ].join(''),
      ),
    );
    if (!file.write(`${trace(`A${number}`, events.join('\n'))}\n`)) await once(file, 'drain');
  }
  file.end('</log>\n');
  await finished(file);
}

const reporter = `
import { isMainThread } from 'node:worker_threads';
if (isMainThread) process.on('exit', () => process.stderr.write('\\npeak ' + process.resourceUsage().maxRSS + ' KiB\\n'));
`;

suite('the memory of an import of XES', () => {
  test('does not grow with the file', async (context) => {
    const folder = await temporaryFolder(context);
    const path = join(folder, 'report.mjs');
    await writeFile(path, reporter);
    const environment = { NODE_OPTIONS: `--import=${pathToFileURL(path).href}` };
    const peakMbOf = async (traces: number): Promise<number> => {
      const name = `${traces}.xes`;
      await writeLog(join(folder, name), traces);
      const { stdout, stderr } = await succeed(['import', name, '--store', `${traces}.db`], { folder, environment });
      assert.match(stdout, new RegExp(`Imported ${(traces * eventsPerTrace).toLocaleString('en-US')} events`));
      return Number(/peak (\d+) KiB/.exec(stderr)?.[1]) / 1024;
    };
    const small = await peakMbOf(30_000);
    const large = await peakMbOf(150_000);
    context.diagnostic(`120,000 events: ${Math.round(small)} MB, 600,000 events: ${Math.round(large)} MB`);
    assert.ok(large < 600, `${large} MB`);
    assert.ok(large < small + 200, `${small} MB and ${large} MB`);
  });
});
