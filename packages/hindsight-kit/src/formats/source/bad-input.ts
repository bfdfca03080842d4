/**
 * What is wrong with a file that is imported, with the place where it is.
 */

/** A place in a file: bytes after decompression, from 0. The line is counted when somebody wants to see it. */
export interface InputPlace {
  readonly offset: number;
  /** The column, by its name. */
  readonly column?: string | undefined;
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

/** Why a row means no event. */
export interface BadRow {
  readonly column: string | undefined;
  readonly reason: string;
}

/** Thrown while a row is turned into an event; the importer stops there or skips it, as told. */
export class BadRowError extends Error implements BadRow {
  readonly column: string | undefined;
  readonly reason: string;

  constructor(reason: string, column?: string) {
    super(reason);
    this.name = 'BadRowError';
    this.reason = reason;
    this.column = column;
  }
}
