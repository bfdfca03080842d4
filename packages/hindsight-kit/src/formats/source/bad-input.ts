/**
 * What is wrong with a file that is imported, with the place where it is.
 */

/** A place in a file: bytes after decompression, from 0. The line is counted when somebody wants to see it. */
export interface InputPlace {
  readonly offset: number;
  /** The column, by its name. */
  readonly column?: string | undefined;
  /** The line, counted from 1, where it is known without counting. */
  readonly line?: number | undefined;
  /** The character in the line, counted from 1. */
  readonly character?: number | undefined;
  /** The element of XML, or the member of JSON, as people find it in the file. */
  readonly element?: string | undefined;
}

/** The file cannot be read on from here, whatever is done with bad rows: quotes that never close, bytes that are no text. */
export class UnreadableInput extends Error {
  readonly place: InputPlace;
  readonly advice: readonly string[];

  constructor(message: string, place: InputPlace, advice: readonly string[] = []) {
    super(message);
    this.name = 'UnreadableInput';
    this.place = place;
    this.advice = advice;
  }
}

/** Where in a row something is wrong, in formats whose rows take several lines. */
export type RowPlace = Pick<InputPlace, 'line' | 'character' | 'element'>;

/** Why a row means no event. */
export interface BadRow {
  readonly column: string | undefined;
  readonly reason: string;
  readonly place: RowPlace;
}

/** Thrown while a row is turned into an event; the importer stops there or skips it, as told. */
export class BadRowError extends Error implements BadRow {
  readonly column: string | undefined;
  readonly reason: string;
  readonly place: RowPlace;

  constructor(reason: string, column?: string, place: RowPlace = {}) {
    super(reason);
    this.name = 'BadRowError';
    this.reason = reason;
    this.column = column;
    this.place = place;
  }
}
