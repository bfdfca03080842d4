/** Where a store lies, as something else than an address in text: whatever can open an engine. */

import type { Engine } from './contract.ts';

/** What the store hands to whoever opens its engine. */
export interface EngineOpening {
  readonly create: boolean;
  readonly readOnly: boolean;
  readonly pendingAppendsMax: number;
  /** For a new log. */
  readonly partitionCount: number;
  /** The clock that the user set, in microseconds since 1970; undefined where none was set, and the engine may use its own. */
  readonly now: (() => number) | undefined;
  readonly newId: () => string;
}

/** A place that a store can be opened at, made by an engine's own function, such as `postgres({ pool })`. */
export interface EngineSource {
  readonly openEngine: (opening: EngineOpening) => Promise<Engine>;
}
