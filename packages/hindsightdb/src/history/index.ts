/**
 * History: what an entity was at any moment, how it got there, and which event set which part of it.
 */

export { applyChanges } from './apply-changes.ts';
export { bisect, type Bisected, type StatePredicate } from './bisect.ts';
export { blame, type Blame, type BlamedLeaf, type BlameOptions, type DeletedLeaf } from './blame.ts';
export {
  bisectCategory,
  diffCategory,
  statesOf,
  type BisectedEntity,
  type CategoryDiffOptions,
  type CategoryOptions,
  type EntityChange,
  type EntityState,
} from './category-history.ts';
export { causationOf, type CausationOptions, type EventReference } from './causation.ts';
export type { CausationNode, CausationTree } from './causation-tree.ts';
export type { CausingCommand } from './kept-commands.ts';
export { changesBetween, type Change, type CompareOptions } from './changes.ts';
export {
  checkHistory,
  type AnyFold,
  type CheckHistoryOptions,
  type FoldsByCategory,
  type HistoryReport,
} from './check-history.ts';
export { diff, type DiffOptions, type EntityDiff } from './diff.ts';
export type { EntitiesOptions } from './entities.ts';
export { foldLog, type FoldedLog, type FoldLogOptions } from './fold-log.ts';
export type { HistoryFinding } from './history-finding.ts';
export type { HistoryOptions } from './steps.ts';
export { timeline, TimelineEntry, type TimelineOptions } from './timeline.ts';
