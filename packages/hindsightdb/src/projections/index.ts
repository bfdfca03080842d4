/**
 * Projections: read models that are kept of events, inline, asynchronously, or on demand.
 */

export { defineProjection, projectionsOf } from './define-projection.ts';
export type {
  EventsOfStore,
  HandlersFor,
  InlineEvent,
  InlineHandlersFor,
  InlineProjection,
  InlineProjectionDefinition,
  InlineRecorded,
  Projection,
  ProjectionDefinition,
  ProjectionMaker,
  ProjectionOptions,
  ReaderOf,
  View,
  WriteOf,
  Writes,
} from './projection.ts';
export {
  documents,
  type DocumentIndex,
  type DocumentsOptions,
  type DocumentsView,
  type DocumentWrite,
  type IndexedField,
  type RemoveDocument,
  type SetDocument,
  type Storable,
  type UpdateDocument,
} from './documents.ts';
export type { IndexedValue } from './index-value.ts';
export type { DocumentPage, DocumentReader, FindRequest, FoundDocument } from './document-reader.ts';
export { sqlTables, type SqlTableOptions, type SqlView } from './sql-tables.ts';
export { sql, type SqlTable, type SqlTemplateValue, type SqlText } from './sql-text.ts';
export type { SqlReader } from './sql-reader.ts';
export type { PendingFact, PendingNumber, PendingTime } from './pending-fact.ts';
export { runProjection, type RunningProjection, type RunProjectionOptions } from './run-projection.ts';
export type { BuildOptions } from './build-run.ts';
export { viewOf } from './view-reader.ts';
export { rebuildProjection, type Rebuilt, type RebuildOptions, type RebuildProgress } from './rebuild-projection.ts';
export { rebuildEntity, rebuildFrom, type PartialRebuildOptions, type PartlyRebuilt } from './partial-rebuild.ts';
export { checkProjection, type CheckProjectionOptions, type ProjectionReport } from './check-projection.ts';
export type { ViewDifference } from './view-difference.ts';
export { foldLive, LiveView, type FoldLiveOptions } from './fold-live.ts';
export { listViews, type KeptBuild, type KeptView } from './kept-views.ts';
export { removeView } from './remove-view.ts';
export { removeReplacedBuilds, type RemoveBuildsOptions } from './replaced-builds.ts';
export { waitForView, type WaitForViewOptions } from './wait-for-view.ts';
export type { ViewMode } from './view-pointer.ts';
