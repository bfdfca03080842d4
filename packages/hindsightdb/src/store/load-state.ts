/**
 * Loading the state of an entity: the newest usable snapshot, and the events behind it.
 */

import { argumentError } from '../core/errors.ts';
import type { Event, Recorded } from '../core/event.ts';
import { foldEvents, initialStateOf, type Fold } from '../core/fold.ts';
import { canonicalJson, jsonTextOf } from '../core/json.ts';
import { sha256Hex } from '../core/sha256.ts';
import { categoryOf } from '../core/stream-id.ts';
import type { SnapshotPolicy } from '../core/snapshot-policy.ts';
import { assertObject } from './argument-checks.ts';
import type { StreamMoment } from './as-of.ts';
import { assertOutputs, type Codec } from './codec.ts';
import { decodeEvents, recordedAs } from './decode.ts';
import { streamMomentPages } from './moment-events.ts';
import { readStreamPages } from './read.ts';
import type { StoreContext } from './settings.ts';

/** A fold that may keep snapshots. Every decider is one. */
export interface SnapshottedFold<State, Events extends Event> extends Fold<State, Events> {
  readonly category?: string;
  readonly version?: number | string;
  readonly snapshots?: SnapshotPolicy<State, Events>;
}

/** The state of an entity at a version of its stream. */
export interface Loaded<State> {
  readonly state: State;
  /** The version of the stream that the state includes; 0 where there is no stream. */
  readonly version: number;
}

/** The state of an entity as of a moment. */
export interface LoadedAsOf<State> extends Loaded<State> {
  /**
   * Events that are recorded later may still belong to the moment, so that the same question may have another answer then:
   * it asks for a time that is not over, or for what occurred. Absent where the answer is final.
   */
  readonly isProvisional?: true;
}

/** A state to fold on from: a snapshot, or what a cache remembers. */
export interface Baseline<State> extends Loaded<State> {
  /** The version that the newest snapshot holds; 0 where there is none. */
  readonly snapshotVersion: number;
}

/** A loaded state with what the next snapshot depends on. */
export interface LoadedEntity<State, Events extends Event> extends Baseline<State> {
  /** The events that were folded onto the baseline, as far as a snapshot policy asks for them. */
  readonly folded: readonly Recorded<Events>[];
}

/** Folds a stream from a baseline on, or from its beginning, up to `toVersion` inclusive. Memory does not grow with the stream. */
export async function foldStream<State, Events extends Event>(
  context: StoreContext,
  fold: SnapshottedFold<State, Events>,
  streamId: string,
  options: {
    readonly baseline?: Baseline<State> | undefined;
    readonly toVersion?: number | undefined;
    readonly signal?: AbortSignal | undefined;
  } = {},
): Promise<LoadedEntity<State, Events>> {
  const { baseline, toVersion = Number.MAX_SAFE_INTEGER } = options;
  let state = baseline === undefined ? initialStateOf(fold) : baseline.state;
  let version = baseline?.version ?? 0;
  let streamVersion = version;
  const isKeeping = fold.snapshots !== undefined && !('every' in fold.snapshots);
  let folded: Recorded<Events>[] = [];
  const pages = readStreamPages(context, streamId, {
    fromVersion: version + 1,
    toVersion,
    ...(options.signal && { signal: options.signal }),
  });
  for await (const page of pages()) {
    const events = recordedAs<Events>(await decodeEvents(context, page.events));
    state = foldEvents(fold, state, events);
    if (isKeeping) folded = folded.concat(events);
    streamVersion = page.version;
  }
  version = Math.min(toVersion, streamVersion);
  return { state, version, snapshotVersion: baseline?.snapshotVersion ?? 0, folded };
}

interface StoredSnapshot {
  readonly version: number;
  readonly state: unknown;
}

/**
 * The key of a snapshot in the keyed store. It names all that the state depends on: the stream, the fold by its declared
 * version or its source text, the upcasters, and the life of the log; a change of any of them leaves the old snapshot unused.
 */
export function snapshotKey<State, Events extends Event>(
  { engine, upcasterFingerprint }: StoreContext,
  fold: SnapshottedFold<State, Events>,
  streamId: string,
): string {
  const { logId, lineage } = engine.identity;
  const meaning = canonicalJson([
    fold.category ?? null,
    fold.version ?? { source: sourceDigest(fold.evolve) },
    upcasterFingerprint,
    logId,
    lineage.at(-1)?.epoch ?? '',
  ]);
  return snapshotPrefix(streamId) + digestCached(meaning);
}

/** The part of a key that all snapshots of a stream have in common. */
export function snapshotPrefix(streamId: string): string {
  return `snapshot/${streamId}/`;
}

const sourceDigests = new WeakMap<object, string>();

/** Tells folds apart that declare no version: two of one category would else take each other's states for their own. */
function sourceDigest(evolve: (state: never, event: never) => unknown): string {
  const known = sourceDigests.get(evolve);
  if (known !== undefined) return known;
  const digest = sha256Hex(evolve.toString());
  sourceDigests.set(evolve, digest);
  return digest;
}

const digests = new Map<string, string>();

function digestCached(meaning: string): string {
  const known = digests.get(meaning);
  if (known !== undefined) return known;
  // Few meanings exist in a process; the bound only keeps a strange use from growing without end.
  if (digests.size > 1000) digests.clear();
  const digest = sha256Hex(meaning).slice(0, 32);
  digests.set(meaning, digest);
  return digest;
}

/** Throws unless the stream is of the category that a fold declares. */
export function assertOfCategory(category: string | undefined, streamId: string): void {
  if (category === undefined || category === categoryOf(streamId)) return;
  throw argumentError(
    'INVALID_ARGUMENT',
    `Stream ${JSON.stringify(streamId)} is not of the declared category ${JSON.stringify(category)}; its id would begin with ${JSON.stringify(`${category}-`)}.`,
  );
}

/** The newest snapshot of an entity under this fold, or undefined. One that cannot be read counts as none. */
export async function readSnapshot<State, Events extends Event>(
  context: StoreContext,
  fold: SnapshottedFold<State, Events>,
  streamId: string,
): Promise<Baseline<State> | undefined> {
  if (fold.snapshots === undefined) return undefined;
  const entry = await context.engine.keyedGet(snapshotKey(context, fold, streamId));
  if (entry === undefined) return undefined;
  try {
    const { version, state } = parseSnapshot(entry.value);
    const decoded = context.codec === undefined ? state : await decodeState(context.codec, streamId, state);
    // The key holds the fold's version: what was written under it is a state of this fold.
    return { state: decoded as State, version, snapshotVersion: version };
  } catch {
    // The events are there; whatever is wrong with a codec shows again when they are read.
    return undefined;
  }
}

function parseSnapshot(value: string): StoredSnapshot {
  const parsed: unknown = JSON.parse(value);
  assertObject('A snapshot', parsed);
  if (!('version' in parsed) || !('state' in parsed)) throw new TypeError('A snapshot has a version and a state.');
  const { version, state } = parsed;
  if (typeof version !== 'number') throw new TypeError('The version of a snapshot is a number.');
  return { version, state };
}

async function decodeState(codec: Codec, streamId: string, state: unknown): Promise<unknown> {
  const outputs = await codec.decode([codecItem(streamId, JSON.stringify(state))]);
  assertOutputs(outputs, 1);
  return JSON.parse(outputs[0]?.data ?? '');
}

/** Keeps a snapshot. An older one of the same fold is replaced. Throws `NOT_JSON` for a state that has no JSON form, such as undefined. */
export async function writeSnapshot<State, Events extends Event>(
  context: StoreContext,
  fold: SnapshottedFold<State, Events>,
  streamId: string,
  loaded: Loaded<State>,
): Promise<void> {
  const plain = jsonTextOf('A state to be kept as a snapshot', loaded.state);
  const encoded = context.codec === undefined ? plain : await encodeState(context.codec, streamId, plain);
  await context.engine.keyedWrite([
    { key: snapshotKey(context, fold, streamId), value: `{"version":${loaded.version},"state":${encoded}}` },
  ]);
}

async function encodeState(codec: Codec, streamId: string, plain: string): Promise<string> {
  const outputs = await codec.encode([codecItem(streamId, plain)]);
  // Without an answer nothing is written: the plain state must not be.
  assertOutputs(outputs, 1);
  return outputs[0]?.data ?? '';
}

function codecItem(streamId: string, data: string) {
  return { kind: 'snapshot' as const, streamId, type: 'snapshot', data, metadata: '{}' };
}

/** Loads an entity as of its newest version, or as of an earlier one. A snapshot that lies later is not used. */
export async function loadEntity<State, Events extends Event>(
  context: StoreContext,
  fold: SnapshottedFold<State, Events>,
  streamId: string,
  options: { readonly toVersion?: number | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<LoadedEntity<State, Events>> {
  const snapshot = await readSnapshot(context, fold, streamId);
  const isUsable = snapshot !== undefined && snapshot.version <= (options.toVersion ?? Number.MAX_SAFE_INTEGER);
  const loaded = await foldStream(context, fold, streamId, { ...options, baseline: isUsable ? snapshot : undefined });
  // A snapshot of more than the stream holds is of another past; it counts for nothing.
  return isUsable && loaded.version < snapshot.version ? await foldStream(context, fold, streamId, options) : loaded;
}

/** Loads an entity as of a moment. Snapshots serve where all events up to a version are folded in their order. */
export async function loadMoment<State, Events extends Event>(
  context: StoreContext,
  fold: SnapshottedFold<State, Events>,
  streamId: string,
  options: { readonly moment: StreamMoment; readonly signal?: AbortSignal | undefined },
): Promise<LoadedAsOf<State>> {
  return (await loadExistence(context, fold, streamId, options)).loaded;
}

/** The same, and whether the entity existed: by occurrence that is not to be seen from its version. */
export async function loadExistence<State, Events extends Event>(
  context: StoreContext,
  fold: SnapshottedFold<State, Events>,
  streamId: string,
  options: { readonly moment: StreamMoment; readonly signal?: AbortSignal | undefined },
): Promise<{ readonly loaded: LoadedAsOf<State>; readonly exists: boolean }> {
  const { moment, signal } = options;
  const { toVersion } = moment;
  const provisional = moment.isProvisional ? ({ isProvisional: true } as const) : {};
  if (moment.occurredUntil === undefined) {
    const { state, version } = await loadEntity(context, fold, streamId, { toVersion, signal });
    return { loaded: { state, version, ...provisional }, exists: version > 0 };
  }
  let state = initialStateOf(fold);
  let exists = false;
  for await (const { events } of streamMomentPages(context, streamId, moment, { signal })) {
    state = foldEvents(fold, state, recordedAs<Events>(events));
    exists ||= events.length > 0;
  }
  const { version } = await context.engine.streamInfo(streamId);
  return { loaded: { state, version: Math.min(version, toVersion), ...provisional }, exists };
}
