/**
 * What a project tells the command: which store it works on, and the deciders, commands, projections, process managers and events that
 * give its contents a meaning.
 */

import type { ElementKeys, StoreOptions } from 'hindsightdb';
import type { AnyCommands } from 'hindsightdb/commands';
import type { Process } from 'hindsightdb/processes';
import type { Projection } from 'hindsightdb/projections';
import type { Timers } from 'hindsightdb/timers';

/** A decider, or any fold, whatever its types. Only the command folds with it, over events that it takes from the store. */
export interface AnyFold {
  readonly category?: string;
  readonly initialState: unknown;
  readonly evolve: (state: never, event: never) => unknown;
  readonly version?: number | string;
  readonly snapshots?: object;
  readonly isTerminal?: (state: never) => boolean;
  readonly elementKeys?: ElementKeys;
}

/** The contents of `hindsight.config.ts`. */
export interface Config {
  /** The address of the store, relative to the file of the configuration. `--store` and HINDSIGHT_STORE go before it. */
  readonly store?: string;
  /** Deciders by the category of their streams; `hindsight state`, `timeline`, `diff`, `blame` and `bisect` fold with them. */
  readonly deciders?: Readonly<Record<string, AnyFold>>;
  /** Commands as `defineCommands` declares them; `hindsight commands` submits and runs them, and checks their decisions. */
  readonly commands?: readonly AnyCommands[];
  /** Projections, in any versions; `hindsight projections` rebuilds and checks their views. */
  readonly projections?: readonly Projection[];
  /** Process managers; `hindsight processes` runs them, and the commands that look at the past fold their instances with them. */
  readonly processes?: readonly Process[];
  /** What follows when timers are due; `hindsight timers fire` fires them. */
  readonly timers?: readonly Timers[];
  /** How the application opens its store: event schemas, upcasters, a codec, metadata. */
  readonly options?: Omit<StoreOptions, 'create' | 'readOnly'>;
}

/**
 * Declares a configuration; what it is given is what it returns.
 *
 * ```ts
 * // hindsight.config.ts
 * import { defineConfig } from 'hindsight-kit';
 *
 * export default defineConfig({ store: './shop.db' });
 * ```
 */
export function defineConfig(config: Config): Config {
  return config;
}
