/** Event logs in XES: which events they become. */

import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import type { RecordedEvent } from 'hindsightdb';
import { importText } from './csv-fixture.ts';
import { documentsOf, succeed } from './hindsight-process.ts';
import { attribute, event, log, trace } from './xes-fixture.ts';

async function imported(
  context: TestContext,
  text: string | Buffer,
  ...args: readonly string[]
): Promise<readonly RecordedEvent[]> {
  const { ended, events } = await importText(context, text, args, 'log.xes');
  assert.equal(ended.exitCode, 0, ended.stderr);
  return events;
}

const time = (value: string): string => attribute('date', 'time:timestamp', value);

suite('a trace', () => {
  test('is a stream, and its events have its attributes', async (context) => {
    const events = await imported(
      context,
      log(
        trace('A', attribute('string', 'creator', 'me') + event('X', attribute('int', 'n', '1')) + event('Y')),
        trace('B', event('X')),
      ),
      '--category',
      'fine',
    );
    assert.deepEqual(
      events.map(({ streamId, type, version, data }) => [streamId, type, version, data]),
      [
        ['fine-A', 'X', 1, { n: 1, 'case:creator': 'me' }],
        ['fine-A', 'Y', 2, { 'case:creator': 'me' }],
        ['fine-B', 'X', 1, {}],
      ],
    );
  });

  test('gives its attributes to its first event only, or to none, where that is asked for', async (context) => {
    const text = log(trace('A', attribute('string', 'by', 'me') + event('X') + event('Y')));
    const dataOf = async (which: string): Promise<readonly unknown[]> =>
      (await imported(context, text, '--case-attributes', which)).map(({ data }) => data);
    assert.deepEqual(await dataOf('first'), [{ 'case:by': 'me' }, {}]);
    assert.deepEqual(await dataOf('none'), [{}, {}]);
  });

  test('may have its attributes behind its events', async (context) => {
    const events = await imported(
      context,
      log(`<trace>${event('X')}${attribute('string', 'by', 'me')}${attribute('string', 'concept:name', 'A')}</trace>`),
    );
    assert.deepEqual(
      events.map(({ streamId, data }) => [streamId, data]),
      [['case-A', { 'case:by': 'me' }]],
    );
  });

  test('goes on with the events of an earlier one of its name', async (context) => {
    const events = await imported(
      context,
      log(trace('A', event('X')), trace('B', event('Y')), trace('A', event('Z'))),
      '--no-category',
    );
    assert.deepEqual(
      events.map(({ streamId, version, type }) => [streamId, version, type]),
      [
        ['A', 1, 'X'],
        ['B', 1, 'Y'],
        ['A', 2, 'Z'],
      ],
    );
  });

  test('without a name has that of its place; without events it leaves nothing, and a note says so', async (context) => {
    const { ended, events } = await importText(
      context,
      log(trace('A', ''), `<trace>${event('X')}</trace>`, '<trace/>', event('Y')),
      [],
      'log.xes',
    );
    assert.equal(ended.exitCode, 0, ended.stderr);
    assert.deepEqual(
      events.map(({ streamId, type }) => [streamId, type]),
      [
        ['case-unnamed-2', 'X'],
        ['case-outside-traces', 'Y'],
      ],
    );
    assert.match(ended.stderr, /2 traces without events left nothing/);
    assert.match(ended.stderr, /1 trace without a name/);
    assert.match(ended.stderr, /2 events without time:timestamp/);
  });

  test('may be named by another attribute, which must be there', async (context) => {
    const text = log(`<trace>${attribute('id', 'identity:id', 'u1')}${event('X')}</trace>`, trace('B', event('X')));
    const { ended, events } = await importText(context, text, ['--case', 'identity:id'], 'log.xes');
    assert.equal(ended.exitCode, 1);
    assert.match(ended.stderr, /log\.xes:4:1, element <trace>: The trace has no "identity:id"/);
    assert.deepEqual(
      events.map(({ streamId }) => streamId),
      ['case-u1'],
    );
  });
});

suite('an attribute', () => {
  test('is typed, with all its digits', async (context) => {
    const inner = [
      attribute('string', 'text', ' <b> & "c"\t\n'),
      attribute('int', 'int', '-7'),
      attribute('int', 'long', '9223372036854775807'),
      attribute('float', 'amount', '35.10'),
      attribute('float', 'e', '2.3832541524E7'),
      attribute('float', 'many', '0.12345678901234567890'),
      attribute('float', 'inf', '-INF'),
      attribute('boolean', 'yes', 'true'),
      attribute('boolean', 'no', '0'),
      attribute('id', 'id', 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6'),
      attribute('date', 'due', '1066-10-14T09:00:00.000+00:00'),
      attribute('date', 'at', '1969-12-31T24:00:00.000+01:00'),
      attribute('string', '__proto__', 'p'),
      attribute('string', 'empty', ''),
    ].join('');
    const { folder, ended } = await importText(context, log(trace('A', event('X', inner))), [], 'log.xes');
    assert.equal(ended.exitCode, 0, ended.stderr);
    const { stdout } = await succeed(['export', '-', '--format', 'jsonl', '--store', 's.db'], { folder });
    assert.equal(
      /"data":(.*)\}\n$/.exec(stdout)?.[1],
      '{"text":" <b> & \\"c\\"\\t\\n","int":-7,"long":"9223372036854775807","amount":35.10,"e":2.3832541524E7,' +
        '"many":"0.12345678901234567890","inf":"-INF","yes":true,"no":false,' +
        '"id":"f81d4fae-7dec-11d0-a765-00a0c91e6bf6","due":"1066-10-14T09:00:00.000+00:00",' +
        '"at":"1970-01-01T00:00:00.000+01:00","__proto__":"p","empty":""}',
    );
  });

  test('keeps what is nested in it', async (context) => {
    const inner = [
      attribute('float', 'cost', '5', attribute('string', 'currency', 'EUR', attribute('int', 'since', '1999'))),
      `<list key="items"><values>${attribute('string', 'item', 'a')}${attribute('int', 'item', '2')}</values>${attribute('string', 'note', 'n')}</list>`,
      `<list key="old">${attribute('string', 'item', 'a')}${attribute('string', 'item', 'b')}</list>`,
      '<list key="none"><values/></list>',
      `<container key="box">${attribute('boolean', 'full', 'false')}<list key="in"/></container>`,
    ].join('');
    const [first] = await imported(context, log(trace('A', event('X', inner))));
    assert.deepEqual(first?.data, {
      cost: { value: 5, attributes: { currency: { value: 'EUR', attributes: { since: 1999 } } } },
      items: { values: [{ item: 'a' }, { item: 2 }], attributes: { note: 'n' } },
      old: { values: [{ item: 'a' }, { item: 'b' }] },
      none: { values: [] },
      box: { attributes: { full: false, in: { values: [] } } },
    });
  });

  test('that is type, time or case stays in the data where more is nested in it', async (context) => {
    const [first] = await imported(
      context,
      log(
        `<trace>${attribute('string', 'concept:name', 'A', attribute('string', 'by', 'x'))}<event>${attribute('string', 'concept:name', 'X', attribute('int', 'code', '7'))}</event></trace>`,
      ),
    );
    assert.equal(first?.type, 'X');
    assert.equal(first.streamId, 'case-A');
    assert.deepEqual(first.data, {
      'concept:name': { value: 'X', attributes: { code: 7 } },
      'case:concept:name': { value: 'A', attributes: { by: 'x' } },
    });
  });

  test('is dropped, chosen and made a tag by its key', async (context) => {
    const inner = attribute('string', 'org:resource', 'Pete') + attribute('int', 'a', '1') + attribute('int', 'b', '2');
    const text = log(trace('A', attribute('string', 'by', 'me') + event('X', inner)));
    const [dropped] = await imported(
      context,
      text,
      '--drop',
      'a,case:by',
      '--tag',
      'org:resource=who',
      '--tag',
      'case:by',
    );
    assert.deepEqual([dropped?.data, dropped?.tags], [{ 'org:resource': 'Pete', b: 2 }, ['who:Pete', 'case:by:me']]);
    const [chosen] = await imported(context, text, '--only', 'b,case:by');
    assert.deepEqual(chosen?.data, { b: 2, 'case:by': 'me' });
  });
});

suite('a time', () => {
  const cases: readonly (readonly [what: string, given: string, kept: string])[] = [
    ['with an offset', '2010-12-30T14:32:00.000+01:00', '2010-12-30T14:32:00.000+01:00'],
    ['in UTC with microseconds', '2010-12-30T14:32:00.123456Z', '2010-12-30T14:32:00.123456Z'],
    ['before 1970', '1905-06-30T23:59:59.999-05:00', '1905-06-30T23:59:59.999-05:00'],
    ['without an offset, in the zone that is given', '2011-07-01T10:00:00', '2011-07-01T10:00:00+02:00'],
  ];
  for (const [what, given, kept] of cases) {
    test(`${what} is when it happened`, async (context) => {
      const events = await imported(
        context,
        log(trace('A', event('X', time(given)))),
        '--time-zone',
        'Europe/Amsterdam',
      );
      assert.deepEqual(
        events.map(({ occurredAt, data }) => [occurredAt, data]),
        [[kept, {}]],
      );
    });
  }

  test('without an offset is asked for, before a store is made', async (context) => {
    const { ended } = await importText(
      context,
      log(trace('A', event('X', time('2011-07-01T10:00:00')))),
      [],
      'log.xes',
    );
    assert.equal(ended.exitCode, 2);
    assert.match(ended.stderr, /Line 3: <date … "time:timestamp">: the time "2011-07-01T10:00:00" has no offset/);
    assert.match(ended.stderr, /--time-zone Europe\/Amsterdam/);
  });

  test('may be missing, equal to another, or earlier: the order is that of the file', async (context) => {
    const at = (value: string): string => time(`2020-01-0${value}T00:00:00Z`);
    const events = await imported(
      context,
      log(trace('A', event('X', at('3')) + event('Y', at('3')) + event('Z') + event('V', at('1')))),
    );
    assert.deepEqual(
      events.map(({ type, occurredAt }) => [type, occurredAt]),
      [
        ['X', '2020-01-03T00:00:00Z'],
        ['Y', '2020-01-03T00:00:00Z'],
        ['Z', undefined],
        ['V', '2020-01-01T00:00:00Z'],
      ],
    );
  });
});

suite('what a log declares', () => {
  const head = [
    `<global scope="trace">${attribute('string', 'by', 'nobody')}</global>`,
    `<global scope="event">${attribute('string', 'org:resource', 'UNKNOWN')}${time('1970-01-01T00:00:00Z')}${attribute('string', 'concept:name', 'UNKNOWN')}${attribute('string', 'two words', '')}</global>`,
    `<classifier name="both" keys="concept:name lifecycle:transition"/>`,
    `<classifier name="words" scope="event" keys="concept:name two words"/>`,
    `<classifier name="quoted" keys="'two words' concept:name"/>`,
  ];
  const inner = attribute('string', 'lifecycle:transition', 'start') + attribute('string', 'two words', 'w');
  const text = log(...head, trace('A', event('X', inner)), trace('B', `<event>${inner}</event>`));

  test('global makes nothing up, unless it is asked to', async (context) => {
    const { ended, events } = await importText(context, text, [], 'log.xes');
    assert.equal(ended.exitCode, 1);
    assert.match(ended.stderr, /The event has no "concept:name"/);
    assert.equal(events.length, 1);
    const filled = await imported(context, text, '--fill-globals');
    assert.deepEqual(
      filled.map(({ type, occurredAt, data }) => [type, occurredAt, data]),
      ['X', 'UNKNOWN'].map((type) => [
        type,
        undefined,
        { 'lifecycle:transition': 'start', 'two words': 'w', 'org:resource': 'UNKNOWN', 'case:by': 'nobody' },
      ]),
    );
  });

  test('a classifier makes types, and is asked for by its name', async (context) => {
    const typesBy = async (name: string): Promise<string> =>
      (await imported(context, log(...head, trace('A', event('X', inner))), '--classifier', name))
        .map(({ type }) => type)
        .join();
    assert.equal(await typesBy('both'), 'X+start');
    assert.equal(await typesBy('words'), 'X+w');
    assert.equal(await typesBy('quoted'), 'w+X');
    const { ended } = await importText(context, text, ['--classifier', 'other'], 'log.xes');
    assert.equal(ended.exitCode, 2);
    assert.match(ended.stderr, /no classifier of events "other"[\s\S]*"both", "words", "quoted"/);
  });

  test('is kept with the record of the import, and no event has it', async (context) => {
    const { folder, events } = await importText(
      context,
      log(...head, attribute('string', 'source', 'CRM', attribute('int', 'n', '1')), trace('A', event('X'))),
      [],
      'log.xes',
    );
    assert.deepEqual(events[0]?.data, {});
    const { stdout } = await succeed(['stats', '--json', '--store', 's.db'], { folder });
    const [stats] = documentsOf(stdout);
    assert.match(
      JSON.stringify(stats),
      /"attributes":\[\{"type":"string","key":"source","value":"CRM","attributes":\[\{"type":"int","key":"n","value":"1"\}\]\}\].*"traces":1/,
    );
  });
});

test('a preview shows the first events and writes nothing', async (context) => {
  const { ended, events } = await importText(
    context,
    log(trace('A', event('X', attribute('int', 'n', '1')) + event('Y'))),
    ['--preview', '1', '--json'],
    'log.xes',
  );
  assert.equal(ended.exitCode, 0, ended.stderr);
  assert.deepEqual(documentsOf(ended.stdout), [
    { line: 3, streamId: 'case-A', type: 'X', tags: [], occurredAt: null, data: { n: 1 } },
  ]);
  assert.deepEqual(events, []);
});

test('options of CSV that say nothing of XES are refused, and so are those of XES for CSV', async (context) => {
  const text = log(trace('A', event('X')));
  const { ended } = await importText(context, text, ['--number', 'n'], 'log.xes');
  assert.equal(ended.exitCode, 2);
  assert.match(ended.stderr, /--number is for CSV/);
  const other = await importText(context, 'id\n1\n', ['--fill-globals']);
  assert.match(other.ended.stderr, /--fill-globals is for XES/);
  const both = await importText(context, text, ['--type', 'a', '--fixed-type', 'b'], 'log.xes');
  assert.equal(both.ended.exitCode, 2);
});
