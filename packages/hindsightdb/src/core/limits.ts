/**
 * How large things may be. Declared per engine; `docs/reference/limits.md` shows them in one table.
 */

/** Bounds that an engine declares and the store enforces before anything is written. */
export interface Limits {
  /** One record: the encoded event, with its metadata. */
  readonly recordBytesMax: number;
  /** All records of one append. */
  readonly appendBytesMax: number;
  readonly eventsPerAppendMax: number;
  /** Streams of one append, check-only ones included. */
  readonly streamsPerAppendMax: number;
  readonly tagsPerEventMax: number;
  readonly tagBytesMax: number;
  readonly typeBytesMax: number;
  readonly idBytesMax: number;
  readonly streamIdBytesMax: number;
  /** Items of one query. */
  readonly queryItemsMax: number;
}

/** What every engine of the family can take: a store opened with `limits: 'portable'` can be copied to any of them. */
export const portableLimits: Limits = {
  recordBytesMax: 256 * 1024,
  appendBytesMax: 1024 * 1024,
  eventsPerAppendMax: 25,
  streamsPerAppendMax: 10,
  tagsPerEventMax: 8,
  tagBytesMax: 256,
  typeBytesMax: 256,
  idBytesMax: 128,
  streamIdBytesMax: 512,
  queryItemsMax: 16,
};

/** What the embedded engine and the memory engine take. */
export const embeddedLimits: Limits = {
  recordBytesMax: 16 * 1024 * 1024,
  appendBytesMax: 64 * 1024 * 1024,
  eventsPerAppendMax: 10_000,
  streamsPerAppendMax: 1_000,
  tagsPerEventMax: 64,
  tagBytesMax: 1024,
  typeBytesMax: 256,
  idBytesMax: 256,
  streamIdBytesMax: 1024,
  queryItemsMax: 128,
};
