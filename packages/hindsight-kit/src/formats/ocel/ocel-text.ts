/**
 * From the text of a log to its events in their order.
 *
 * A log may name its objects and types behind the events that need them, and its events in any order. So it is read to its end
 * before anything of it is imported, in three passes:
 *
 *     1. the text, element by element, into a temporary file; types, and the ids and types of objects, are remembered
 *     2. that file, element by element, into events in a second one; the time of each event is remembered
 *     3. the second file, in the order of the times
 *
 * In memory are what is remembered, the ids of the events, and one piece of a file.
 */

import type { Limits } from 'hindsightdb';
import { MappingError } from '../csv/csv-mapping.ts';
import { checkedSize } from '../import/event-size.ts';
import type { InputFormat } from '../import/input-format.ts';
import { BadRowError, UnreadableInput } from '../source/bad-input.ts';
import { LineCutter } from '../source/line-cutter.ts';
import { SortedLines, type LineKey } from '../source/sorted-lines.ts';
import { TemporaryFile } from '../source/temporary-file.ts';
import type { TextSource } from '../source/text-source.ts';
import { gatherElements, keptElement, LogContents } from './ocel-contents.ts';
import type { OcelElement } from './ocel-elements.ts';
import { badOcelLine, eventOfOcelLine, ocelFormat, type OcelMapping } from './ocel-format.ts';
import { initialTime, rowsOf, type OcelContext, type OcelRow } from './ocel-rows.ts';

/** A log that is read. */
export interface OcelRequest {
  readonly text: TextSource;
  readonly mapping: OcelMapping;
  readonly limits: Limits;
  readonly signal: AbortSignal;
  /** Told of the reading, which can take long: bytes of the file, as far as they are known. */
  readonly onReading: (progress: { readonly done: number; readonly total: number | undefined }) => void;
}

/** An element that means no event. */
export interface BadElement {
  readonly line: number;
  readonly element: string;
  readonly reason: string;
}

/** The events of a log in their order, as a text to be imported, with the format of that text. Close it. */
export interface OrderedLog extends AsyncDisposable {
  readonly text: TextSource;
  readonly format: InputFormat;
  /** The first element of the log that means no event. */
  readonly firstBad: BadElement | undefined;
}

/** Reads a log to its end. Throws `UnreadableInput`, `MappingError`, and the signal's reason. */
export async function orderedLog(request: OcelRequest): Promise<OrderedLog> {
  await using elements = await TemporaryFile.open();
  const found = new LogContents();
  const notes = await gatherElements(request.text, { elements, found }, request.onReading);
  // All of them were seen; nothing that follows asks for one.
  found.eventIds.clear();
  const { streamBy } = request.mapping;
  if (streamBy !== null && !found.types.objects.has(streamBy))
    throw new MappingError(
      `--stream-by names the object type ${JSON.stringify(streamBy)}, and the log has none of that name.`,
      [`Its object types are: ${[...found.types.objects.keys()].map((name) => JSON.stringify(name)).join(', ')}`],
    );
  const lines = await SortedLines.open();
  try {
    const mapped = await mapElements(request, { elements, found, lines });
    const text = new OrderedText(lines, mapped.earliest);
    return {
      text,
      format: ocelFormat(request.mapping, request.limits, {
        notes: [...notes, ...found.types.notes, ...mapped.notes],
        lineAt: (offset) => text.lineAt(offset),
      }),
      firstBad: mapped.firstBad,
      [Symbol.asyncDispose]: async () => await lines.close(),
    };
  } catch (error) {
    await lines.close();
    throw error;
  }
}

interface Mapped {
  readonly notes: readonly string[];
  readonly firstBad: BadElement | undefined;
  /** The time of the first event, where that lies before 1970. */
  readonly earliest: string | undefined;
}

/** Before everything else, so that an import stops there before it has written anything. */
const badKey = { major: Number.NEGATIVE_INFINITY, minor: 0 };

/** The second pass. */
async function mapElements(
  { mapping, limits, signal }: OcelRequest,
  work: { readonly elements: TemporaryFile; readonly found: LogContents; readonly lines: SortedLines },
): Promise<Mapped> {
  const { elements, found, lines } = work;
  const notes = new Set<string>();
  const context: OcelContext = {
    types: found.types,
    objects: found.objects,
    timeZone: mapping.timeZone ?? undefined,
    streamBy: mapping.streamBy ?? undefined,
    tagsMax: limits.tagsPerEventMax,
    onNote: (text) => void notes.add(text),
  };
  let firstBad: BadElement | undefined;
  let earliest: OcelRow | undefined;
  const cutter = new LineCutter(0);
  for await (const piece of elements.pieces()) {
    signal.throwIfAborted();
    for (const { text } of cutter.feed(piece)) {
      const { element, reason } = keptElement(text);
      const { rows, bad } = reason === undefined ? mapped(element, context, limits) : { rows: [], bad: reason };
      if (bad !== undefined) {
        const { line, label } = element;
        if (firstBad === undefined || line < firstBad.line) firstBad = { line, element: label, reason: bad };
        await lines.add(badKey, badOcelLine({ reason: bad, element: label }), line);
      }
      for (const row of rows) {
        if (isBefore(row.key, earliest?.key ?? epochKey)) earliest = row;
        const writing = lines.add(row.key, `${row.json}\n`, element.line);
        if (writing !== undefined) await writing;
      }
    }
  }
  return { notes: [...notes], firstBad, earliest: earliest?.occurredAt };
}

const epochKey = { major: 0, minor: 0 };

function isBefore(key: LineKey, other: LineKey): boolean {
  if (!Number.isFinite(key.major)) return false;
  return key.major < other.major || (key.major === other.major && key.minor < other.minor);
}

/** The rows of an element, which the store will take; or what is wrong with it. */
function mapped(
  element: OcelElement,
  context: OcelContext,
  limits: Limits,
): { readonly rows: readonly OcelRow[]; readonly bad: string | undefined } {
  try {
    const rows = rowsOf(element, context);
    for (const { json } of rows) {
      const imported = eventOfOcelLine(json, limits);
      if (imported !== undefined) checkedSize(imported.event, limits);
    }
    return { rows, bad: undefined };
  } catch (error) {
    if (error instanceof BadRowError) return { rows: [], bad: error.reason };
    if (!(error instanceof UnreadableInput)) throw error;
    throw new UnreadableInput(
      error.message,
      { ...error.place, line: element.line, element: element.label },
      error.advice,
    );
  }
}

/** The third pass, whenever the text is walked. */
class OrderedText implements TextSource {
  readBytes = 0;
  readonly totalBytes: number;
  readonly #lines: SortedLines;
  readonly #earliest: string | undefined;
  /** Lines of the log by offsets of the two pieces that were handed out last: whoever reads is not further behind. */
  #recent: readonly [ReadonlyMap<number, number>, ReadonlyMap<number, number>] = [new Map(), new Map()];

  constructor(lines: SortedLines, earliest: string | undefined) {
    this.#lines = lines;
    this.#earliest = earliest;
    this.totalBytes = lines.bytes;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    this.readBytes = 0;
    for await (const batch of this.#lines.lines()) {
      const lines = new Map<number, number>();
      let offset = this.readBytes;
      const pieces = batch.map(({ line, major, mark }) => {
        const piece = Number.isFinite(major) ? line : this.#initial(line);
        lines.set(offset, mark);
        offset += piece.length;
        return piece;
      });
      this.#recent = [this.#recent[1], lines];
      this.readBytes = offset;
      yield Buffer.concat(pieces);
    }
  }

  /** The line of the log that an offset of what was handed out last, or before that, goes back to. */
  lineAt(offset: number): number | undefined {
    return this.#recent[1].get(offset) ?? this.#recent[0].get(offset);
  }

  /** What holds from the beginning holds before the first event, also where that is before 1970. */
  #initial(line: Buffer): Buffer {
    if (this.#earliest === undefined) return line;
    const text = line.toString('utf8');
    const usual = `{"occurredAt":"${initialTime}"`;
    return text.startsWith(usual) ? Buffer.from(`{"occurredAt":"${this.#earliest}"${text.slice(usual.length)}`) : line;
  }
}
