/**
 * A group of appends as the function `append_v1` takes it. `migrations/0001-log.sql` describes the form.
 */

import { partitionOf } from '../../core/stream-id.ts';
import type { AppendBatch, StreamEffect } from '../../engine/contract.ts';
import type { PendingText } from '../../engine/views.ts';

/** What the function is called with, beside the name of the group and the clock. */
export interface PackedGroup {
  /** What is locked, ascending. */
  readonly partitions: readonly number[];
  /** Whether keys, entries or views are concerned. */
  readonly hasEntries: boolean;
  /** JSON text. */
  readonly batches: string;
}

/** A group as the function takes it. */
export function packGroup(batches: readonly AppendBatch[], partitionCount: number): PackedGroup {
  const isWide = batches.some(({ condition }) => condition !== undefined);
  const touched = new Set(
    batches.flatMap(({ streams }) => streams.map(({ streamId }) => partitionOf(streamId, partitionCount))),
  );
  const all = Array.from({ length: partitionCount }, (_, partition) => partition);
  return {
    partitions: isWide ? all : all.filter((partition) => touched.has(partition)),
    hasEntries: batches.some(
      ({ key, keyedWrites = [], views = [] }) => key !== undefined || keyedWrites.length + views.length > 0,
    ),
    batches: jsonText(batches.map((batch) => packBatch(batch, partitionCount))),
  };
}

/** A text as the server can keep it: U+0000, which PostgreSQL's texts cannot hold, is written as two characters. */
export function escapedText(text: string): string {
  // The mark itself is written as two characters as well, so that it can be told from what it marks.
  const isPlain = !text.includes('\u0000') && !text.includes('\u0001');
  return isPlain ? text : text.replaceAll('\u0001', '\u0001b').replaceAll('\u0000', '\u0001a');
}

/** The text that was escaped. */
export function unescapedText(text: string): string {
  return text.includes('\u0001') ? text.replaceAll('\u0001a', '\u0000').replaceAll('\u0001b', '\u0001') : text;
}

function escapedValue(value: string | PendingText | null): string | PendingText | null {
  if (value === null) return null;
  if (typeof value === 'string') return escapedText(value);
  return value.map((part) => (typeof part === 'string' ? escapedText(part) : part));
}

/** JSON text that the server takes: half a surrogate pair, which UTF-8 cannot hold, becomes a replacement character, as in every file. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value);
  // Well-formed strings have no such escapes, and those within records are escaped twice.
  return hasLoneEscape(text) ? JSON.stringify(value, wellFormed) : text;
}

function hasLoneEscape(text: string): boolean {
  return /(?<!\\)(?:\\\\)*\\ud[89a-f]/.test(text);
}

function wellFormed(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed() : value;
}

function packBatch({ streams, condition, key, keyedWrites = [], views = [] }: AppendBatch, partitionCount: number) {
  return {
    s: streams.map(({ streamId, expectedVersion, predecessorId, events, effect }) => ({
      i: streamId,
      n: partitionOf(streamId, partitionCount),
      x: expectedVersion,
      ...(predecessorId !== undefined && { p: predecessorId }),
      e: events.map(({ id, type, tags, record }) => [id, type, tags, record]),
      ...(events.some(({ tags }) => tags.length > 0) && { g: true }),
      ...(effect !== undefined && { f: packEffect(effect) }),
    })),
    ...(condition !== undefined && {
      c: { q: condition.query.map(({ types = [], tags = [] }) => ({ t: types, g: tags })), a: condition.after },
    }),
    ...(key !== undefined && { k: [key.key, key.digest, key.expiresAt ?? null] }),
    w: keyedWrites.map((write) => [write.key, escapedValue(write.value), write.expectedRevision ?? null]),
    v: views.map((view) => ({
      k: view.progressKey,
      w: view.keyedWrites.map((write) => [write.key, escapedValue(write.value), write.expectedRevision ?? null]),
    })),
  };
}

function packEffect(effect: StreamEffect) {
  if (effect.kind === 'removal') return effect;
  const { kind, streamId, settings } = effect;
  return { kind, streamId, settings: JSON.stringify(settings), isTombstoned: settings.tombstone === true };
}
