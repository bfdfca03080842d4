/** Logs in XES that are imported in several runs: each event is there once, as it was written. */

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { suite, test } from 'node:test';
import { array, asyncProperty, assert as check, constantFrom, integer, record, string } from 'fast-check';
import { gzipSync } from 'node:zlib';
import { openStore, type RecordedEvent } from 'hindsightdb';
import { runImport } from '../src/formats/import/import-run.ts';
import { openTextFile } from '../src/formats/source/text-source.ts';
import { xesFormat } from '../src/formats/xes/xes-format.ts';
import { eventsIn } from './csv-fixture.ts';
import { hindsight, start, succeed, temporaryFolder } from './hindsight-process.ts';
import { randomFrom, seedOfRun } from './seeded-random.ts';
import { attribute, event, log, trace } from './xes-fixture.ts';

const importLog = ['import', 'log.xes', '--store', 's.db'];

interface Written {
  readonly name: string;
  readonly types: readonly string[];
}

/** Traces of all lengths, some of them of one case. */
function tracesOf(count: number, random: () => number): readonly Written[] {
  let next = 0;
  return Array.from({ length: count }, () => ({
    name: `c${Math.floor(random() * count * 0.7)}`,
    types: Array.from({ length: Math.floor(random() * random() * 30) }, () => `E${next++}`),
  }));
}

function textOf(traces: readonly Written[]): string {
  return log(
    ...traces.map(({ name, types }) =>
      trace(
        name,
        `\n${attribute('string', 'of', name)}\n${types.map((type) => event(type, attribute('string', 'ü', 'x'.repeat(60)))).join('\n')}\n`,
      ),
    ),
  );
}

function assertEachOnce(events: readonly RecordedEvent[], traces: readonly Written[]): void {
  assert.deepEqual(
    events.map(({ streamId, type, data }) => [streamId, type, data]),
    traces.flatMap(({ name, types }) =>
      types.map((type) => [`case-${name}`, type, { ü: 'x'.repeat(60), 'case:of': name }]),
    ),
  );
  assert.equal(new Set(events.map(({ id }) => id)).size, events.length);
}

suite('an import of XES', () => {
  test('killed at random moments and begun again holds exactly the events of the file, once', async (context) => {
    const seed = seedOfRun();
    context.diagnostic(`seed ${seed}`);
    const random = randomFrom(seed);
    const folder = await temporaryFolder(context);
    const traces = tracesOf(2500, random);
    await writeFile(join(folder, 'log.xes'), textOf(traces));
    let kills = 0;
    for (;;) {
      const running = start(importLog, { folder });
      const timer = pause(random() * 1500).then(() => running.child.kill('SIGKILL'));
      const { signal, exitCode, stderr } = await running.ended;
      await timer;
      if (signal === null) {
        assert.equal(exitCode, 0, stderr);
        break;
      }
      kills += 1;
    }
    context.diagnostic(`${kills} kills`);
    assertEachOnce(await eventsIn(join(folder, 's.db')), traces);
  });

  test('goes on after every chunk in which it was interrupted', async (context) => {
    const random = randomFrom(11);
    const folder = await temporaryFolder(context);
    // One trace is so long that its events are handed on before its end.
    const traces = [...tracesOf(200, random), { name: 'long', types: Array.from({ length: 9000 }, (_, n) => `L${n}`) }];
    await writeFile(join(folder, 'log.xes'), textOf(traces));
    await using store = await openStore(join(folder, 's.db'));
    let runs = 0;
    for (let isComplete = false; !isComplete; runs += 1) {
      const stopping = new AbortController();
      const progressed = { count: 0 };
      const result = await runImport({
        store,
        source: 'log.xes',
        text: await openTextFile(join(folder, 'log.xes'), { signal: stopping.signal }),
        format: xesFormat({ limits: store.context.limits }),
        onBadRow: 'stop',
        signal: stopping.signal,
        onNote: () => undefined,
        onSkipped: () => undefined,
        onProgress: ({ isComparing }) => {
          progressed.count += 1;
          if (!isComparing && progressed.count > 3 + runs) stopping.abort(new Error('stop'));
        },
      });
      ({ isComplete } = result);
      assert.ok(runs < 100);
    }
    context.diagnostic(`${runs} runs`);
    assertEachOnce(await store.readLog().toArray(), traces);
  });

  test('run twice changes nothing, compressed or not', async (context) => {
    const folder = await temporaryFolder(context);
    const traces = tracesOf(50, randomFrom(1));
    await writeFile(join(folder, 'log.xes'), textOf(traces));
    await succeed(importLog, { folder });
    const before = await eventsIn(join(folder, 's.db'));
    assertEachOnce(before, traces);
    const { stdout } = await succeed(importLog, { folder });
    assert.match(stdout, /Nothing new/);
    await writeFile(join(folder, 'log.xes.gz'), gzipSync(textOf(traces)));
    const again = await succeed(['import', 'log.xes.gz', '--store', 's.db'], { folder });
    assert.match(again.stdout, /Nothing new/);
    assert.deepEqual(await eventsIn(join(folder, 's.db')), before);
  });

  test('of a log to which traces were added imports those', async (context) => {
    const folder = await temporaryFolder(context);
    const traces = tracesOf(80, randomFrom(2));
    await writeFile(join(folder, 'log.xes'), textOf(traces.slice(0, 30)));
    await succeed(importLog, { folder });
    await writeFile(join(folder, 'log.xes'), textOf(traces));
    await succeed(importLog, { folder });
    assertEachOnce(await eventsIn(join(folder, 's.db')), traces);
  });

  test('of a file that differs from the one before is refused and writes nothing', async (context) => {
    const folder = await temporaryFolder(context);
    const text = textOf(tracesOf(80, randomFrom(3)));
    await writeFile(join(folder, 'log.xes'), text);
    await succeed(importLog, { folder });
    const before = await eventsIn(join(folder, 's.db'));
    const refused = async (changed: string, complaint: RegExp, ...args: readonly string[]): Promise<void> => {
      await writeFile(join(folder, 'log.xes'), changed);
      const { exitCode, stderr } = await hindsight([...importLog, ...args], { folder });
      assert.match(stderr, complaint);
      assert.equal(exitCode, 3);
      assert.deepEqual(await eventsIn(join(folder, 's.db')), before);
    };
    await refused(text.replace('E7"', 'F7"'), /differs from that one/);
    await refused(text.replace('<event>', '<evnt>'), /differs from that one/);
    await refused(text.slice(0, 2000), /has only \d+ bytes/);
    await refused(text, /caseAttributes differs/, '--case-attributes', 'none');
  });

  test('gives back what was written, whatever it is', async (context) => {
    const folder = await temporaryFolder(context);
    const name = string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter(isName);
    const value = string({ unit: 'grapheme', maxLength: 20 }).filter(isXml);
    const events = array(
      record({
        type: name,
        keys: array(record({ key: name.filter((key) => !/^(?:concept:name|time:timestamp|case:)/.test(key)), value }), {
          maxLength: 4,
        }),
        n: integer(),
        micros: integer({ min: -2_000_000_000_000, max: 4_000_000_000_000 }),
        kind: constantFrom('string', 'id'),
      }),
      { maxLength: 5 },
    );
    let run = 0;
    await check(
      asyncProperty(
        array(record({ name, events }), { maxLength: 6 }),
        integer({ min: 1, max: 3 }),
        async (traces, gap) => {
          run += 1;
          const written = traces.flatMap((each) =>
            each.events.map((one) => ({
              streamId: `case-${each.name}`,
              type: one.type,
              occurredAt: `${new Date(one.micros).toISOString().slice(0, -1)}123Z`,
              data: Object.fromEntries<unknown>([
                ...one.keys.map(({ key, value: text }) => [`k${key}`, text] as const),
                ['n', one.n] as const,
              ]),
            })),
          );
          const text = log(
            ...traces.map((each) =>
              trace(
                each.name,
                each.events
                  .map((one) =>
                    event(
                      one.type,
                      [
                        attribute('date', 'time:timestamp', `${new Date(one.micros).toISOString().slice(0, -1)}123Z`),
                        ...[...new Map(one.keys.map(({ key, value: inner }) => [key, inner]))].map(([key, inner]) =>
                          attribute(one.kind, `k${key}`, inner),
                        ),
                        attribute('int', 'n', String(one.n)),
                      ].join('\n'.repeat(gap)),
                    ),
                  )
                  .join(' '),
              ),
            ),
          );
          const path = join(folder, `${run}.xes`);
          await writeFile(path, text);
          await using store = await openStore('memory:');
          const { signal } = new AbortController();
          const { stop } = await runImport({
            store,
            source: 'any',
            text: await openTextFile(path),
            format: xesFormat({ limits: store.context.limits }),
            onBadRow: 'stop',
            signal,
            onNote: () => undefined,
            onSkipped: () => undefined,
            onProgress: () => undefined,
          });
          assert.equal(stop, undefined, JSON.stringify(stop));
          assert.deepEqual(
            (await store.readLog().toArray()).map(({ streamId, type, occurredAt, data }) => ({
              streamId,
              type,
              occurredAt,
              data,
            })),
            written,
            await readFile(path, 'utf8'),
          );
        },
      ),
      { numRuns: 60 },
    );
  });
});

/** Whether XML can hold a text. */
function isXml(text: string): boolean {
  return text.isWellFormed() && !/[^\P{Cc}\t\n\r\u007f-\u009f]|[\ufffe\uffff]/u.test(text);
}

/** Whether a text, which may be a stream or a type, stays as it is when spaces around it are taken away. */
function isName(text: string): boolean {
  return isXml(text) && text === text.trim() && !text.startsWith('$') && text !== '';
}
