/**
 * What an import asks of a file format: to cut a text into rows, and to say which event a row means.
 */

import type { Event } from 'hindsightdb';

/** A value that JSON can hold, as it is kept in the record of an import's progress. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** A row of a file: the bytes [start, end) of its text, line end included. Blank lines may stand before the row itself. */
export interface FileRow {
  readonly start: number;
  readonly end: number;
  /** The line of the file, counted from 1, where that is not the line of the text. */
  readonly line?: number;
}

/** The event that a row means. */
export interface ImportedEvent {
  readonly streamId: string;
  readonly event: Event;
  /** The event brings all of its metadata, so that the store adds none of its own. */
  readonly isExact?: true;
}

/** Reads rows from where it was opened on. */
export interface RowReader<Row extends FileRow = FileRow> {
  /** What was found out at the beginning of the text and must be known to go on in its middle. */
  readonly layout: JsonValue;
  /** What decides which event a row means. Two runs of one import must have the same. */
  readonly mapping: JsonValue;
  /** Sentences for people about what was found and decided. There may be more of them as the text is read. */
  readonly notes: readonly string[];
  /** For formats that are read from their beginning: up to here nothing is needed again, and no row will begin. */
  readonly passed?: number;
  /** What the text says of itself as a whole and of no row. It is kept with the progress when the end is reached. */
  readonly about?: JsonValue;
  /** The rows that are complete with this piece. Throws `UnreadableInput`. */
  feed(piece: Buffer): Promise<readonly Row[]>;
  /** The rows that are left when the text has ended; called until there are none. Throws `UnreadableInput`. */
  end(): Promise<readonly Row[]>;
  /** The event that a row means; undefined where it means none and none was expected. Throws `BadRowError`. */
  eventOf(row: Row): ImportedEvent | undefined;
}

/** The formats. The record of an import's progress names them. */
export const inputKinds: readonly ['csv', 'jsonl', 'xes', 'cloudevents', 'ocel'] = [
  'csv',
  'jsonl',
  'xes',
  'cloudevents',
  'ocel',
];

/** One of {@link inputKinds}. */
export type InputKind = (typeof inputKinds)[number];

/** A format, with everything that was said about it. */
export interface InputFormat<Row extends FileRow = FileRow> {
  readonly kind: InputKind;
  /** Opens a text at its beginning, of which the first bytes are given. */
  begin(beginning: Buffer): RowReader<Row>;
  /**
   * Opens a text in its middle, with the layout that `begin` found. Null for formats whose rows mean something only with what
   * stands before them: those are read again from the beginning, and the rows that are in the store are passed over.
   */
  readonly resume: ((layout: JsonValue, offset: number) => RowReader<Row>) | null;
}

/** How many bytes of a text are looked at to find out its layout. */
export const beginningBytes: number = 64 * 1024;
