/** What a configuration may hold, looked at member by member. */

import type { AnyCommands, AnyDecider } from 'hindsightdb/commands';
import type { Process } from 'hindsightdb/processes';
import type { Timers } from 'hindsightdb/timers';
import { isObject } from '../../formats/json/json-object.ts';
import { UsageError } from '../failure.ts';
import type { Config } from './define-config.ts';

const known = new Set(['store', 'deciders', 'commands', 'projections', 'processes', 'timers', 'options']);

/** The contents of a configuration file, checked. Throws a `UsageError` that names the member. */
export function checkedConfig(path: string, value: unknown): Config {
  if (!isObject(value)) throw new UsageError(`${path} must export an object, like { store: './events.db' }.`);
  const strange = Object.keys(value).find((key) => !known.has(key));
  if (strange !== undefined)
    throw new UsageError(
      `${path} has a member ${JSON.stringify(strange)}, and a configuration has ${[...known].slice(0, -1).join(', ')} and options.`,
    );
  const { store, deciders, commands, projections, processes, timers, options } = value;
  if (store !== undefined && (typeof store !== 'string' || store === ''))
    throw new UsageError(`store in ${path} must be the address of a store, like './events.db'.`);
  if (deciders !== undefined && !isObject(deciders))
    throw new UsageError(`deciders in ${path} must be an object of deciders by category, like { order }.`);
  for (const [category, decider] of Object.entries(deciders ?? {})) {
    if (!isFold(decider))
      throw new UsageError(`deciders.${category} in ${path} is no decider: it has no evolve and initialState.`);
  }
  assertList(path, 'commands', commands, { made: 'defineCommands', isMade: isCommands });
  assertProjections(path, projections);
  assertList(path, 'processes', processes, { made: 'defineProcess', isMade: isProcess });
  assertList(path, 'timers', timers, { made: 'defineTimers', isMade: isTimers });
  if (options !== undefined && !isObject(options))
    throw new UsageError(`options in ${path} must be an object: what openStore takes.`);
  // Every member that the command uses was looked at above; openStore checks what is in the options.
  return value;
}

function isFold(value: unknown): boolean {
  return isObject(value) && typeof value['evolve'] === 'function' && 'initialState' in value;
}

/** Checks a list of things that have names. */
function assertList(
  path: string,
  member: string,
  list: unknown,
  { made, isMade }: { readonly made: string; readonly isMade: (value: unknown) => value is { readonly name: string } },
): void {
  if (list === undefined) return;
  if (!Array.isArray(list)) throw new UsageError(`${member} in ${path} must be an array of what ${made}() makes.`);
  const names = new Set<string>();
  for (const [index, each] of list.entries()) {
    if (!isMade(each)) throw new UsageError(`${member}[${index}] in ${path} is not what ${made}() makes.`);
    if (names.has(each.name)) throw new UsageError(`${member} in ${path} has ${each.name} twice.`);
    names.add(each.name);
  }
}

/** Whether a value is what `defineProcess` makes. */
function isProcess(value: unknown): value is Process {
  return (
    isObject(value) &&
    typeof value['name'] === 'string' &&
    value['on'] instanceof Map &&
    value['timers'] instanceof Map &&
    value['rejected'] instanceof Map
  );
}

/** Whether a value is what `defineTimers` makes. */
function isTimers(value: unknown): value is Timers {
  return isObject(value) && typeof value['name'] === 'string' && typeof value['fire'] === 'function';
}

/** Whether a value is what `defineCommands` makes. */
export function isCommands(value: unknown): value is AnyCommands {
  return (
    isObject(value) &&
    typeof value['name'] === 'string' &&
    typeof value['category'] === 'string' &&
    isDecider(value['decider']) &&
    value['schemas'] instanceof Map
  );
}

/** Whether a value is a decider. */
export function isDecider(value: unknown): value is AnyDecider {
  return isFold(value) && isObject(value) && typeof value['decide'] === 'function';
}

function assertProjections(path: string, projections: unknown): void {
  if (projections === undefined) return;
  if (!Array.isArray(projections))
    throw new UsageError(`projections in ${path} must be an array of projections, like [openOrders].`);
  const names = new Set<string>();
  for (const [index, projection] of projections.entries()) {
    if (!isObject(projection) || !(projection['handlers'] instanceof Map))
      throw new UsageError(`projections[${index}] in ${path} is no projection: defineProjection() makes one.`);
    const name = `${String(projection['name'])}@${String(projection['version'])}`;
    if (names.has(name))
      throw new UsageError(`projections in ${path} has ${name} twice.`, [
        'Versions of a projection may stand side by side, each with a number of its own.',
      ]);
    names.add(name);
  }
}
