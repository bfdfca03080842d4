/**
 * Sends the chunks of an import, many at a time, so that each row is written exactly once and in its order, whatever happens.
 *
 * Every chunk is one append that also writes the progress behind it, so events and progress are never apart. Chunks do not
 * wait for one another; what keeps them together is stated in the appends themselves:
 *
 * - The first chunk on the way is written only while the progress is at the revision that was read.
 * - Each further one is written only if the stream in which the chunk before it ended still ends with its last event: if that
 *   chunk was refused, so are all behind it.
 * - Each carries a key made of the source and its first row, so that of two processes that import the same source at once only
 *   one writes it, and the other gets the same answer.
 *
 * When a chunk is refused because somebody else appended to its streams, everything on the way is awaited, the progress is read
 * anew, and what lies behind it is sent again.
 */

import { createHash } from 'node:crypto';
import type { Store } from 'hindsightdb';
import type { PrefixMark } from '../source/read-prefix.ts';
import { byStream, type NumberedEvent } from './chunks.ts';
import { progressKey, readProgress, type ImportProgress } from './import-progress.ts';

/** Rows that are written together, and the progress that is reached with them. */
export interface Chunk {
  readonly events: readonly NumberedEvent[];
  readonly progress: ImportProgress;
}

/** The store refused rows for a reason that trying again does not change. */
export class ImportRefused extends Error {
  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.name = 'ImportRefused';
  }
}

type Answer = Awaited<ReturnType<Store['appendInternal']>>;

/** How the append of a chunk ended. A rejection is kept as a value, so that none goes unnoticed. */
type Outcome = { readonly answer: Answer } | { readonly error: unknown };

interface Sent {
  readonly chunk: Chunk;
  readonly outcome: Promise<Outcome>;
}

/** What the next chunk rests on. */
type Ground =
  | { readonly kind: 'revision'; readonly revision: number }
  | { readonly kind: 'predecessor'; readonly streamId: string; readonly eventId: string };

/** How many chunks may be on the way, how many events in them, and about how many bytes; together they bound the memory. */
const chunksOnTheWayMax = 256;
const eventsOnTheWayMax = 8_000;
const bytesOnTheWayMax = 16 * 1024 * 1024;
/** Refusals in a row without any progress after which the import gives up. */
const fruitlessAttemptsMax = 10;
/** Keys matter while two processes race for the same rows; a day is long beyond that. */
const keyRetentionMs = 86_400_000;

/** Sends the chunks of one source in their order. */
export class ChunkSender {
  readonly #store: Store;
  readonly #source: string;
  readonly #keyPrefix: string;
  #onTheWay: Sent[] = [];
  #eventsOnTheWay = 0;
  #bytesOnTheWay = 0;
  #ground: Ground | undefined;
  /** The progress behind the last chunk that was answered, or behind which this run began. */
  #reached: ImportProgress | undefined;
  #fruitlessAttempts = 0;

  constructor(store: Store, source: string, begun: ImportProgress | undefined) {
    this.#store = store;
    this.#source = source;
    // A name may be longer than a key may be.
    this.#keyPrefix = `import/${createHash('sha256').update(source).digest('hex').slice(0, 32)}/`;
    this.#reached = begun;
  }

  /** Puts a chunk on its way; waits where too many are. Throws what an earlier one was refused for. */
  async send(chunk: Chunk): Promise<void> {
    while (
      this.#onTheWay.length >= chunksOnTheWayMax ||
      this.#eventsOnTheWay >= eventsOnTheWayMax ||
      this.#bytesOnTheWay >= bytesOnTheWayMax
    )
      await this.#settleFirst();
    // With nothing on the way the progress itself is the ground to stand on.
    if (this.#onTheWay.length === 0) await this.#standOnProgress();
    this.#dispatch(chunk);
  }

  /** Waits until everything is written. */
  async drain(): Promise<void> {
    while (this.#onTheWay.length > 0) await this.#settleFirst();
  }

  /** Waits for what is on the way, and takes its failures for what they are: the progress says how far it came. */
  async abandon(): Promise<void> {
    await Promise.all(this.#onTheWay.map(({ outcome }) => outcome));
    this.#onTheWay = [];
  }

  /** Reads the progress to stand on. It must be one that this run has made, or it is not alone with its source. */
  async #standOnProgress(sent: readonly Sent[] = []): Promise<void> {
    const { progress, revision } = await readProgress(this.#store, this.#source);
    const own = [this.#reached, ...sent.map(({ chunk }) => chunk.progress)];
    const found = own.find((each) => JSON.stringify(each) === JSON.stringify(progress));
    if (found === undefined && progress !== undefined)
      throw new ImportRefused(
        `Another process imports ${JSON.stringify(this.#source)} at the same time, and has come to row ${progress.rows}. Let it finish; what it writes is not written twice.`,
      );
    this.#reached = found;
    this.#ground = { kind: 'revision', revision };
  }

  #dispatch({ events, progress }: Chunk): void {
    const [first, last] = [events[0], events.at(-1)];
    // What was written before it was known to be is not sent again.
    if (first === undefined || last === undefined || progress.rows <= (this.#reached?.rows ?? 0)) return;
    const ground = this.#ground;
    if (ground === undefined) throw new Error('A chunk is sent when it is known what it rests on.');
    const answer = this.#store.appendInternal({
      streams: streamsOn(ground, events),
      isReservedAllowed: false,
      key: `${this.#keyPrefix}${first.row}`,
      keyRetentionMs,
      contentDigest: digestOf(progress.read),
      keyedWrites: [
        {
          key: progressKey(this.#source),
          value: JSON.stringify(progress),
          ...(ground.kind === 'revision' && { expectedRevision: ground.revision }),
        },
      ],
    });
    const outcome = answer.then(
      (value): Outcome => ({ answer: value }),
      (error: unknown): Outcome => ({ error }),
    );
    this.#onTheWay.push({ chunk: { events, progress }, outcome });
    this.#eventsOnTheWay += events.length;
    this.#bytesOnTheWay += sizeOf(events);
    this.#ground = { kind: 'predecessor', streamId: last.streamId, eventId: last.event.id ?? '' };
  }

  async #settleFirst(): Promise<void> {
    const first = this.#onTheWay[0];
    if (first === undefined) return;
    const outcome = await first.outcome;
    if ('error' in outcome) return await this.#fail(outcome.error);
    const { answer } = outcome;
    switch (answer.kind) {
      case 'appended':
      case 'duplicate':
        this.#onTheWay.shift();
        this.#eventsOnTheWay -= first.chunk.events.length;
        this.#bytesOnTheWay -= sizeOf(first.chunk.events);
        this.#fruitlessAttempts = 0;
        this.#reached = first.chunk.progress;
        return;
      case 'conflict': {
        const ended = answer.conflicts.find(({ kind }) => kind === 'tombstone');
        if (ended !== undefined) return await this.#fail(tombstoneError(first.chunk, ended));
        return await this.#sendAgain(answer);
      }
      case 'keyReused':
      case 'repetitionMismatch':
        return await this.#fail(
          new ImportRefused(
            `Another import of ${JSON.stringify(this.#source)} runs at the same time and took rows from ${first.chunk.events[0]?.row} on for something else.`,
          ),
        );
      default:
        return answer satisfies never;
    }
  }

  async #fail(error: unknown): Promise<never> {
    await this.abandon();
    throw error;
  }

  async #sendAgain(answer: Extract<Answer, { kind: 'conflict' }>): Promise<void> {
    const refused = this.#onTheWay;
    await this.abandon();
    this.#eventsOnTheWay = 0;
    this.#bytesOnTheWay = 0;
    const before = this.#reached;
    await this.#standOnProgress(refused);
    this.#fruitlessAttempts = this.#reached === before ? this.#fruitlessAttempts + 1 : 0;
    if (this.#fruitlessAttempts > fruitlessAttemptsMax)
      throw new ImportRefused(`The store goes on refusing rows: ${JSON.stringify(answer.conflicts)}`);
    for (const { chunk } of refused) this.#dispatch(chunk);
  }
}

function sizeOf(events: readonly NumberedEvent[]): number {
  return events.reduce((bytes, { size }) => bytes + size, 0);
}

function digestOf({ bytes, sha256 }: PrefixMark): string {
  return `${bytes}:${sha256}`;
}

function streamsOn(ground: Ground, events: readonly NumberedEvent[]) {
  const streams = byStream(events);
  if (ground.kind === 'revision') return streams;
  const predecessor = { streamId: ground.streamId, predecessorId: ground.eventId };
  if (!streams.some(({ streamId }) => streamId === ground.streamId)) return [...streams, predecessor];
  return streams.map((stream) => (stream.streamId === ground.streamId ? { ...stream, ...predecessor } : stream));
}

function tombstoneError(chunk: Chunk, conflict: object): ImportRefused {
  const streamId = 'streamId' in conflict ? conflict.streamId : undefined;
  const row = chunk.events.find((event) => event.streamId === streamId)?.row;
  return new ImportRefused(
    `Row ${row} belongs to the stream ${JSON.stringify(streamId)}, which was ended for good and takes no more events.`,
  );
}
