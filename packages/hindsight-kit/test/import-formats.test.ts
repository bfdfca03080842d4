/** Which format a file is of, and which options go with it. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { inputKinds, type InputKind } from '../src/formats/import/input-format.ts';
import { assertBelong, inputKindOf, inputTable } from '../src/cli/input-table.ts';
import type { ImportOptions } from '../src/cli/import-options.ts';
import { line } from './cloudevents-fixture.ts';
import { hindsight, succeed, temporaryFolder } from './hindsight-process.ts';
import { jsonOf, smallLog, xmlOf } from './ocel-fixture.ts';
import { event, log, trace } from './xes-fixture.ts';

const none: ImportOptions = { onBadRow: 'stop' };

suite('the format of a file', () => {
  test('is known by its name, compressed or not, in letters of any size', () => {
    const named: Readonly<Record<string, InputKind>> = {
      'a.csv': 'csv',
      'a.TSV.gz': 'csv',
      'a.jsonl': 'jsonl',
      'a.json': 'jsonl',
      'a.xes.gz': 'xes',
      'a.XES': 'xes',
      'a.cloudevents.json': 'cloudevents',
      'a.cloudevents': 'cloudevents',
      'a.jsonocel': 'ocel',
      'a.ocel.json.gz': 'ocel',
      'a.ocel.xml': 'ocel',
    };
    for (const [file, kind] of Object.entries(named)) assert.equal(inputKindOf(file, none), kind, file);
    assert.equal(inputKindOf('a.json', { ...none, format: 'ocel' }), 'ocel');
    for (const file of ['a.xml', 'csv', 'a.txt', '-']) assert.throws(() => inputKindOf(file, none), /--format/);
  });

  test('has endings and options of its own', () => {
    const endings = inputKinds.flatMap((kind) => inputTable[kind].endings);
    assert.equal(new Set(endings).size, endings.length);
  });
});

suite('an option', () => {
  test('is refused where it says nothing of the format', () => {
    const all = new Set(inputKinds.flatMap((kind) => inputTable[kind].options));
    assert.ok(all.size > 20);
    for (const kind of inputKinds)
      for (const name of all) {
        const given = { ...none, [name]: true };
        if (inputTable[kind].options.includes(name)) assert.doesNotThrow(() => assertBelong(given, kind));
        else assert.throws(() => assertBelong(given, kind), /^UsageError: --[a-z-]+ is for .+, and this is /);
      }
  });
});

suite('a file of another format', () => {
  const strange: readonly (readonly [what: string, text: string, said: InputKind, advice: RegExp])[] = [
    ['OCEL as JSON Lines', jsonOf(smallLog()), 'jsonl', /--format ocel/],
    ['OCEL over several lines as JSON Lines', JSON.stringify(smallLog(), undefined, 2), 'jsonl', /--format ocel/],
    ['CloudEvents as JSON Lines', `${line({})}\n`, 'jsonl', /--format cloudevents/],
    ['a batch as JSON Lines', `[\n${line({})}]\n`, 'jsonl', /--format cloudevents/],
    ['OCEL as XES', xmlOf(smallLog()), 'xes', /--format ocel/],
    ['XES as OCEL', log(trace('A', event('X'))), 'ocel', /--format xes/],
  ];
  test('is told what it is, and makes no store', async (context) => {
    const folder = await temporaryFolder(context);
    for (const [what, text, format, advice] of strange) {
      await writeFile(join(folder, 'file'), text);
      const { exitCode, stderr } = await hindsight(['import', 'file', '--format', format, '--store', 's.db'], {
        folder,
      });
      assert.equal(exitCode, 2, `${what}: ${stderr}`);
      assert.match(stderr, advice, what);
      assert.equal(existsSync(join(folder, 's.db')), false, what);
    }
  });

  test('under the name of one that was imported is refused as such', async (context) => {
    const folder = await temporaryFolder(context);
    const import_ = ['import', 'file', '--store', 's.db', '--format'];
    await writeFile(join(folder, 'file'), `${line({})}\n`);
    await succeed([...import_, 'cloudevents'], { folder });
    for (const format of inputKinds.filter((kind) => kind !== 'cloudevents')) {
      const text = format === 'ocel' ? jsonOf(smallLog()) : 'id\n1\n';
      await writeFile(join(folder, 'file'), text);
      const { exitCode, stderr } = await hindsight([...import_, format], { folder });
      assert.equal(exitCode, 3, `${format}: ${stderr}`);
      assert.match(stderr, /was imported as cloudevents before/, format);
    }
  });
});
