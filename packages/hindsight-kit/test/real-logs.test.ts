/** Real event logs as others publish them, through the command. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { openStore, type RecordedEvent } from 'hindsightdb';
import { samplesFolder, unlessSamples } from '../../../test/requirement.ts';
import { documentsOf, succeed, temporaryFolder } from './hindsight-process.ts';

const logs = join(dirname(createRequire(import.meta.url).resolve('pm4js/package.json')), 'examples/input_data');

async function imported(folder: string, args: readonly string[]): Promise<readonly RecordedEvent[]> {
  await succeed(['import', ...args, '--store', 's.db'], { folder });
  await using store = await openStore(join(folder, 's.db'));
  return await store.readLog().toArray();
}

/** Case, type and moment of each event of an XES text, case by case. Enough for these logs; XES has more. */
function eventsOfXes(xes: string): readonly (readonly [string, string, number])[] {
  const value = (part: string, key: string): string =>
    new RegExp(`key="${key}" value="([^"]*)"`).exec(part)?.[1]?.replaceAll('&amp;', '&') ?? '';
  return xes
    .split('<trace>')
    .slice(1)
    .flatMap((trace) => {
      const [head = '', ...events] = trace.split('<event>');
      return events.map(
        (event) =>
          [
            value(head, 'concept:name'),
            value(event, 'concept:name'),
            Date.parse(value(event, 'time:timestamp')),
          ] as const,
      );
    });
}

function ordered(events: readonly (readonly [string, string, number])[]): string[] {
  return events.map((event) => event.join(' ')).toSorted();
}

suite('the log of a permit desk', () => {
  const args = [join(logs, 'receipt.csv'), '--time-zone', 'Europe/Amsterdam', '--no-category'];

  test('has 8,577 events in 1,434 streams, in the order of its file', async (context) => {
    const folder = await temporaryFolder(context);
    const events = await imported(folder, args);
    const lines = (await readFile(join(logs, 'receipt.csv'), 'utf8')).trimEnd().split('\n').slice(1);
    assert.equal(events.length, 8577);
    assert.equal(new Set(events.map(({ streamId }) => streamId)).size, 1434);
    // None of its fields has a comma in it.
    assert.deepEqual(
      events.map(({ streamId, type }) => [streamId, type]),
      lines.map((line) => line.split(',')).map((fields) => [fields[1], fields[10]]),
    );
  });

  test('has the moments that its XES has', { skip: unlessSamples() }, async (context) => {
    const folder = await temporaryFolder(context);
    const events = await imported(folder, args);
    const xes = gunzipSync(await readFile(join(samplesFolder ?? '', 'eventlogs/receipt.xes.gz'))).toString('utf8');
    assert.deepEqual(
      ordered(events.map(({ streamId, type, occurredAt = '' }) => [streamId, type, Date.parse(occurredAt)])),
      ordered(eventsOfXes(xes)),
    );
  });
});

test('the textbook log has the same events as its XES', { skip: unlessSamples() }, async (context) => {
  const folder = await temporaryFolder(context);
  const samples = join(samplesFolder ?? '', 'eventlogs');
  const events = await imported(folder, [
    join(samples, 'running-example.csv'),
    '--number',
    'Costs',
    '--drop',
    'Activity,Resource',
  ]);
  assert.deepEqual(
    ordered(
      events.map(({ streamId, type, occurredAt = '' }) => [
        streamId.replace('case-', ''),
        type,
        Date.parse(occurredAt),
      ]),
    ),
    ordered(eventsOfXes(await readFile(join(samples, 'running-example.xes'), 'utf8'))),
  );
  assert.equal(events.find(({ type }) => type === 'register request')?.occurredAt?.endsWith('+01:00'), true);
});

suite('a log in XES', { skip: unlessSamples() }, () => {
  const samples = join(samplesFolder ?? '', 'eventlogs');
  const bySamples = async (context: TestContext, file: string, ...args: readonly string[]) =>
    await imported(await temporaryFolder(context), [join(samples, file), ...args]);

  for (const { file, cases, count } of [
    { file: 'receipt.xes.gz', cases: 1434, count: 8577 },
    { file: 'roadtraffic100traces.xes', cases: 100, count: 390 },
    { file: 'running-example.xes', cases: 6, count: 42 },
  ])
    test(`${file} has ${count} events in ${cases} streams, in the order of the file`, async (context) => {
      const events = await bySamples(context, file, '--no-category');
      assert.equal(events.length, count);
      assert.equal(new Set(events.map(({ streamId }) => streamId)).size, cases);
      const bytes = await readFile(join(samples, file));
      const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
      assert.deepEqual(
        events.map(({ streamId, type, occurredAt = '' }) => [streamId, type, Date.parse(occurredAt)]),
        eventsOfXes(text),
      );
    });

  test('becomes the same events as the same log in CSV', async (context) => {
    const plain = ({ streamId, type, occurredAt = '', data }: RecordedEvent): unknown => [
      streamId,
      type,
      Date.parse(occurredAt),
      data,
    ];
    assert.deepEqual(
      (await bySamples(context, 'running-example.xes')).map(plain),
      (await bySamples(context, 'running-example.csv', '--drop', 'column1')).map(plain),
    );
  });

  test('has the attributes that the same log has in CSV', async (context) => {
    const dates = ['case:deadline', 'case:enddate', 'case:enddate_planned', 'case:startdate'];
    // One case began in the hour that came twice. The table does not say in which of the two, and is taken to mean the first.
    const momentOf = (text: string): number => Date.parse(text.replace(/^(2010-10-31T02:.*)\+01:00$/, '$1+02:00'));
    const comparable = ({ streamId, type, occurredAt = '', data }: RecordedEvent): string => {
      assert.ok(typeof data === 'object' && data !== null);
      const members = Object.entries(data)
        .map(([key, value]) => [key, dates.includes(key) ? momentOf(String(value)) : value] as const)
        .toSorted(([one], [other]) => (one < other ? -1 : 1));
      return JSON.stringify([streamId, type, Date.parse(occurredAt), members]);
    };
    const fromCsv = await imported(await temporaryFolder(context), [
      join(logs, 'receipt.csv'),
      '--time-zone',
      'Europe/Amsterdam',
      '--date',
      dates.join(','),
    ]);
    // The table leaves out what the log has beside these columns.
    const columns = new Set(fromCsv.flatMap(({ data }) => Object.keys(data ?? {})));
    const fromXes = await bySamples(context, 'receipt.xes.gz', '--only', [...columns].join(','));
    assert.deepEqual(fromXes.map(comparable).toSorted(), fromCsv.map(comparable).toSorted());
  });
});

test('a log in XES keeps what it says of itself with its import', { skip: unlessSamples() }, async (context) => {
  const folder = await temporaryFolder(context);
  await imported(folder, [join(samplesFolder ?? '', 'eventlogs/receipt.xes.gz')]);
  const { stdout } = await succeed(['stats', '--json', '--store', 's.db'], { folder });
  const [stats] = documentsOf(stdout);
  assert.match(JSON.stringify(stats), /"Activity classifier".*CoSeLoG project/);
});
