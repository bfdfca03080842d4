/**
 * The parts of a stored record, for those who only look at it.
 */

/** A record, parsed. `data` is better taken as text, by `dataTextOf`. */
export interface RecordParts {
  readonly id: string;
  readonly type: string;
  readonly tags?: readonly string[];
  readonly occurredAt?: string;
  readonly contentType?: string;
  readonly encoding?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** The parts of a record as a store hands it out. */
export function partsOf(record: string): RecordParts {
  // The store writes records in this form and checks them when it reads them.
  return JSON.parse(record) as RecordParts;
}
