/**
 * The settings of a stream: how much of it is shown, and whether it has ended. They are recorded as events of their own and
 * change what a read of the stream shows, never what is stored.
 */

/** What may be set on a stream. Every change is recorded whole; what is left out is unset. */
export interface StreamSettings {
  /** The first version that is shown; earlier events are hidden from reads of the stream. */
  readonly truncateBefore?: number;
  /** How many of the newest events are shown. */
  readonly maxCount?: number;
  /** How old a shown event may be, in milliseconds, measured by `recordedAt` against the clock at the read. */
  readonly maxAgeMs?: number;
  /** The stream has ended for good: nothing is shown and nothing can be appended. */
  readonly tombstone?: true;
  /** The user's own settings, kept and given back. */
  readonly custom?: Readonly<Record<string, unknown>>;
}

/** The type of the event that records settings. */
export const settingsChangedType = '$settingsChanged';
/** The type of the event that records a physical removal. */
export const eventsRemovedType = '$eventsRemoved';

/**
 * The first version that truncation, count and tombstone leave visible in a stream of that version. Age is judged apart,
 * by {@link oldestShownAt}, since it needs the events' times.
 */
export function firstShownVersion(settings: StreamSettings | undefined, version: number): number {
  if (settings === undefined) return 1;
  if (settings.tombstone === true) return version + 1;
  const byCount = settings.maxCount === undefined ? 1 : version - settings.maxCount + 1;
  return Math.max(1, settings.truncateBefore ?? 1, byCount);
}

/** Events recorded before this time, in microseconds since 1970, are not shown; undefined where age does not matter. */
export function oldestShownAt(settings: StreamSettings | undefined, nowMicros: number): number | undefined {
  return settings?.maxAgeMs === undefined ? undefined : nowMicros - settings.maxAgeMs * 1000;
}
