/**
 * The run of an import: from a text to events in a store, from wherever an earlier run ended.
 */

import type { Limits, Store } from 'hindsightdb';
import { BadRowError, UnreadableInput } from '../source/bad-input.ts';
import { ReadPrefix } from '../source/read-prefix.ts';
import type { TextSource } from '../source/text-source.ts';
import { ChunkBuilder, chunkBoundsFor, type NumberedEvent } from './chunks.ts';
import { ChunkSender } from './chunk-sender.ts';
import { rowIds } from './event-ids.ts';
import { checkedSize } from './event-size.ts';
import { readProgress, writeProgress, type ImportProgress, type KnownProgress } from './import-progress.ts';
import { beginningBytes, type FileRow, type ImportedEvent, type InputFormat, type RowReader } from './input-format.ts';
import type { ImportResult, ImportStop, RunProgress, SkippedRow } from './import-result.ts';
import { hasTypes, typedEvent } from './typed-event.ts';
import { assertContinues, assertSameRows } from './same-text.ts';

/** What is imported, and how. */
export interface ImportRequest {
  readonly store: Store;
  /** The name under which the progress is kept; it also goes into the ids of rows that bring none. */
  readonly source: string;
  readonly text: TextSource;
  readonly format: InputFormat;
  /** What becomes of rows that mean no event. `'stop'` imports what stands before them. */
  readonly onBadRow: 'stop' | 'skip';
  readonly signal: AbortSignal;
  readonly onNote: (text: string) => void;
  readonly onSkipped: (row: SkippedRow) => void;
  readonly onProgress: (progress: RunProgress) => void;
}

/** Imports a text. Throws what the store throws, `MappingError`, `DifferentText` and `ImportRefused`. */
export async function runImport(request: ImportRequest): Promise<ImportResult> {
  const known = await readProgress(request.store, request.source);
  const run = new Run(request, known);
  try {
    return await run.toEnd();
  } catch (error) {
    await run.abandon();
    throw error;
  }
}

/** Raised inside a run to end it, once what stands before is on its way. */
class Stopped extends Error {
  readonly stop: ImportStop;

  constructor(stop: ImportStop) {
    super('The import stops here.');
    this.stop = stop;
  }
}

class Run {
  readonly #request: ImportRequest;
  readonly #before: KnownProgress;
  readonly #prefix = new ReadPrefix();
  readonly #sender: ChunkSender;
  readonly #builder: ChunkBuilder;
  readonly #idOf: (row: number) => string;
  readonly #limits: Limits;
  /** Takes back what the store adds to the metadata of every event, for events that bring theirs. */
  readonly #noDefaults: Readonly<Record<string, undefined>>;
  #reader: RowReader | undefined;
  #notesTold = 0;
  /** Rows that come again, of a text that is read from its beginning, and are in the store. */
  #rowsToPass = 0;
  #rows: number;
  #events: number;
  #skipped: number;
  /** Where the rows that were dealt with end. */
  #end: number;
  #lastByte = 0x0a;

  constructor(request: ImportRequest, before: KnownProgress) {
    const { store, source } = request;
    this.#request = request;
    this.#before = before;
    this.#sender = new ChunkSender(store, source, before.progress);
    this.#limits = store.context.limits;
    this.#builder = new ChunkBuilder(chunkBoundsFor(this.#limits));
    this.#idOf = rowIds(source);
    this.#noDefaults = Object.fromEntries(Object.keys(store.context.metadata).map((name) => [name, undefined]));
    const { progress } = before;
    this.#rows = progress?.rows ?? 0;
    this.#events = progress?.events ?? 0;
    this.#skipped = progress?.skipped ?? 0;
    this.#end = progress?.read.bytes ?? 0;
  }

  async abandon(): Promise<void> {
    await this.#sender.abandon();
  }

  async toEnd(): Promise<ImportResult> {
    let stop: ImportStop | undefined;
    try {
      await this.#readAll();
    } catch (error) {
      stop = this.#stopOf(error);
    }
    // An interrupted run leaves the gathered rows to the next one; after a bad row everything before it is imported.
    if (stop?.kind !== 'interrupted') await this.#cut();
    await this.#sender.drain();
    if (stop === undefined) await this.#complete();
    return await this.#result(stop);
  }

  async #readAll(): Promise<void> {
    for await (const piece of this.#ownPieces()) {
      this.#prefix.add(piece);
      this.#lastByte = piece.at(-1) ?? this.#lastByte;
      await this.#take(await this.#opened().feed(piece));
      this.#forgetPassed();
      this.#report();
      this.#request.signal.throwIfAborted();
    }
    for (let rows = await this.#opened().end(); rows.length > 0; rows = await this.#opened().end())
      await this.#take(rows);
    this.#forgetPassed();
    assertSameRows(this.#request.source, this.#rowsToPass);
    if (this.#rows > (this.#before.progress?.rows ?? 0)) this.#tellNotes();
  }

  /** Lets go of what no row will need, however long no row comes. */
  #forgetPassed(): void {
    const { passed } = this.#opened();
    if (passed === undefined || passed <= this.#end) return;
    this.#end = passed;
    this.#prefix.advanceTo(passed);
  }

  /** The pieces behind what earlier runs have imported, which are first seen to be the same text. */
  async *#ownPieces(): AsyncGenerator<Buffer> {
    const { text, format } = this.#request;
    const { progress } = this.#before;
    const pieces = text[Symbol.asyncIterator]();
    if (progress === undefined) {
      const gathered: Buffer[] = [];
      let length = 0;
      for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) {
        gathered.push(next.value);
        length += next.value.length;
        if (length >= beginningBytes) break;
      }
      this.#open(format.begin(Buffer.concat(gathered)));
      yield* gathered;
    } else {
      assertContinues(progress, { format: format.kind });
      this.#rowsToPass = format.resume === null ? progress.rows : 0;
      const rest = await this.#compare(pieces, progress);
      if (format.resume !== null) this.#open(format.resume(progress.layout, progress.read.bytes));
      assertContinues(progress, { mapping: this.#opened().mapping, rest });
      if (rest !== undefined) yield rest;
    }
    for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) yield next.value;
  }

  /** Reads as much as was imported and compares; what of the last piece lies behind it is given back. */
  async #compare(pieces: AsyncIterator<Buffer>, progress: ImportProgress): Promise<Buffer | undefined> {
    const { bytes } = progress.read;
    const { format } = this.#request;
    let rest: Buffer | undefined;
    if (format.resume === null) this.#reader = format.begin(Buffer.alloc(0));
    while (this.#prefix.end < bytes) {
      this.#request.signal.throwIfAborted();
      const next = await pieces.next();
      if (next.done === true) break;
      const { value } = next;
      const wanted = Math.min(value.length, bytes - this.#prefix.end);
      const known = value.subarray(0, wanted);
      this.#prefix.add(known);
      this.#prefix.advanceTo(this.#prefix.end);
      if (this.#reader !== undefined) await this.#passOver(this.#reader, known);
      rest = wanted < value.length ? value.subarray(wanted) : undefined;
      this.#request.onProgress({ events: this.#events, isComparing: true });
    }
    assertContinues(progress, { read: this.#prefix.advanceTo(this.#prefix.end) });
    return rest;
  }

  /** Reads again what was imported. Where that fails it is another text, which the comparison says when it has seen all. */
  async #passOver(reader: RowReader, piece: Buffer): Promise<void> {
    try {
      this.#rowsToPass -= (await reader.feed(piece)).length;
    } catch (error) {
      if (!(error instanceof UnreadableInput)) throw error;
    }
  }

  #open(reader: RowReader): void {
    this.#reader = reader;
    this.#tellNotes();
  }

  #tellNotes(): void {
    const { notes } = this.#opened();
    for (const note of notes.slice(this.#notesTold)) this.#request.onNote(note);
    this.#notesTold = notes.length;
  }

  #opened(): RowReader {
    if (this.#reader === undefined) throw new Error('Rows are read when the beginning of the text is known.');
    return this.#reader;
  }

  async #take(rows: readonly FileRow[]): Promise<void> {
    const reader = this.#opened();
    for (const row of rows) {
      if (this.#rowsToPass > 0) {
        this.#rowsToPass -= 1;
        continue;
      }
      const event = await this.#eventOf(reader, row);
      if (event !== undefined) await this.#gather(event);
      this.#rows += 1;
      this.#end = Math.max(this.#end, row.end);
    }
  }

  async #eventOf(reader: RowReader, row: FileRow): Promise<NumberedEvent | undefined> {
    try {
      const imported = reader.eventOf(row);
      if (imported === undefined) return undefined;
      const event = hasTypes(this.#request.store)
        ? await typedEvent(this.#request.store, imported.event)
        : imported.event;
      return this.#numbered({ ...imported, event }, this.#rows + 1);
    } catch (error) {
      if (!(error instanceof UnreadableInput || error instanceof BadRowError)) throw error;
      const {
        line = row.line ?? this.#prefix.lineAt(this.#prefix.skipLineEnds(row.start)),
        character,
        element,
      } = error.place;
      if (error instanceof UnreadableInput)
        throw new Stopped({
          kind: 'unreadable',
          message: error.message,
          line,
          character,
          element,
          advice: error.advice,
          isUsage: true,
        });
      const bad = { line, character, element, column: error.column, reason: error.reason };
      if (this.#request.onBadRow === 'stop') throw new Stopped({ kind: 'badRow', ...bad });
      this.#skipped += 1;
      this.#request.onSkipped(bad);
      return undefined;
    }
  }

  #numbered({ streamId, event, isExact }: ImportedEvent, row: number): NumberedEvent {
    const size = checkedSize(event, this.#limits);
    const own =
      isExact === true || this.#opened().mapping === 'exact'
        ? { ...event, metadata: { ...this.#noDefaults, ...event.metadata } }
        : event;
    return { row, streamId, size, event: own.id === undefined ? { ...own, id: this.#idOf(row) } : own };
  }

  async #gather(event: NumberedEvent): Promise<void> {
    if (!this.#builder.hasRoomFor(event)) {
      await this.#cut();
      this.#request.signal.throwIfAborted();
    }
    this.#builder.add(event);
    this.#events += 1;
  }

  /** Sends what was gathered, with the progress that is reached with it. */
  async #cut(): Promise<void> {
    if (this.#builder.isEmpty) return;
    const progress = this.#progress({ isComplete: false });
    await this.#sender.send({ events: this.#builder.take(), progress });
  }

  #progress({ isComplete }: { readonly isComplete: boolean }): ImportProgress {
    const { layout, mapping, passed, about } = this.#opened();
    return {
      format: 1,
      source: this.#request.source,
      kind: this.#request.format.kind,
      layout,
      mapping,
      rows: this.#rows,
      events: this.#events,
      skipped: this.#skipped,
      read: this.#prefix.advanceTo(this.#end),
      isComplete,
      isEndOpen: isComplete && passed === undefined && this.#lastByte !== 0x0a && this.#lastByte !== 0x0d,
      ...(isComplete && about !== undefined && { about }),
    };
  }

  /** Notes that the end was reached, unless that is known already. */
  async #complete(): Promise<void> {
    // What follows the last row can only be line ends; or, in a format that is closed by a last word, that word.
    if (this.#opened().passed === undefined) this.#end = this.#prefix.end;
    const reached = this.#progress({ isComplete: true });
    for (;;) {
      const { progress, revision } = await readProgress(this.#request.store, this.#request.source);
      if (
        progress !== undefined &&
        (progress.isComplete || progress.rows > reached.rows) &&
        progress.read.bytes >= reached.read.bytes
      )
        return;
      if (await writeProgress(this.#request.store, reached, { expectedRevision: revision })) return;
    }
  }

  #stopOf(error: unknown): ImportStop {
    if (error instanceof Stopped) return error.stop;
    if (this.#request.signal.aborted && error === this.#request.signal.reason)
      return { kind: 'interrupted', reason: error };
    if (error instanceof UnreadableInput) {
      const { character, element } = error.place;
      const offset = Math.max(error.place.offset, 0);
      const line =
        error.place.line ?? (offset < this.#end ? 1 : this.#prefix.lineAt(this.#prefix.skipLineEnds(offset)));
      return {
        kind: 'unreadable',
        message: error.message,
        line,
        character,
        element,
        advice: error.advice,
        isUsage: error.place.offset < 0,
      };
    }
    throw error;
  }

  #report(): void {
    this.#request.onProgress({ events: this.#events, isComparing: false });
  }

  async #result(stop: ImportStop | undefined): Promise<ImportResult> {
    const { progress } = await readProgress(this.#request.store, this.#request.source);
    const eventsBefore = this.#before.progress?.events ?? 0;
    return {
      events: (progress?.events ?? 0) - eventsBefore,
      skipped: (progress?.skipped ?? 0) - (this.#before.progress?.skipped ?? 0),
      eventsTotal: progress?.events ?? 0,
      skippedTotal: progress?.skipped ?? 0,
      rowsTotal: progress?.rows ?? 0,
      isComplete: stop === undefined,
      eventsBefore,
      stop,
    };
  }
}
