/**
 * One log of the engine under test, opened for one case, with the steps that most cases take.
 */

import { partitionOf, settingsStreamOf } from '../core/stream-id.ts';
import { eventsRemovedType, settingsChangedType, type StreamSettings } from '../core/stream-settings.ts';
import type { Conflict, ErrorCode } from '../core/errors.ts';
import type {
  AppendAnswer,
  AppendBatch,
  Engine,
  LogFilter,
  NewEvent,
  StoredEvent,
  Written,
} from '../engine/contract.ts';
import { equal, fail, holds, outcomeOf, present, refuses, within } from './assertions.ts';
import { show } from './difference.ts';
import type { EngineFixture, OpenedLog } from './fixture.ts';
import { EventMaker, oneStream, type OneStreamOptions } from './event-maker.ts';
import { pictureOf, type Picture } from './picture.ts';
import { everything, readWholeLog, readWholeStream } from './readings.ts';
import { TestClock } from './test-clock.ts';

/** A log opened for one case. */
export class LogUnderTest {
  readonly fixture: EngineFixture;
  readonly clock: TestClock;
  readonly make: EventMaker = new EventMaker();
  readonly #opened: OpenedLog;
  readonly #others: Engine[] = [];
  #engine: Engine;

  /** Use {@link openLogUnderTest}. */
  constructor(fixture: EngineFixture, clock: TestClock, opened: OpenedLog) {
    this.fixture = fixture;
    this.clock = clock;
    this.#opened = opened;
    this.#engine = opened.engine;
  }

  /** The handle on the log; another one after `reopen`. */
  get engine(): Engine {
    return this.#engine;
  }

  /** How many partitions the log has. */
  get partitionCount(): number {
    return this.fixture.partitionCount;
  }

  /** Whether an append or a condition may concern every partition. */
  get canSpan(): boolean {
    return this.partitionCount === 1 || this.engine.capabilities.spansPartitions;
  }

  /** Whether anything survives the end of the process. */
  get isDurable(): boolean {
    return this.engine.capabilities.durability !== 'none';
  }

  /** Whether several handles can be open at once. */
  get isShared(): boolean {
    return this.engine.capabilities.sharedAcrossProcesses;
  }

  /** How long is waited for what has to happen by itself. */
  get patienceMs(): number {
    return this.fixture.patienceMs ?? 5000;
  }

  /** Which ways back the fixture offers. */
  get ways(): { readonly reopen: boolean; readonly reopenAfterLoss: boolean; readonly openAnother: boolean } {
    const { reopen, reopenAfterLoss, openAnother } = this.#opened;
    return {
      reopen: reopen !== undefined,
      reopenAfterLoss: reopenAfterLoss !== undefined,
      openAnother: openAnother !== undefined,
    };
  }

  /** Stream ids of a category that one append may concern: in different partitions where that is possible. */
  streamIds(category: string, count: number): string[] {
    const ids: string[] = [];
    const taken = new Set<number>();
    for (let number = 1; ids.length < count; number += 1) {
      const id = `${category}-${number}`;
      const partition = partitionOf(id, this.partitionCount);
      const isWanted = this.canSpan
        ? !taken.has(partition) || taken.size === this.partitionCount
        : taken.size === 0 || taken.has(partition);
      if (!isWanted) continue;
      taken.add(partition);
      ids.push(id);
    }
    return ids;
  }

  /** Further stream ids that live in the same partition as a stream. */
  neighboursOf(streamId: string, count: number): string[] {
    const ids: string[] = [];
    for (let number = 1; ids.length < count; number += 1) {
      const id = `neighbour-${number}`;
      if (this.partitionOf(id) === this.partitionOf(streamId)) ids.push(id);
    }
    return ids;
  }

  /** Where a stream lives. */
  partitionOf(streamId: string): number {
    return partitionOf(streamId, this.partitionCount);
  }

  /** Appends to one stream and fails unless it is written. */
  async append(streamId: string, events: readonly NewEvent[], options: OneStreamOptions = {}): Promise<Written> {
    return await this.write(oneStream(streamId, events, options));
  }

  /** Appends and fails unless it is written. */
  async write(batch: AppendBatch, engine: Engine = this.engine): Promise<Written> {
    return writtenOf(batch, await engine.append(batch));
  }

  /** Appends what must be refused, with exactly these checks listed, and must leave no trace. */
  async expectConflict(batch: AppendBatch, conflicts: readonly Conflict[]): Promise<void> {
    await this.expectNoTrace(async () => {
      const answer = await this.engine.append(batch);
      equal(answer, { kind: 'conflict', conflicts }, 'The answer to an append that must be refused');
    });
  }

  /** Appends what was written before, and must be answered as it was then, without being written again. */
  async expectDuplicate(batch: AppendBatch, first: Written): Promise<void> {
    await this.expectNoTrace(async () => {
      const answer = await this.engine.append(batch);
      equal(normalAnswer(answer), normalAnswer({ kind: 'duplicate', written: first }), 'The answer to a repetition');
    });
  }

  /** Does something that must change nothing. */
  async expectNoTrace(attempt: () => Promise<unknown>): Promise<void> {
    const before = await this.picture();
    await attempt();
    equal(await this.picture(), before, 'The log after something that must leave no trace');
  }

  /** Does something that must be refused with an error, and must change nothing. */
  async expectRefusal(what: string, attempt: () => Promise<unknown>, code?: ErrorCode): Promise<void> {
    await this.expectNoTrace(() => refuses(what, attempt, code));
  }

  /** Records and applies the settings of a stream, as the store does it. */
  async set(streamId: string, settings: StreamSettings, options: OneStreamOptions = {}): Promise<Written> {
    return await this.write(this.settingsBatch(streamId, settings, options));
  }

  /** The batch that records and applies settings. */
  settingsBatch(streamId: string, settings: StreamSettings, options: OneStreamOptions = {}): AppendBatch {
    const event = this.make.one({ type: settingsChangedType, dataText: JSON.stringify(settings) });
    const effect = { kind: 'settings', streamId, settings } as const;
    return oneStream(settingsStreamOf(streamId), [event], { effect, ...options });
  }

  /** Records and does the physical removal of a stream's events before a version, as the store does it. */
  async remove(streamId: string, beforeVersion: number): Promise<Written> {
    const event = this.make.one({ type: eventsRemovedType, dataText: JSON.stringify({ beforeVersion }) });
    const effect = { kind: 'removal', streamId, beforeVersion } as const;
    return await this.append(settingsStreamOf(streamId), [event], { effect });
  }

  /** The events of a stream that a read shows. */
  async stream(streamId: string): Promise<readonly StoredEvent[]> {
    return (await readWholeStream(this.engine, streamId)).events;
  }

  /** The version of a stream. */
  async versionOf(streamId: string): Promise<number> {
    return (await this.engine.streamInfo(streamId)).version;
  }

  /** All events, partition by partition, the store's own included. */
  async wholeLog(): Promise<readonly StoredEvent[]> {
    return await this.wholeLogBy(everything);
  }

  /** The events that a filter shows, partition by partition. */
  async wholeLogBy(filter: LogFilter, limit = 100_000): Promise<readonly StoredEvent[]> {
    const events: StoredEvent[] = [];
    for (let partition = 0; partition < this.partitionCount; partition += 1)
      events.push(...(await readWholeLog(this.engine, { partition, filter, limit })).events);
    return events;
  }

  /** Everything that the log shows. */
  async picture(): Promise<Picture> {
    return await pictureOf(this.engine);
  }

  /** Closes every handle and opens the log again. */
  async reopen(): Promise<void> {
    const reopen = present(this.#opened.reopen, 'The way to reopen a durable log, in the fixture,');
    for (const other of this.#others.splice(0)) await other.close();
    await this.engine.close();
    this.#engine = await reopen();
  }

  /** Abandons every handle and opens what a sudden end at this instant leaves. */
  async reopenAfterLoss(): Promise<void> {
    const reopen = present(
      this.#opened.reopenAfterLoss,
      'The way to reopen a durable log after a loss, in the fixture,',
    );
    const reopened = reopen();
    this.#others.splice(0);
    this.#engine = await reopened;
  }

  /** Opens a second handle on the log. */
  async another(): Promise<Engine> {
    const openAnother = present(
      this.#opened.openAnother,
      'The way to open a shared log a second time, in the fixture,',
    );
    const other = await openAnother();
    this.#others.push(other);
    return other;
  }

  /** Tries to open a second handle on a log that is not shared. */
  async tryAnother(): Promise<Engine> {
    return await present(this.#opened.openAnother, 'The way to open the log a second time')();
  }

  /** Looks until it holds, for as long as the fixture has patience. */
  async eventually(what: string, look: () => Promise<boolean>): Promise<void> {
    const end = Date.now() + this.patienceMs;
    while (!(await look())) {
      if (Date.now() > end) fail(`${what} did not happen within ${this.patienceMs} ms.`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** Closes all handles and throws the log away. */
  async dispose(): Promise<void> {
    for (const engine of [...this.#others, this.engine])
      await outcomeOf(() => within(this.patienceMs, 'The end of close()', engine.close()));
    await this.#opened.dispose();
  }
}

/** Opens a log for one case. */
export async function openLogUnderTest(fixture: EngineFixture): Promise<LogUnderTest> {
  const clock = new TestClock({ hasOwnClock: fixture.hasOwnClock === true });
  return new LogUnderTest(fixture, clock, await fixture.openLog({ now: clock.now }));
}

/** What was written; fails for any answer but `appended`, and for one that does not fit the batch. */
export function writtenOf(batch: AppendBatch, answer: AppendAnswer): Written {
  if (answer.kind !== 'appended') fail(`An append that nothing stands against was answered ${show(answer)}.`);
  checkWritten(batch, answer.written);
  return answer.written;
}

/** An answer names every stream of its batch, with as many versions as events were given, and the last event written. */
function checkWritten({ streams }: AppendBatch, written: Written): void {
  equal(
    written.streams.map(({ streamId, firstVersion, lastVersion }) => [streamId, lastVersion - firstVersion + 1]),
    streams.map(({ streamId, events }) => [streamId, events.length]),
    'The streams that the answer names, and the number of events written to each',
  );
  const lastIds = new Set(streams.map(({ events }) => events.at(-1)?.id));
  for (const { partition, firstPosition, lastPosition, lastEventId } of written.partitions) {
    holds(
      firstPosition > 0 && lastPosition >= firstPosition,
      `The answer names the positions ${firstPosition} to ${lastPosition} of partition ${partition}.`,
    );
    holds(
      lastIds.has(lastEventId),
      `The answer names ${lastEventId} as last event, which ends no stream of the append.`,
    );
  }
  equal(
    written.partitions.length > 0,
    lastIds.size > 1 || !lastIds.has(undefined),
    'Whether the answer names a partition',
  );
}

/** An answer in which the partitions stand in order: their order among each other carries no meaning. */
export function normalAnswer(answer: AppendAnswer): AppendAnswer {
  if (answer.kind !== 'appended' && answer.kind !== 'duplicate') return answer;
  const { written } = answer;
  const partitions = written.partitions.toSorted((left, right) => left.partition - right.partition);
  return { kind: answer.kind, written: { ...written, partitions } };
}
