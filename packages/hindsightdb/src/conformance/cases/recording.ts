/**
 * Records: the exact text of an event comes back, whatever is in it.
 */

import type { NewEvent, StoredEvent } from '../../engine/contract.ts';
import { defineArea, type Area } from '../area.ts';
import { equal, fail, present } from '../assertions.ts';
import type { LogUnderTest } from '../log-under-test.ts';
import { readWholeLog } from '../readings.ts';

const exactTexts: Readonly<Record<string, string>> = {
  'numbers that JSON.parse would change':
    '[1.10, 1e400, -1e400, -0, 0.1e-400, 1E5, 123456789012345678901234567890, 9007199254740993, 1.0]',
  'the order of keys, and a key that occurs twice': '{"b":1,"a":2,"10":3,"9":4,"b":5}',
  'white space': '{ "a" :\t[ 1 ,\n 2 ]\r\n}',
  'escapes where none are needed': '"\\u0041\\/\\u00e9\\ud83d\\ude42\\u007f"',
  'an escaped NUL': '"before\\u0000after"',
  'escaped lone surrogates': '["\\ud800", "\\udc00", "\\udfff\\ud800", "x\\uDBFFy"]',
  'characters that look like ends of lines': '"\u2028\u2029\u0085"',
  'characters outside the basic plane, combining marks and marks of direction':
    '"🙂👩‍👩‍👧 e\u0301 \u202Eabc\u202C \uFEFF \u{10FFFF} \uFFFF \uFFFD"',
  'keys that objects of JavaScript have anyway':
    '{"__proto__":{"a":1},"constructor":null,"toString":[],"hasOwnProperty":true}',
  'quotes, backslashes and words of SQL': `"'; DROP TABLE events; -- \\" \\\\ \`x\` %s $1 ?1 :a @b {}"`,
  'a text that looks like a record': '{"id":"other","type":"Other","tags":["other"],"data":{"data":1}}',
  'an empty object': '{}',
  null: 'null',
  'an empty text': '""',
  'a bare number': '42',
};

/** The exact text of records. */
export const recording: Area = defineArea('records', {
  ...Object.fromEntries(
    Object.entries(exactTexts).map(([what, dataText]) => [
      `a record keeps ${what}, to the byte`,
      (log: LogUnderTest) =>
        expectKept(log, [
          log.make.one({ dataText }),
          log.make.one({
            dataText,
            tags: ['a'],
            metadataText: dataText.startsWith('{') ? dataText : `{"x":${dataText}}`,
          }),
        ]),
    ]),
  ),

  'a record keeps JSON that is nested a thousand levels deep': async (log) => {
    await expectKept(log, [
      log.make.one({ dataText: `${'['.repeat(1000)}${']'.repeat(1000)}` }),
      log.make.one({ dataText: `${'{"a":'.repeat(1000)}1${'}'.repeat(1000)}` }),
    ]);
  },

  'a record of a mebibyte, of any characters, comes back whole': async (log) => {
    const size = Math.min(1024 * 1024, log.engine.capabilities.limits.recordBytesMax - 1000);
    for (const filling of ['x', 'é', '🙂']) {
      const bytes = new TextEncoder().encode(filling).length;
      await expectKept(log, [log.make.one({ dataText: JSON.stringify(filling.repeat(Math.floor(size / bytes))) })]);
    }
  },

  'metadata and tags in a record are kept as they are, and data named like them does no harm': async (log) => {
    await expectKept(log, [
      log.make.one({ metadataText: '{"actor":"a","type":"b","id":"c","data":{"data":1},"x":1.10}', tags: ['b', 'a'] }),
      log.make.one({ dataText: '{"metadata":{"actor":"x"},"tags":["y"],"type":"z"}' }),
    ]);
  },

  'what was written is given back however often it is read': async (log) => {
    await log.append('order-1', log.make.many(5, { dataText: '{"amount":1.10}' }));
    const first = await log.picture();
    for (let round = 0; round < 5; round += 1)
      equal(await log.picture(), first, `The log when read for the ${round + 2}th time`);
  },
});

async function expectKept(log: LogUnderTest, events: readonly NewEvent[]): Promise<void> {
  const written = await log.append('order-1', events);
  const { partition, lastPosition } = present(written.partitions[0], 'The partition written to');
  expectTexts((await log.stream('order-1')).slice(-events.length), events, 'a read of the stream');
  const { events: inLog } = await readWholeLog(log.engine, { partition });
  expectTexts(inLog.slice(-events.length), events, 'a read of the log');
  const last = present(await log.engine.eventAt(partition, lastPosition), 'The last event');
  expectTexts([last], events.slice(-1), 'a look at its position');
}

function expectTexts(found: readonly StoredEvent[], events: readonly NewEvent[], by: string): void {
  for (const [index, { record }] of events.entries()) {
    const actual = found[index]?.record ?? '';
    if (actual === record) continue;
    let at = 0;
    while (actual[at] === record[at]) at += 1;
    const around = (text: string): string => JSON.stringify(text.slice(Math.max(0, at - 10), at + 30));
    fail(
      `The record found by ${by} differs from character ${at} on: ${around(actual)} where ${around(record)} was written.`,
    );
  }
}
