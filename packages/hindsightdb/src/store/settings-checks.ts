/**
 * Checks of what a store is opened with, and of what the functions in it answer.
 */

import { argumentError } from '../core/errors.ts';
import { jsonTextOf } from '../core/json.ts';
import { embeddedLimits } from '../core/limits.ts';
import { assertNotReserved } from '../core/stream-id.ts';
import { assertName, describe } from '../core/text.ts';
import { assertFunction, assertObject, assertOptionalBoolean, assertWhole } from './argument-checks.ts';
import type { StoreOptions } from './settings.ts';

/** Throws a `TypeError` that names the option which is not of its form. */
export function assertStoreOptions(options: StoreOptions): void {
  assertObject('options', options);
  const { create, readOnly, events, strictTypes, upcasters, metadata, limits, codec, now, newId } = options;
  assertOptionalBoolean('create', create);
  assertOptionalBoolean('readOnly', readOnly);
  assertOptionalBoolean('strictTypes', strictTypes);
  if (events !== undefined) assertRegistry(events);
  if (upcasters !== undefined) assertUpcasters(upcasters);
  if (metadata !== undefined) {
    assertObject('metadata', metadata);
    jsonTextOf('The metadata', metadata);
  }
  if (limits !== undefined && limits !== 'engine' && limits !== 'portable')
    throw argumentError('INVALID_ARGUMENT', `limits must be 'engine' or 'portable', not ${describe(limits)}.`);
  if (codec !== undefined) {
    assertObject('codec', codec);
    for (const name of ['encode', 'decode']) assertFunction(`codec.${name}`, Reflect.get(codec, name));
  }
  assertFunction('now', now, { isOptional: true });
  assertFunction('newId', newId, { isOptional: true });
  if (options.inline !== undefined) assertInline(options.inline);
  const { partitionCount = 1, pendingAppendsMax = 1 } = options;
  assertWhole('partitionCount', partitionCount, { min: 1, max: 1024 });
  assertWhole('pendingAppendsMax', pendingAppendsMax, { min: 1, max: 1_000_000 });
}

function assertRegistry(events: object): void {
  assertObject('events', events);
  for (const [type, entry] of Object.entries<unknown>({ ...events })) {
    assertName('An event type of events', type, embeddedLimits.typeBytesMax);
    assertNotReserved('The event type', type);
    if (isSchema(entry)) continue;
    assertObject(`events.${type}`, entry);
    const schema: unknown = Reflect.get(entry, 'schema');
    if (schema !== undefined && !isSchema(schema))
      throw argumentError(
        'INVALID_ARGUMENT',
        `events.${type}.schema must be a Standard Schema, with a member "~standard" that validates, not ${describe(schema)}.`,
      );
    assertOptionalBoolean(`events.${type}.carriesState`, Reflect.get(entry, 'carriesState'));
  }
}

/** Whether a value is a schema. Some libraries make objects of them, some functions. */
function isSchema(value: unknown): boolean {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const standard: unknown = Reflect.get(value, '~standard');
  return typeof standard === 'object' && standard !== null && typeof Reflect.get(standard, 'validate') === 'function';
}

function assertUpcasters(upcasters: unknown): void {
  if (!Array.isArray(upcasters))
    throw argumentError('INVALID_ARGUMENT', `upcasters must be an array, not ${describe(upcasters)}.`);
  upcasters.forEach((upcaster: unknown, index) => {
    const what = `upcasters[${index}]`;
    assertObject(what, upcaster);
    const type: unknown = Reflect.get(upcaster, 'type');
    if (typeof type !== 'string')
      throw argumentError('INVALID_ARGUMENT', `${what}.type must be an event type, not ${describe(type)}.`);
    assertFunction(`${what}.upcast`, Reflect.get(upcaster, 'upcast'));
    assertFunction(`${what}.when`, Reflect.get(upcaster, 'when'), { isOptional: true });
  });
}

function assertInline(inline: unknown): void {
  if (!Array.isArray(inline))
    throw argumentError('INVALID_ARGUMENT', `inline must be an array, not ${describe(inline)}.`);
  inline.forEach((view: unknown, index) => {
    assertObject(`inline[${index}]`, view);
    if (typeof Reflect.get(view, 'openInline') !== 'function')
      throw argumentError(
        'INVALID_ARGUMENT',
        `inline[${index}] must be a projection that was defined with inline: true.`,
      );
  });
}

/** A clock of the user's as the engines need it: whole microseconds, checked each time. */
export function checkedClock(now: () => number): () => number {
  return () => {
    const micros: unknown = now();
    const whole = typeof micros === 'number' ? Math.floor(micros) : Number.NaN;
    if (Number.isSafeInteger(whole)) return whole;
    throw argumentError('INVALID_ARGUMENT', `now must give microseconds since 1970, not ${describe(micros)}.`);
  };
}

/** A maker of ids of the user's, checked each time. */
export function checkedIdMaker(newId: () => string): () => string {
  return () => {
    const id: unknown = newId();
    assertName('The id that newId made', id, embeddedLimits.idBytesMax);
    return id;
  };
}
