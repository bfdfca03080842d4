/** The questions asked of a log can be failed: each kind of damage, planted in a sound log, is found. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openStore } from '../../src/index.ts';
import {
  assertAcknowledged,
  assertReadsAgree,
  assertSound,
  type Acknowledged,
  type LoggedEvent,
} from './log-soundness.ts';
import { plannedAppend } from './planned-append.ts';

const { events, acknowledged } = await memoryLog();

test('a log of the memory engine is sound, and holds what was acknowledged', () => {
  assertSound(events);
  assertAcknowledged(events, acknowledged);
});

const last = events.length - 1;
const middle = events.findIndex(({ data }, index) => index > 0 && data.index > 0);
const damages: readonly { readonly what: string; readonly damaged: LoggedEvent[]; readonly message: RegExp }[] = [
  {
    what: 'a lost event in the middle of an append',
    damaged: events.toSpliced(middle, 1),
    message: /have a gap|is not whole|in pieces/,
  },
  {
    what: 'two events in the wrong order',
    damaged: swapped(middle - 1, middle),
    message: /follows position|have a gap/,
  },
  {
    what: 'a position given twice',
    damaged: changed(middle, { position: events[middle - 1]?.position ?? 0 }),
    message: /follows position/,
  },
  {
    what: 'a version given twice',
    damaged: changed(last, { version: (events[last]?.version ?? 1) - 1 }),
    message: /have a gap/,
  },
  {
    what: 'a time that goes backwards',
    damaged: changed(last, { recordedAt: '2001-01-01T00:00:00.000000Z' }),
    message: /before its predecessor/,
  },
  { what: 'content that was changed', damaged: changed(middle, { type: 'Forged' }), message: /is not whole/ },
  {
    what: 'tags that were forgotten',
    damaged: events.map((event) => ({ ...event, tags: [] })),
    message: /is not whole/,
  },
  { what: 'an append written twice', damaged: repeated(), message: /is there twice/ },
];

for (const { what, damaged, message } of damages)
  test(`${what} is found`, () => assert.throws(() => assertSound(damaged), message));

test('an acknowledged append that is lost is found', () => {
  const lost = acknowledged.at(-1);
  assert.ok(lost !== undefined);
  assert.throws(
    () =>
      assertAcknowledged(
        events.filter(({ data }) => data.number !== lost.number),
        acknowledged,
      ),
    /is lost/,
  );
});

test('an append that lies before what its writer had seen is found', () => {
  const [first, ...rest] = acknowledged.toReversed();
  assert.ok(first !== undefined);
  assert.throws(
    () => assertAcknowledged(events, [{ ...first, after: first.position }, ...rest]),
    /before what its writer had seen/,
  );
});

function changed(index: number, change: Partial<LoggedEvent>): LoggedEvent[] {
  return events.map((event, place) => (place === index ? { ...event, ...change } : event));
}

function swapped(first: number, second: number): LoggedEvent[] {
  return events.map((event, place) => events[place === first ? second : place === second ? first : place] ?? event);
}

/** The log with its last append once more at its end, at places of its own. */
function repeated(): LoggedEvent[] {
  const number = events.at(-1)?.data.number;
  const again = events.filter(({ data }) => data.number === number);
  const counts = new Map<string, number>();
  const added = again.map((event, index) => {
    const count = (counts.get(event.streamId) ?? 0) + 1;
    counts.set(event.streamId, count);
    const before = events.filter(({ streamId }) => streamId === event.streamId).length;
    return { ...event, position: (events.at(-1)?.position ?? 0) + index + 1, version: before + count };
  });
  return [...events, ...added];
}

async function memoryLog(): Promise<{ events: LoggedEvent[]; acknowledged: Acknowledged[] }> {
  const store = await openStore('memory:');
  const told: Acknowledged[] = [];
  for (let number = 0; number < 60; number++) {
    const name = { writer: 'memory', number, lane: 0 };
    const { streams, isRefused } = plannedAppend(name);
    if (isRefused) continue;
    const answer = await store.append({ streams });
    told.push({ ...name, after: told.at(-1)?.position ?? 0, position: answer.position, streams: answer.streams });
  }
  const all = (await store.readLog().toArray()) as LoggedEvent[];
  await assertReadsAgree(store, all);
  await store.close();
  return { events: all, acknowledged: told };
}
