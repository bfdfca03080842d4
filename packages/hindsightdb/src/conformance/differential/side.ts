/**
 * One of the two engines of a differential run, with what differs between engines that both keep the contract: positions,
 * which need not be dense, and revisions, which may be any numbers. Seen through a side, both are counted.
 */

import type { Conflict } from '../../core/errors.ts';
import type { AppendAnswer, Engine, KeyedEntry, StoredEvent, Written } from '../../engine/contract.ts';
import { idOf } from '../event-maker.ts';
import { readWholeLog } from '../readings.ts';

/** An engine whose positions and revisions are translated into counts. */
export class Side {
  readonly #isClockExact: boolean;
  readonly #positions: number[][];
  readonly #revisions = new Map<string, number[]>();
  #engine: Engine;

  constructor(engine: Engine, options: { readonly isClockExact: boolean }) {
    this.#engine = engine;
    this.#isClockExact = options.isClockExact;
    this.#positions = Array.from({ length: engine.identity.partitionCount }, () => []);
  }

  /** The engine as it is, with its own positions and revisions. */
  get engine(): Engine {
    return this.#engine;
  }

  /** The same log through another handle. */
  replaceEngine(engine: Engine): void {
    this.#engine = engine;
  }

  /** Takes notice of what was written since. */
  async catchUp(touchedKeys: readonly string[]): Promise<void> {
    for (const [partition, known] of this.#positions.entries()) {
      const { events } = await readWholeLog(this.#engine, { partition, from: known.at(-1) ?? 0 });
      known.push(...events.map(({ position }) => position));
    }
    for (const key of touchedKeys) {
      const revision = (await this.#engine.keyedGet(key))?.revision;
      const known = this.#revisions.get(key) ?? [];
      if (revision !== undefined && known.at(-1) !== revision) this.#revisions.set(key, [...known, revision]);
    }
  }

  /** How many events a partition has. */
  count(partition: number): number {
    return this.#positions[partition]?.length ?? 0;
  }

  /** The position of the event of a number, counted from 1; places before the first and behind the last stay as far off. */
  positionOf(partition: number, number: number): number {
    const known = this.#positions[partition] ?? [];
    if (number <= 0) return Math.max(0, number);
    return known[number - 1] ?? (known.at(-1) ?? 0) + number - known.length;
  }

  /** The number of events up to a position; behind the last, as many more as the position is off. */
  numberOf(partition: number, position: number): number {
    const known = this.#positions[partition] ?? [];
    const last = known.at(-1) ?? 0;
    if (position > last) return position === Number.MAX_SAFE_INTEGER ? position : known.length + position - last;
    return known.findLastIndex((each) => each <= position) + 1;
  }

  /** The revisions of an entry that were seen, oldest first. */
  revisionsOf(key: string): readonly number[] {
    return this.#revisions.get(key) ?? [];
  }

  /** A revision as its number among those that the entry had; -1 for one that was never seen. */
  revisionNumber(key: string, revision: number): number {
    return revision === 0 ? 0 : this.revisionsOf(key).lastIndexOf(revision) + 1 || -1;
  }

  /** An event with its number in place of the position. */
  event(event: StoredEvent | undefined): unknown {
    if (event === undefined) return undefined;
    const { recordedAt, position, ...rest } = event;
    return { ...rest, number: this.numberOf(event.partition, position), recordedAt: this.#time(recordedAt) };
  }

  /** An entry with its revision counted. */
  entry(entry: KeyedEntry | undefined): unknown {
    if (entry === undefined) return undefined;
    const { key, value, revision } = entry;
    return { key, value: this.#entryValue(key, value), revision: this.revisionNumber(key, revision) };
  }

  /** Positions in the entries of views are counted as well. */
  #entryValue(key: string, value: string): unknown {
    if (!key.startsWith('view/')) return value;
    // Only heads are written there.
    return (JSON.parse(value) as readonly number[]).map((head, partition) => this.numberOf(partition, head));
  }

  /** A conflict with revisions counted. */
  conflict(conflict: Conflict): unknown {
    switch (conflict.kind) {
      case 'keyedStore':
        return {
          ...conflict,
          expected: this.revisionNumber(conflict.key, conflict.expected),
          actual: this.revisionNumber(conflict.key, conflict.actual),
        };
      case 'condition':
        // Any matching event may be named; whether it matches is checked apart.
        return { kind: 'condition' };
      default:
        return conflict;
    }
  }

  /** An answer to an append, with positions and revisions counted. */
  answer(answer: AppendAnswer): unknown {
    if (answer.kind === 'conflict')
      return { kind: 'conflict', conflicts: answer.conflicts.map((each) => this.conflict(each)) };
    return 'written' in answer ? { kind: answer.kind, written: this.written(answer.written) } : answer;
  }

  /** Where an append went, with positions counted. */
  written({ recordedAt, streams, partitions }: Written): unknown {
    return {
      recordedAt: this.#time(recordedAt),
      streams,
      partitions: partitions
        .map(({ partition, firstPosition, lastPosition, lastEventId }) => ({
          partition,
          first: this.numberOf(partition, firstPosition),
          last: this.numberOf(partition, lastPosition),
          lastEventId,
        }))
        .toSorted((left, right) => left.partition - right.partition),
    };
  }

  /** The event that a conflict names, as it stands in the log; undefined where it names none, or a wrong one. */
  async eventNamed(conflict: Conflict): Promise<StoredEvent | undefined> {
    if (conflict.kind !== 'condition') return undefined;
    const event = await this.#engine.eventAt(conflict.partition, conflict.position);
    return event !== undefined && idOf(event) === conflict.eventId ? event : undefined;
  }

  #time(micros: number): number | undefined {
    return this.#isClockExact ? micros : undefined;
  }
}
