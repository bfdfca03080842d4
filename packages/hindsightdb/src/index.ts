/**
 * Hindsight: an append-only event store and event-sourcing toolkit.
 */

export { openStore, restoreStore, storeOver } from './store/open.ts';
export { Store, type LoadOptions, type StreamAppendOptions } from './store/store.ts';
export type { ListStreamsOptions } from './store/list-streams.ts';
export type {
  AppendCondition,
  AppendedStream,
  AppendOptions,
  AppendRequest,
  AppendResult,
  StreamAppend,
} from './store/append.ts';
export type { Codec, CodecItem, CodecOutput } from './store/codec.ts';
export type { AsOf, RecordedMoment } from './store/as-of.ts';
export type { InlineView } from './store/inline-view.ts';
export type { Loaded, LoadedAsOf, SnapshottedFold } from './store/load-state.ts';
export type { Place } from './store/places.ts';
export type { LogReadOptions, ReadOptions, StreamReadOptions } from './store/read-options.ts';
export type { LogPage, StreamPage } from './store/read.ts';
export { Reading, type PageOf } from './store/reading.ts';
export type { EventDefinition, EventInputsOf, EventRegistry, EventsOf, StoreOptions } from './store/settings.ts';
export type { SubscribeOptions, SubscriptionPage } from './store/subscribe.ts';
export type { ExpectedVersion } from './core/condition.ts';
export { defineDecider, type Decider } from './core/decider.ts';
export { isCheckpoint, type Checkpoint } from './core/checkpoint.ts';
export {
  ConflictError,
  errorCodes,
  HindsightError,
  isConflict,
  isHindsightError,
  ValidationError,
  type Conflict,
  type ErrorCode,
  type Issue,
} from './core/errors.ts';
export { removedType, type Event, type Metadata, type Recorded, type RecordedEvent } from './core/event.ts';
export type { ElementKeys, Fold } from './core/fold.ts';
export { embeddedLimits, portableLimits, type Limits } from './core/limits.ts';
export type { Query, QueryItem } from './core/query.ts';
export { RawJson, rawJson } from './core/raw-json.ts';
export { dataTextOf } from './core/record.ts';
export type { SnapshotPolicy } from './core/snapshot-policy.ts';
export type { StandardSchema } from './core/standard-schema.ts';
export { categoryOf } from './core/stream-id.ts';
export type { StreamSettings } from './core/stream-settings.ts';
export type { Upcaster, UpcastEvent } from './core/upcast.ts';
export type {
  Capabilities,
  CheckFinding,
  CheckReport,
  EngineStatistics,
  LogIdentity,
  LongWork,
  Progress,
  StoredEvent,
  StreamInfo,
} from './engine/contract.ts';
export { handle, type HandleOptions, type HandleResult } from './commands/handle.ts';
