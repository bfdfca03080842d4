/** What features of the library see of the storage contract. */

export type {
  Engine,
  KeyedEntry,
  KeyedScanRequest,
  KeyedWrite,
  LogFilter,
  LogIdentity,
  StoredEvent,
} from '../engine/contract.ts';
export type {
  Pending,
  PendingText,
  SqlPart,
  SqlRow,
  SqlStatement,
  SqlValue,
  SqlWrite,
  ViewKeyedWrite,
  ViewWrite,
} from '../engine/views.ts';
