/** Imports of OCEL and of batches of CloudEvents that are interrupted, killed, and begun again: each event is there once. */

import assert from 'node:assert/strict';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { suite, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { openStore, type RecordedEvent } from 'hindsightdb';
import { hindsight, start, succeed, temporaryFolder } from './hindsight-process.ts';
import { jsonOf, smallLog, typed, xmlOf, type Log } from './ocel-fixture.ts';
import { randomFrom, seedOfRun } from './seeded-random.ts';

async function eventsIn(path: string): Promise<readonly RecordedEvent[]> {
  await using store = await openStore(path, { create: false, readOnly: true });
  return await store.readLog().toArray();
}

async function headOf(path: string): Promise<number> {
  try {
    await using store = await openStore(path, { create: false, readOnly: true });
    return (await store.positions())[0] ?? 0;
  } catch {
    // It is not there yet, or being made.
    return 0;
  }
}

/** A log whose events stand in a random order. */
function logOf(count: number, random: () => number): Log {
  const objects = Array.from({ length: 200 }, (_, index) => ({
    id: `o${index}`,
    type: 'order',
    attributes: [{ name: 'state', time: new Date(1e12 + index * 1000).toISOString(), value: 'changed' }],
  }));
  const events = Array.from({ length: count }, (_, index) => ({
    id: `e${index}`,
    type: 'Place',
    time: new Date(1e12 + Math.floor(random() * 1e9)).toISOString(),
    attributes: [{ name: 'total', value: (random() * 100).toFixed(2) }],
    relationships: [{ objectId: `o${Math.floor(random() * objects.length)}`, qualifier: 'q' }],
  }));
  return {
    eventTypes: [typed('Place', { total: 'float' })],
    objectTypes: [typed('order', { state: 'string' })],
    objects,
    events,
  };
}

/** Imports a file, killing the process at random. Gives back how often. */
async function importKilling(folder: string, args: readonly string[], random: () => number): Promise<number> {
  const path = join(folder, 's.db');
  for (let kills = 0; kills < 5; kills += 1) {
    const before = await headOf(path);
    const running = start(['import', ...args, '--store', 's.db'], { folder });
    let hasEnded = false;
    void running.ended.then(() => (hasEnded = true));
    const writesFirst = random() < 0.8;
    while (writesFirst && !hasEnded && (await headOf(path)) <= before) await pause(3);
    await pause(random() * (writesFirst ? 60 : 900));
    running.child.kill('SIGKILL');
    const { signal, exitCode, stderr } = await running.ended;
    if (signal !== null) continue;
    assert.equal(exitCode, 0, stderr);
    return kills;
  }
  await succeed(['import', ...args, '--store', 's.db'], { folder });
  return 5;
}

function essence({ streamId, version, position, id, type, occurredAt, data }: RecordedEvent): object {
  return { streamId, version, position, id, type, occurredAt, data };
}

suite('an import killed at random moments and begun again holds exactly its events, once,', () => {
  const random = randomFrom(seedOfRun());
  const log = logOf(5000, random);
  const cloudEvents = log.events.map(({ id, time }) => ({
    specversion: '1.0',
    id,
    time,
    source: '/s',
    subject: `s${id?.length}`,
    type: 'T',
    data: { id },
  }));
  const files: readonly (readonly [name: string, text: string | Buffer])[] = [
    ['l.jsonocel', jsonOf(log)],
    ['l.xmlocel.gz', gzipSync(xmlOf(log))],
    ['l.cloudevents.json', JSON.stringify(cloudEvents, undefined, 1)],
  ];
  for (const [name, text] of files)
    test(`of ${name}`, async (context) => {
      context.diagnostic(`seed ${seedOfRun()}`);
      const folder = await temporaryFolder(context);
      await writeFile(join(folder, name), text);
      await succeed(['import', name, '--store', 'whole.db'], { folder });
      context.diagnostic(`${await importKilling(folder, [name], random)} kills`);
      const whole = await eventsIn(join(folder, 'whole.db'));
      assert.equal(whole.length, name.includes('ocel') ? 5400 : 5000);
      assert.deepEqual((await eventsIn(join(folder, 's.db'))).map(essence), whole.map(essence));
      const { stdout } = await succeed(['import', name, '--store', 's.db'], { folder });
      assert.match(stdout, /Nothing new/);
    });
});

suite('an import of a log', () => {
  test('interrupted with Ctrl-C exits with 130, and goes on when it is begun again', async (context) => {
    const folder = await temporaryFolder(context);
    const log = logOf(60_000, randomFrom(3));
    await writeFile(join(folder, 'l.jsonocel'), jsonOf(log));
    const running = start(['import', 'l.jsonocel', '--store', 's.db'], { folder });
    while ((await headOf(join(folder, 's.db'))) === 0) await pause(3);
    running.child.kill('SIGINT');
    const { exitCode, stderr } = await running.ended;
    assert.equal(exitCode, 130, stderr);
    assert.match(stderr, /same command/);
    await succeed(['import', 'l.jsonocel', '--store', 's.db'], { folder });
    const events = await eventsIn(join(folder, 's.db'));
    assert.equal(new Set(events.map(({ id }) => id)).size, 60_400);
    assert.equal(events.length, 60_400);
  });

  test('that has changed, or is read in another way, is refused and writes nothing', async (context) => {
    const folder = await temporaryFolder(context);
    const args = ['import', 'l.jsonocel', '--store', 's.db'];
    await writeFile(join(folder, 'l.jsonocel'), jsonOf(smallLog()));
    await succeed(args, { folder });
    const remapped = await hindsight([...args, '--stream-by', 'item'], { folder });
    assert.equal(remapped.exitCode, 3);
    await writeFile(join(folder, 'l.jsonocel'), jsonOf(smallLog()).replace('1.10', '1.11'));
    assert.equal((await hindsight(args, { folder })).exitCode, 3);
    await writeFile(join(folder, 'l.jsonocel'), jsonOf(smallLog()));
    await appendFile(join(folder, 'l.jsonocel'), '\n\n');
    assert.match((await succeed(args, { folder })).stdout, /Nothing new/);
    assert.equal((await eventsIn(join(folder, 's.db'))).length, 5);
  });

  test('is the same in JSON and in XML, however it is set over lines', async (context) => {
    const folder = await temporaryFolder(context);
    const files = {
      'l.ocel.json': jsonOf(smallLog()),
      'm.ocel.json': JSON.stringify(smallLog(), undefined, 2),
      'l.xmlocel': xmlOf(smallLog()),
    };
    for (const [name, text] of Object.entries(files)) {
      await writeFile(join(folder, name), text);
      await succeed(['import', name, '--source', 'log', '--store', 's.db'], { folder });
    }
    assert.equal((await eventsIn(join(folder, 's.db'))).length, 5);
  });

  test('that has later events now imports those', async (context) => {
    const folder = await temporaryFolder(context);
    const args = ['import', 'l.jsonocel', '--store', 's.db'];
    const log = smallLog();
    await writeFile(join(folder, 'l.jsonocel'), jsonOf(log));
    await succeed(args, { folder });
    const later = { id: 'later', type: 'Ship', time: '2026-04-01T00:00:00Z' };
    await writeFile(join(folder, 'l.jsonocel'), jsonOf({ ...log, events: [later, ...log.events] }));
    assert.match((await succeed(args, { folder })).stdout, /Imported 1 event/);
    assert.equal((await eventsIn(join(folder, 's.db'))).at(-1)?.id, 'later');
  });

  test('may come from standard input, and be looked at before', async (context) => {
    const folder = await temporaryFolder(context);
    const args = ['import', '-', '--format', 'ocel', '--source', 'pipe', '--store', 's.db'];
    const looked = await succeed([...args, '--preview', '9'], { folder, input: xmlOf(smallLog()) });
    assert.match(looked.stdout, /order-o1 +orderObserved[\s\S]*item-i1 +Ship/);
    await succeed(args, { folder, input: xmlOf(smallLog()) });
    assert.equal((await eventsIn(join(folder, 's.db'))).length, 5);
    const needy = xmlOf(smallLog({ events: [{ id: 'e', type: 'Ship', time: '2026-07-01T10:00:00' }] }));
    const { exitCode, stderr } = await hindsight([...args, '--source', 'other'], { folder, input: needy });
    assert.equal(exitCode, 2);
    assert.match(stderr, /standard input:\d+, .*no offset[\s\S]*--time-zone/);
    for (const strange of [
      ['--time-zone', 'Nowhere'],
      ['--stream-by', 'none'],
      ['--case', 'id'],
    ])
      assert.equal((await hindsight([...args, ...strange], { folder, input: xmlOf(smallLog()) })).exitCode, 2);
  });
});
