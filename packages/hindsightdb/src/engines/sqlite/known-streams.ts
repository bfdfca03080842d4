/**
 * What the writer knows of streams while nobody else has written, so that it need not look into the file for each append.
 */

import type { StreamState } from '../../engine/judge-append.ts';

/** Streams remembered between groups; beyond it the memory starts anew. */
const knownStreamsMax = 100_000;

/** A stream. The id of its last event is looked up when somebody asks for it first. */
export class KnownStream implements StreamState {
  readonly streamId: string;
  readonly isTombstoned: boolean;
  version: number;
  #lastEventId: string | undefined;
  readonly #idAt: (streamId: string, version: number) => string | undefined;

  constructor(
    { streamId, version, isTombstoned }: Pick<StreamState, 'version' | 'isTombstoned'> & { readonly streamId: string },
    idAt: (streamId: string, version: number) => string | undefined,
  ) {
    this.streamId = streamId;
    this.version = version;
    this.isTombstoned = isTombstoned;
    this.#idAt = idAt;
  }

  /** Undefined where the stream has no event. */
  get lastEventId(): string | undefined {
    if (this.version > 0) this.#lastEventId ??= this.#idAt(this.streamId, this.version);
    return this.#lastEventId;
  }

  /** Takes in an event that was written. */
  advance(eventId: string): void {
    this.version += 1;
    this.#lastEventId = eventId;
  }
}

/** The streams by their ids. */
export class KnownStreams {
  readonly #streams = new Map<string, KnownStream>();
  /** A stream is asked for several times in a row: when it is judged and when it is written. */
  #last: KnownStream | undefined;

  /** What is known of a stream. */
  get(streamId: string): KnownStream | undefined {
    if (this.#last?.streamId !== streamId) this.#last = this.#streams.get(streamId);
    return this.#last;
  }

  /** Takes in a stream that was looked up. */
  add(stream: KnownStream): void {
    if (this.#streams.size >= knownStreamsMax) this.clear();
    this.#streams.set(stream.streamId, stream);
    this.#last = stream;
  }

  /** Forgets a stream whose settings have changed. */
  forget(streamId: string): void {
    this.#streams.delete(streamId);
    this.#last = undefined;
  }

  /** Forgets everything: somebody else may have written. */
  clear(): void {
    this.#streams.clear();
    this.#last = undefined;
  }
}
