/**
 * Opening a store: the address chooses the engine, which is imported only then.
 */

import { argumentError, HindsightError } from '../core/errors.ts';
import type { Metadata } from '../core/event.ts';
import { portableLimits } from '../core/limits.ts';
import { upcasterFingerprint } from '../core/upcast.ts';
import { describe } from '../core/text.ts';
import { uuidV7Maker } from '../core/uuid.ts';
import type { Engine, LogIdentity, LongWork } from '../engine/contract.ts';
import type { EngineOpening, EngineSource } from '../engine/engine-source.ts';
import { MemoryEngine } from '../engine/memory.ts';
import type { SqlTables } from '../engine/sql-tables.ts';
import { assertFunction, assertObject, assertPlace, assertWork } from './argument-checks.ts';
import { assertStoreOptions, checkedClock, checkedIdMaker } from './settings-checks.ts';
import type {
  EventDefinition,
  EventInputsOf,
  EventRegistry,
  EventsOf,
  StoreContext,
  StoreOptions,
} from './settings.ts';
import { Store } from './store.ts';

/**
 * Opens the store at an address, and makes it where there is none.
 *
 * - `./shop.db`, `sqlite:./shop.db`, `file:…`: the embedded store in a file;
 * - `memory:`: a store in memory, gone with the process;
 * - `postgres://…/database?schema=name`: a store on PostgreSQL, which needs the package `pg`;
 * - what an engine's own function gives, such as `postgres({ pool })` of `hindsightdb/postgres`.
 *
 * Throws `STORE_NOT_FOUND` (with `create: false`), `FOREIGN_FILE`, `FORMAT_TOO_NEW`, `STORE_CORRUPT`, `STORE_READ_ONLY`,
 * `RUNTIME_TOO_OLD` or `ENGINE_UNAVAILABLE`, each with what to do.
 */
export async function openStore<const Registry extends EventRegistry = EventRegistry>(
  address: string | URL | EngineSource,
  options: StoreOptions<Registry> = {},
): Promise<Store<EventsOf<Registry>, EventInputsOf<Registry>>> {
  assertStoreOptions(options);
  const shared = sharedOf(options);
  const engine = await resolveEngine(address, options, shared);
  const store = new Store<EventsOf<Registry>, EventInputsOf<Registry>>(
    contextOf(engine, options, shared),
    options.inline,
  );
  try {
    await store.inline?.ready();
  } catch (error) {
    await store.close();
    throw error;
  }
  return store;
}

/** Puts a store over an engine that is open already: for engines that others write, and for tests of them. */
export function storeOver<const Registry extends EventRegistry = EventRegistry>(
  engine: Engine,
  options: StoreOptions<Registry> = {},
): Store<EventsOf<Registry>, EventInputsOf<Registry>> {
  assertObject('engine', engine);
  assertFunction('engine.append', Reflect.get(engine, 'append'));
  assertStoreOptions(options);
  return new Store(contextOf(engine, options, sharedOf(options)), options.inline);
}

/**
 * Makes a new store from a backup, and gives back its identity. Both places are addresses as `openStore` takes them. The log continues in a new epoch: checkpoints
 * taken after the backup are recognised as not its own (`CHECKPOINT_DIVERGED`) instead of silently pointing at other events.
 *
 * Throws `STORE_EXISTS` when something is at the destination, `STORE_NOT_FOUND`, and what is wrong with the backup.
 */
export async function restoreStore(backup: string, destination: string, work: LongWork = {}): Promise<LogIdentity> {
  assertPlace('backup', backup);
  assertPlace('destination', destination);
  assertWork(work);
  const { restoreFile } = await import('../engines/sqlite/restore.ts');
  const newId = uuidV7Maker(Date.now, randomBytes);
  return await restoreFile(backup, destination, { ...work, newId, now: systemMicros });
}

interface Shared {
  readonly now: () => number;
  readonly newId: () => string;
}

function sharedOf({ now, newId }: StoreOptions): Shared {
  return {
    now: now === undefined ? systemMicros : checkedClock(now),
    newId: newId === undefined ? uuidV7Maker(Date.now, randomBytes) : checkedIdMaker(newId),
  };
}

async function resolveEngine(
  address: string | URL | EngineSource,
  options: StoreOptions,
  shared: Shared,
): Promise<Engine> {
  if (isEngineSource(address)) return await address.openEngine(openingOf(options, shared));
  const text = address instanceof URL ? address.href : address;
  if (typeof text !== 'string' || /^(sqlite:)?$/i.test(text))
    throw argumentError('INVALID_ARGUMENT', `The address of a store must be a path or a URL, not ${describe(text)}.`);
  const { partitionCount = 1, pendingAppendsMax = 10_000, create = true, readOnly = false } = options;
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(text)?.[1]?.toLowerCase();
  switch (scheme) {
    case 'memory':
      if (readOnly || !create)
        throw argumentError(
          'INVALID_ARGUMENT',
          'A store in memory is made when it is opened: readOnly and create: false have no meaning for it.',
        );
      return new MemoryEngine({ ...shared, partitionCount, ...(await tablesInMemory()) });
    case undefined:
    case 'sqlite':
    case 'file': {
      if (partitionCount !== 1) throw argumentError('INVALID_ARGUMENT', 'The embedded log has exactly one partition.');
      const { openSqliteEngine } = await import('../engines/sqlite/open.ts');
      return await openSqliteEngine({
        ...shared,
        address: text,
        create,
        readOnly,
        pendingAppendsMax,
      });
    }
    case 'postgres':
    case 'postgresql': {
      const { placeOfAddress, postgres } = await import('../engines/postgres/address.ts');
      return await postgres(placeOfAddress(text)).openEngine(openingOf(options, shared));
    }
    default:
      throw new HindsightError(
        'ENGINE_UNAVAILABLE',
        `No engine is known for ${scheme}: addresses. Known are paths, sqlite:, memory: and postgres:.`,
      );
  }
}

function isEngineSource(address: unknown): address is EngineSource {
  return typeof address === 'object' && address !== null && typeof Reflect.get(address, 'openEngine') === 'function';
}

function openingOf(options: StoreOptions, { now, newId }: Shared): EngineOpening {
  const { partitionCount = 1, pendingAppendsMax = 10_000, create = true, readOnly = false } = options;
  return { create, readOnly, pendingAppendsMax, partitionCount, now: options.now && now, newId };
}

/** SQL for the memory engine, where the runtime has it. */
async function tablesInMemory(): Promise<{ readonly sqlTables?: SqlTables }> {
  const sqlite = typeof process === 'undefined' ? undefined : process.getBuiltinModule?.('node:sqlite');
  if (sqlite === undefined) return {};
  const { memoryTables } = await import('../engines/sqlite/memory-tables.ts');
  const sqlTables = memoryTables();
  return sqlTables === undefined ? {} : { sqlTables };
}

function contextOf(engine: Engine, options: StoreOptions, shared: Shared): StoreContext {
  const { upcasters = [], strictTypes = false, limits = 'engine', codec } = options;
  const release = environmentRelease();
  const metadata: Metadata = { ...(release !== undefined && { release }), ...options.metadata };
  return {
    ...shared,
    engine,
    definitions: definitionsOf(options.events ?? {}),
    strictTypes,
    upcasters,
    upcasterFingerprint: upcasterFingerprint(upcasters),
    metadata,
    limits: limits === 'portable' ? portableLimits : engine.capabilities.limits,
    codec,
  };
}

function definitionsOf(registry: EventRegistry): ReadonlyMap<string, EventDefinition> {
  return new Map(
    Object.entries(registry).map(([type, entry]) => [type, '~standard' in entry ? { schema: entry } : entry]),
  );
}

/** The build that runs, where the environment names it: read without Node's modules, since browsers open stores too. */
function environmentRelease(): string | undefined {
  return typeof process === 'undefined' ? undefined : process.env['HINDSIGHT_RELEASE'];
}

/**
 * The system's clock. What the monotonic clock has gone on since a millisecond was first seen is put behind it, so that times of one
 * millisecond mostly differ, and never go back within it.
 */
function systemMicros(): number {
  const millis = Date.now();
  const monotonic = performance.now();
  if (millis !== seen.millis) seen = { millis, monotonic };
  return millis * 1000 + Math.min(999, Math.floor((monotonic - seen.monotonic) * 1000));
}

/** The newest millisecond, and what the monotonic clock said when it was first seen. */
let seen = { millis: 0, monotonic: 0 };

function randomBytes(count: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(count));
}
