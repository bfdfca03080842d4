/**
 * How rebuilds tell how far they are.
 */

/** How a rebuild tells its listener where it is, and when there is something to look at. */
export interface RebuildWatch {
  readonly report: (done: number, eventCount: number) => Promise<void>;
  readonly signal: AbortSignal | undefined;
}

/** All of them added up. */
export function sumOf(positions: readonly number[]): number {
  return positions.reduce((sum, position) => sum + position, 0);
}
