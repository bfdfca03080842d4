/** Files of XES that are bad somewhere: the place that is named, and what stands before it. */

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { eventsIn, importText } from './csv-fixture.ts';
import { documentsOf, succeed } from './hindsight-process.ts';
import { attribute, event, log, trace } from './xes-fixture.ts';

const good = trace('A', event('X'));

suite('a bad event', () => {
  const bad: readonly (readonly [what: string, event: string, complaint: RegExp])[] = [
    ['of no type', '<event/>', /log\.xes:5:1, element <event>: The event has no "concept:name"/],
    ['of an empty type', event(''), /:5:1, element <event>: The event type is empty/],
    ['of a reserved type', event('$x'), /begins with \$/],
    ['of a type that is a list', '<event><list key="concept:name"/></event>', /A list cannot be the type/],
    [
      'of a time that is none',
      `<event>\n  ${attribute('string', 'concept:name', 'X')}\n  ${attribute('date', 'time:timestamp', 'yesterday')}\n</event>`,
      /log\.xes:7:3, element <date … "time:timestamp">: "yesterday" is no time/,
    ],
    ['of a day that does not exist', event('X', attribute('date', 'd', '2010-02-30T00:00:00Z')), /no time that exists/],
    [
      'that happened when no store knows',
      event('X', attribute('date', 'time:timestamp', '0001-01-01T00:00:00Z')),
      /outside the years 1685 to 2254/,
    ],
    ['with a number that is none', event('X', attribute('int', 'n', '1.5')), /"1\.5" is no whole number/],
    ['with an amount that is none', event('X', attribute('float', 'n', '1,5')), /"1,5" is no number/],
    ['with a truth that is none', event('X', attribute('boolean', 'b', 'maybe')), /neither true nor false/],
    [
      'with the same key twice',
      event('X', '<int key="n" value="1"/>\n<int key="n" value="1"/>'),
      /:6:1, .*"n" stands here a second time; the first is in line 5/,
    ],
    [
      'with the same key twice in a container',
      event('X', `<container key="c">${attribute('int', 'n', '1')}${attribute('int', 'n', '2')}</container>`),
      /"n" stands here a second time/,
    ],
    ['with an attribute without key', event('X', '<string value="v"/>'), /element <string>: The attribute has no key/],
    ['with an attribute without value', event('X', '<string key="k"/>'), /<string … "k">: The attribute has no value/],
    ['with an element that XES does not have', event('X', '<text key="k" value="v"/>'), /XES has no such element here/],
    [
      'with an element of another kind',
      event('X', '<string xmlns="urn:x" key="k" value="v"/>'),
      /no such element here/,
    ],
    ['with text in it', event('X', 'text'), /"text" stands where XES has none/],
    ['with values outside of a list', event('X', '<values/>'), /<values>: XES has no such element here/],
  ];
  for (const [what, text, complaint] of bad) {
    test(`is one ${what}`, async (context) => {
      const { ended, events } = await importText(context, log(good, trace('B', `\n${text}`), good), [], 'log.xes');
      assert.equal(ended.exitCode, 1);
      assert.match(ended.stderr, complaint);
      assert.match(ended.stderr, /The event before it is imported/);
      assert.deepEqual(
        events.map(({ streamId }) => streamId),
        ['case-A'],
      );
    });
  }

  test('is skipped and counted where that is asked for, and can be mended', async (context) => {
    const text = log(trace('A', event('X') + event('Y', '\n<int key="n" value="one"/>') + event('Z')), good);
    const { ended, events } = await importText(context, text, ['--on-bad-row', 'skip', '--json'], 'log.xes');
    assert.equal(ended.exitCode, 0, ended.stderr);
    assert.deepEqual(
      events.map(({ type }) => type),
      ['X', 'Z', 'X'],
    );
    const [summary] = documentsOf(ended.stdout);
    assert.ok(typeof summary === 'object' && summary !== null && 'badRows' in summary);
    assert.deepEqual(summary.badRows, [
      { line: 4, character: 1, element: '<int … "n">', reason: '"one" is no whole number.' },
    ]);
    const stopped = await importText(context, text, [], 'log.xes');
    assert.match(stopped.ended.stderr, /log\.xes:4:1/);
    await writeFile(join(stopped.folder, 'log.xes'), text.replace('"one"', '"1"'));
    await succeed(['import', 'log.xes', '--store', 's.db'], { folder: stopped.folder });
    assert.deepEqual(
      (await eventsIn(join(stopped.folder, 's.db'))).map(({ type }) => type),
      ['X', 'Y', 'Z', 'X'],
    );
  });

  test('is each event of a trace whose attributes are bad', async (context) => {
    const { ended, events } = await importText(
      context,
      log(trace('B', `<int key="n"/>${event('X')}${event('Y')}`), good),
      ['--on-bad-row', 'skip'],
      'log.xes',
    );
    assert.match(ended.stderr, /2 bad rows? skipped|skipped/);
    assert.deepEqual(
      events.map(({ streamId }) => streamId),
      ['case-A'],
    );
  });
});

suite('a file that cannot be read on', () => {
  const many = Array.from({ length: 3000 }, (_, index) => trace(`t${index}`, event('X'))).join('\n');
  const unreadable: readonly (readonly [what: string, text: string | Buffer, complaint: RegExp, count: number])[] = [
    [
      'is broken in its middle',
      log(good, trace('B', '<event>\n<string key="a" value="1"</event>'), good),
      /log\.xes:5:\d+, element <event>: This is no well-formed XML: Disallowed character/,
      1,
    ],
    [
      'closes what is not open',
      log(good, '<trace>\n<event></trace>'),
      /log\.xes:5:\d+.*<event>, which begins in line 5, is still open/,
      1,
    ],
    ['ends early', log(good, good).slice(0, -60), /ends inside <.*which begins in line/, 1],
    ['has entities of its own', `<!DOCTYPE log [<!ENTITY x "y">]>${log(good).slice(39)}`, /declarations of its own/, 0],
    [
      'names an entity that nobody knows',
      log(good, trace('&nbsp;B', event('X'))).replace('&#38;', '&'),
      /log\.xes:4/,
      1,
    ],
    ['is nothing', '', /must contain a root element/, 0],
    ['is no XML', 'id,what\n1,2\n', /log\.xes:1:1: .*Text stands before/, 0],
    ['is other XML', '<?xml version="1.0"?>\n<html/>', /log\.xes:2:1, element <html>: This is no event log in XES/, 0],
    [
      'is not in the encoding that it names',
      Buffer.from(log(trace('caf\u00e9', event('X'))), 'latin1'),
      /not UTF-8/,
      0,
    ],
    ['is deeper than anybody means', log(good, '<container key="c">'.repeat(300)), /more than 256 deep/, 1],
    ['is damaged', gzipSync(log(good, many)).subarray(0, -9), /damaged or cut off/, 3001],
  ];
  for (const [what, text, complaint, count] of unreadable) {
    test(`because it ${what} ends the import with its place, and what stands before is imported`, async (context) => {
      const { ended, events } = await importText(context, text, [], 'log.xes');
      assert.notEqual(ended.exitCode, 0);
      assert.match(ended.stderr, complaint);
      assert.doesNotMatch(ended.stderr, /nobody expected/);
      assert.ok(events.length <= count && (count > 3000 || events.length === count), `${events.length} events`);
    });
  }
});

suite('a file', () => {
  const withAccent = log(trace('caf\u00e9 \u20ac', event('X')));
  const encodings: readonly (readonly [what: string, bytes: Buffer])[] = [
    ['UTF-8 with a mark', Buffer.from(`\uFEFF${withAccent}`)],
    ['UTF-16 with a mark', Buffer.from(`\uFEFF${withAccent.replace('UTF-8', 'UTF-16')}`, 'utf16le')],
    ['UTF-16 without one', Buffer.from(withAccent.replace('UTF-8', 'UTF-16'), 'utf16le').swap16()],
    [
      'windows-1252, as it declares',
      Buffer.from(withAccent.replace('UTF-8', 'windows-1252').replace('\u20ac', '\u0080'), 'latin1'),
    ],
  ];
  for (const [what, bytes] of encodings) {
    test(`is read in ${what}`, async (context) => {
      const { ended, events } = await importText(context, bytes, [], 'log.xes');
      assert.equal(ended.exitCode, 0, ended.stderr);
      assert.equal(events[0]?.streamId, 'case-caf\u00e9 \u20ac');
    });
  }

  test('may have prefixes, comments, CDATA, instructions, and anything in the head that is not of XES', async (context) => {
    const text = `<?xml version="1.0"?><!-- a --><?b c?>
<x:log xmlns:x="http://www.xes-standard.org/"><y:z xmlns:y="urn:y"><y:z key="a">t</y:z></y:z>
<x:trace ><!-- <event/> --><x:string value="A" key="concept:name" /><![CDATA[  ]]>
<x:event><x:string value="&lt;X&gt;&amp;&#228;"
 key="concept:name"/></x:event></x:trace></x:log><!-- end -->`;
    const { ended, events } = await importText(context, text, [], 'log.xes');
    assert.equal(ended.exitCode, 0, ended.stderr);
    assert.deepEqual(
      events.map(({ streamId, type, data }) => [streamId, type, data]),
      [['case-A', '<X>&\u00e4', {}]],
    );
  });
});
