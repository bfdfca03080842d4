/** Logs and elements of OCEL that mean no events: what is said of them, and that nothing of them is written. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { openStore } from 'hindsightdb';
import { documentsOf, hindsight, succeed, temporaryFolder } from './hindsight-process.ts';
import { importLog, jsonOf, readLog, smallLog, typed, xmlOf, type Element } from './ocel-fixture.ts';

const at = '2026-03-01T10:00:00Z';

function related(objectId: string | undefined, qualifier: string | undefined = 'q'): Element['relationships'] {
  return [{ ...(objectId !== undefined && { objectId }), ...(qualifier !== undefined && { qualifier }) }];
}

suite('an element that is wrong', () => {
  const place: Element = { id: 'bad', type: 'Place', time: at };
  const attribute = (name: string, value?: unknown): Element => ({ ...place, attributes: [{ name, value }] });
  const events: readonly (readonly [what: string, event: Element, complaint: RegExp, jsonOnly?: true])[] = [
    ['without an id', { type: 'Ship', time: at }, /id is missing/],
    ['with an empty id', { id: '', type: 'Ship', time: at }, /id is empty/],
    ['with the id of another', { id: 'e1', type: 'Ship', time: at }, /another event of the id "e1"/],
    ['without a type', { id: 'bad', time: at }, /type is missing/],
    ['of a type that is not declared', { ...place, type: 'Pay' }, /no event type "Pay"/],
    ['without a time', { id: 'bad', type: 'Ship' }, /time is missing/],
    ['of a time that is none', { ...place, time: 'now' }, /time: "now" is no time/],
    ['of a time that does not exist', { ...place, time: '2026-02-30T00:00:00Z' }, /no time that exists/],
    [
      'with an attribute that is not declared',
      attribute('weight', '5'),
      /"weight" is not declared for the type "Place"/,
    ],
    ['with a number that is none', attribute('total', 'much'), /"total": "much" is no float/],
    ['with a number in place of a text', attribute('by', 5), /"by": 5 is no text/, true],
    ['with an object in place of a value', attribute('total', { a: 1 }), /"total": the value must be a text/, true],
    ['with an attribute without a value', attribute('total'), /the value is missing/, true],
    [
      'with an attribute twice',
      {
        ...place,
        attributes: [
          { name: 'by', value: 'a' },
          { name: 'by', value: 'b' },
        ],
      },
      /"by" twice/,
    ],
    ['that is related to nothing', { ...place, relationships: related(undefined) ?? [] }, /names no object/],
    [
      'that is related to an object that is not there',
      { ...place, relationships: related('o9') ?? [] },
      /no object "o9"/,
    ],
    ['that has a reserved type', { ...place, type: '$Place' }, /begins with \$/],
    ['with a very long id', { ...place, id: 'x'.repeat(300) }, /the limit is 256/],
  ];
  for (const [what, event, complaint, jsonOnly] of events)
    test(`as an event ${what} is told with its line, before anything is written`, async () => {
      const usual = smallLog();
      const log = smallLog({
        eventTypes: [...usual.eventTypes, typed('$Place')],
        events: [...usual.events, event],
      });
      for (const text of jsonOnly === true ? [jsonOf(log)] : [jsonOf(log), xmlOf(log)]) {
        const lines = text.split('\n');
        const line = lines.findLastIndex((each) => each.startsWith('<event') || each.includes('"time"')) + 1;
        await using ordered = await readLog(text);
        assert.match(ordered.firstBad?.reason ?? '', complaint);
        assert.equal(ordered.firstBad?.line, text.startsWith('<') ? line : 4);
        assert.match(ordered.firstBad?.element ?? '', /^(?:events\[2\]|<event)/);
        await using store = await openStore('memory:');
        const stopped = await importLog(store, text);
        assert.deepEqual([stopped.stop?.kind, stopped.eventsTotal], ['badRow', 0]);
        const { badRows, eventsTotal } = await importLog(store, text, { onBadRow: 'skip' });
        assert.deepEqual([badRows.length, badRows[0]?.line, eventsTotal], [1, ordered.firstBad?.line, 5]);
      }
    });

  const objects: readonly (readonly [what: string, object: Element, complaint: RegExp])[] = [
    ['of a type that is not declared', { id: 'x', type: 'box' }, /no object type "box"/],
    ['with the id of another', { id: 'o1', type: 'item' }, /another object of the id "o1"/],
    [
      'that is related to an object that is not there',
      { id: 'x', type: 'item', relationships: related('o9') ?? [] },
      /no object "o9"/,
    ],
    [
      'with a value without a time',
      { id: 'x', type: 'item', attributes: [{ name: 'price', value: '1' }] },
      /The time of "price" is missing/,
    ],
    [
      'with a value of another kind',
      { id: 'x', type: 'item', attributes: [{ name: 'price', time: at, value: '1,5' }] },
      /"1,5" is no float/,
    ],
  ];
  for (const [what, object, complaint] of objects)
    test(`as an object ${what} is told`, async () => {
      const log = smallLog({ objects: [...smallLog().objects, object] });
      for (const text of [jsonOf(log), xmlOf(log)]) {
        await using ordered = await readLog(text);
        assert.match(ordered.firstBad?.reason ?? '', complaint);
      }
    });

  test('is named by the command with file, line and element, and no store is made', async (context) => {
    const folder = await temporaryFolder(context);
    const log = smallLog({ events: [...smallLog().events, { id: 'bad', type: 'Place', time: 'now' }] });
    for (const [file, text] of [
      ['l.jsonocel', jsonOf(log)],
      ['l.xmlocel', xmlOf(log)],
    ] as const) {
      await writeFile(join(folder, file), text);
      const { exitCode, stderr } = await hindsight(['import', file, '--store', 's.db'], { folder });
      assert.equal(exitCode, 1);
      assert.match(stderr, /l\.\w+:\d+, .*event.*"bad".*: time: "now" is no time/);
      assert.equal(existsSync(join(folder, 's.db')), false);
    }
    const { stdout } = await succeed(['import', 'l.jsonocel', '--store', 's.db', '--on-bad-row', 'skip', '--json'], {
      folder,
    });
    const [summary] = documentsOf(stdout);
    assert.deepEqual([summary?.['events'], summary?.['skipped']], [5, 1]);
  });

  test('that is larger than an event can be is told before anything is written', async () => {
    const by = 'x'.repeat(17_000_000);
    const large: Element = {
      id: 'large',
      type: 'Place',
      time: '2030-01-01T00:00:00Z',
      attributes: [{ name: 'by', value: by }],
    };
    await using store = await openStore('memory:');
    const { stop, eventsTotal } = await importLog(store, jsonOf(smallLog({ events: [large] })));
    assert.deepEqual([stop?.kind, eventsTotal], ['badRow', 0]);
    const attributes = Array.from({ length: 5 }, (_, index) => ({ name: `a${index}`, value: by }));
    await assert.rejects(
      readLog(xmlOf(smallLog({ events: [{ ...large, attributes }] }))),
      /UnreadableInput: It is longer than 64 MiB/,
    );
  });

  test('can be mended, and the log is imported', async (context) => {
    const folder = await temporaryFolder(context);
    await writeFile(join(folder, 'l.jsonocel'), jsonOf(smallLog()).replace('"1.10"', '"1,10"'));
    assert.equal((await hindsight(['import', 'l.jsonocel', '--store', 's.db'], { folder })).exitCode, 1);
    await writeFile(join(folder, 'l.jsonocel'), jsonOf(smallLog()));
    assert.match((await succeed(['import', 'l.jsonocel', '--store', 's.db'], { folder })).stdout, /5 events/);
  });
});

suite('a file that is no log', () => {
  const whole = jsonOf(smallLog());
  const xml = xmlOf(smallLog());
  const bad: readonly (readonly [what: string, text: string, line: number, complaint: RegExp])[] = [
    ['that is empty', '', 1, /empty/],
    ['of OCEL 1.0', '{"ocel:global-log":{},\n"ocel:events":{}}', 1, /OCEL 1\.0/],
    ['that is an array', '\n[]', 2, /must be a \{/],
    ['without its objects', '{"eventTypes":[],"objectTypes":[],"events":[]}', 1, /no member "objects"/],
    ['whose events are no array', '{"events":\n{}}', 2, /must be an array/],
    ['that has events twice', '{"events":[],\n"events":[]}', 2, /twice/],
    ['with a type without a name', whole.replace('{"name":"Ship"', '{"nom":"Ship"'), 12, /has no name/],
    ['with a type twice', whole.replace('"name":"Ship"', '"name":"Place"'), 12, /"Place" is declared twice/],
    ['with a comma too few', whole.replace('},\n{"id":"e1"', '}\n{"id":"e1"'), 3, /comma or a \]/],
    ['with something behind its end', `${whole}\n{}`, 18, /behind the end/],
    ['of XML that is another document', '<a/>', 1, /begins with <log>/],
    ['of XML that is not closed', xml.replace('</log>', ''), 27, /./],
    ['of XML with text between', xml.replace('<events>', '<events>text'), 17, /"text" stands where/],
    ['of XML with its events twice', xml.replace('</log>', '<events/></log>'), 20, /twice/],
    ['of XML without its events', xml.replace(/<events>[\s\S]*<\/events>/, ''), 1, /no element <events>/],
  ];
  for (const [what, text, line, complaint] of bad)
    test(`${what} is refused with its line`, async () => {
      await assert.rejects(readLog(text), (error: Error & { readonly place?: { readonly line?: number } }) => {
        assert.equal(error.name, 'UnreadableInput');
        assert.match(error.message, complaint);
        if (!/not closed/.test(what)) assert.equal(error.place?.line, line);
        return true;
      });
    });

  test('because it was cut off is refused, wherever that is', async () => {
    for (const text of [whole, xml])
      for (let length = 1; length < text.trimEnd().length; length += 5)
        await assert.rejects(readLog(text.slice(0, length)), { name: 'UnreadableInput' }, `cut at ${length}`);
  });

  test('is not read on when somebody asks to stop', async () => {
    const reason = new Error('stop');
    await assert.rejects(readLog(whole, { signal: AbortSignal.abort(reason) }), reason);
  });

  test('leaves nothing behind in the folder of temporary files', async (context) => {
    const folder = await temporaryFolder(context);
    const environment = { TMPDIR: await temporaryFolder(context) };
    for (const text of [whole.slice(0, -5), whole]) {
      await writeFile(join(folder, 'l.jsonocel'), text);
      await hindsight(['import', 'l.jsonocel', '--store', 's.db'], { folder, environment });
      assert.deepEqual(await readdir(environment.TMPDIR), []);
    }
  });
});
