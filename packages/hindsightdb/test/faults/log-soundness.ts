/**
 * Whether a log is what its writers were told it is: the questions asked after every crash, cut and race.
 */
import assert from 'node:assert/strict';
import type { RecordedEvent, Store } from '../../src/index.ts';
import { plannedAppend, type AppendName, type PlannedData } from './planned-append.ts';

/** What a writer tells of an append that was acknowledged. */
export type Acknowledged = {
  readonly writer: string;
  readonly lane: number;
  readonly number: number;
  /** The greatest position that the writer knew of when it began: the append must lie behind it. */
  readonly after: number;
  readonly position: number;
  readonly streams: readonly { readonly streamId: string; readonly firstVersion: number; readonly version: number }[];
};

export type LoggedEvent = RecordedEvent<string, PlannedData>;

/** Reads the whole log and asserts everything that holds of any log of a load, whatever was acknowledged. */
export async function readSoundLog(store: Store): Promise<LoggedEvent[]> {
  // Only loads have written to this log, so the data are theirs.
  const events = (await store.readLog().toArray()) as LoggedEvent[];
  assertSound(events);
  const byStream = Map.groupBy(events, ({ streamId }) => streamId);
  for (const [streamId, expected] of byStream) {
    assert.deepEqual(
      places(await store.readStream(streamId).toArray()),
      places(expected),
      `stream ${streamId} differs from the log`,
    );
    assert.equal((await store.streamInfo(streamId)).version, expected.length, `stream ${streamId} has another version`);
  }
  return events;
}

/** The store's own check finds nothing, and counts the same events. It runs in a thread of its own, which takes its time. */
export async function assertCheckFindsNothing(store: Store, events: readonly LoggedEvent[]): Promise<void> {
  const report = await store.check();
  assert.deepEqual(report.findings, []);
  assert.equal(report.eventCount, events.length);
}

/** What holds of the events of any log of a load: order, versions without gaps, and no half of an append. */
export function assertSound(events: readonly LoggedEvent[]): void {
  assertOrdered(events);
  assertWhole(events);
}

/** Every way of reading shows the same log: by category, by type and by tag. */
export async function assertReadsAgree(store: Store, events: readonly LoggedEvent[]): Promise<void> {
  for (const category of ['order', 'cart', 'own']) {
    const expected = events.filter(({ streamId }) => streamId.startsWith(`${category}-`));
    assert.deepEqual(places(await store.readCategory(category).toArray()), places(expected), `category ${category}`);
  }
  for (const type of ['Opened', 'Closed']) {
    const expected = events.filter((event) => event.type === type);
    assert.deepEqual(places(await store.readQuery([{ types: [type] }]).toArray()), places(expected), `type ${type}`);
  }
  const expected = events.filter(({ tags }) => tags.includes('lane:0'));
  assert.deepEqual(places(await store.readQuery([{ tags: ['lane:0'] }]).toArray()), places(expected), 'tag lane:0');
}

/** Everything acknowledged is there, where the answer said, and behind what its writer had seen. */
export function assertAcknowledged(events: readonly LoggedEvent[], acknowledged: readonly Acknowledged[]): void {
  const appends = Map.groupBy(events, ({ data }) => `${data.writer}.${data.number}`);
  for (const told of acknowledged) {
    const name = `${told.writer}.${told.number}`;
    const found = appends.get(name);
    assert.ok(found !== undefined, `append ${name} was acknowledged at position ${told.position} and is lost`);
    assert.equal(found.at(-1)?.position, told.position, `append ${name} is not where its answer said`);
    assert.ok((found[0]?.position ?? 0) > told.after, `append ${name} lies before what its writer had seen`);
    for (const { streamId, firstVersion, version } of told.streams) {
      const versions: number[] = found.filter((event) => event.streamId === streamId).map((event) => event.version);
      assert.equal(versions[0], firstVersion, `first version of append ${name} in ${streamId}`);
      assert.equal(versions.at(-1), version, `last version of append ${name} in ${streamId}`);
    }
  }
}

/** The same event at the same place: what two reads of one log must agree on. */
export function places(events: readonly RecordedEvent[]): string[] {
  return events.map(
    ({ position, streamId, version, id, recordedAt }) => `${position} ${streamId} ${version} ${id} ${recordedAt}`,
  );
}

function assertOrdered(events: readonly LoggedEvent[]): void {
  const versions = new Map<string, number>();
  let position = 0;
  let recordedAt = '';
  for (const event of events) {
    assert.ok(event.position > position, `position ${event.position} follows position ${position}`);
    assert.ok(event.recordedAt >= recordedAt, `position ${event.position} was recorded before its predecessor`);
    assert.equal(
      event.version,
      (versions.get(event.streamId) ?? 0) + 1,
      `the versions of ${event.streamId} have a gap`,
    );
    ({ position, recordedAt } = event);
    versions.set(event.streamId, event.version);
  }
}

/** Each append is there whole, once, in one piece, with the content that its writer gave; refused ones are not there. */
function assertWhole(events: readonly LoggedEvent[]): void {
  const seen = new Set<string>();
  for (let first = 0; first < events.length;) {
    const event = events[first];
    assert.ok(event !== undefined);
    const { writer, number, of } = event.data;
    const name = `${writer}.${number}`;
    assert.ok(!seen.has(name), `append ${name} is there twice, or in pieces`);
    seen.add(name);
    assertContent(events.slice(first, first + of), event.data);
    first += of;
  }
}

function assertContent(events: readonly LoggedEvent[], name: AppendName): void {
  const planned = plannedAppend(name);
  const text = `append ${name.writer}.${name.number}`;
  assert.ok(!planned.isRefused, `${text} was refused and is there`);
  const content = events.map(({ streamId, id, type, data, tags }) => ({ streamId, id, type, data, tags }));
  const expected = planned.streams.flatMap(({ streamId, events: own }) => own.map((event) => ({ streamId, ...event })));
  // Compared as texts first: a deep comparison of thousands of appends takes its time.
  if (JSON.stringify(content) !== JSON.stringify(expected)) assert.deepEqual(content, expected, `${text} is not whole`);
}
