/**
 * The codec stage: an asynchronous transformation between validation and storage, a page at a time. Events, snapshots and
 * everything else that may hold what an event says pass through it, so that encryption of personal fields has one place.
 */

/** What passes through the stage: JSON texts and what they belong to. */
export interface CodecItem {
  readonly kind: 'event' | 'snapshot' | 'letter' | 'journal' | 'command' | 'result';
  readonly streamId: string;
  /** The event's type, or the name of what it is. */
  readonly type: string;
  /** JSON text of the data. */
  readonly data: string;
  /** JSON text of the metadata. */
  readonly metadata: string;
}

/** What the stage may change. */
export type CodecOutput = Pick<CodecItem, 'data' | 'metadata'>;

/** A transformation and its inverse. Answers are in the order of the items and of the same number. */
export interface Codec {
  encode(items: readonly CodecItem[]): Promise<readonly CodecOutput[]>;
  decode(items: readonly CodecItem[]): Promise<readonly CodecOutput[]>;
}
