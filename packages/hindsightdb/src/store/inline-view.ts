/**
 * Views that appends carry with them. The store knows them by this interface alone; projections implement it. See
 * docs/decisions/0016.
 */

import type { RecordedEvent } from '../core/event.ts';
import type { ViewWrite } from '../engine/views.ts';
import type { AnyStore } from './context-of.ts';

/** An event of an append as views see it: what only the commit decides is missing. */
export interface UnplacedEvent {
  readonly event: Omit<RecordedEvent, 'position' | 'version' | 'recordedAt'>;
  /** Which stream of the append, from 0, and which of its events, from 0. */
  readonly stream: number;
  readonly index: number;
}

/** What an append writes to a view. */
export interface PreparedView {
  readonly write: ViewWrite;
  /** Called once the append was answered, whatever the answer. */
  readonly settle: () => void;
}

/** The store, as a view that it carries sees it. */
export interface InlineHost {
  readonly store: AnyStore;
  /** Does something while no append of this handle is on the way. */
  readonly hold: <Result>(work: () => Promise<Result>) => Promise<Result>;
}

/** A view of an open store. */
export interface InlineViewWork {
  /**
   * What an append of these events writes to the view; undefined as long as the view is not complete, and appends need not
   * carry it. Called for one append after the other.
   */
  prepare(events: readonly UnplacedEvent[]): Promise<PreparedView | undefined>;
  /** Applies what the view lacks: called when the engine has found it behind. */
  catchUp(): Promise<void>;
  /** Ends what runs in the background. */
  close(): Promise<void>;
}

/** A view that a store may be opened with. Made by `defineProjection` with `inline: true`. */
export interface InlineView {
  readonly name: string;
  /** Begins work on an open store. */
  readonly openInline: (host: InlineHost) => Promise<InlineViewWork>;
}
