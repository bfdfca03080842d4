/** Schemas by hand: what a value must be, in the form of Standard Schema, which any validation library speaks as well. */

import type { StandardSchema } from 'hindsightdb';

/** Says what is wrong with a value; undefined where nothing is. */
export type Check = (value: unknown) => string | undefined;

/** A text that is not empty. */
export const text: Check = (value) => (typeof value === 'string' && value.trim() !== '' ? undefined : 'must be a text');

/** A whole number from 1 on. */
export const count: Check = (value) =>
  Number.isSafeInteger(value) && Number(value) >= 1 ? undefined : 'must be a whole number from 1 on';

/** An object whose members satisfy these checks; members besides are refused. */
export function object(members: Readonly<Record<string, Check>>): Check {
  return (value) => {
    if (typeof value !== 'object' || value === null) return 'must be an object';
    const strange = Object.keys(value).find((name) => !(name in members));
    if (strange !== undefined) return `has a member ${strange} that nobody knows`;
    for (const [name, check] of Object.entries(members)) {
      const wrong = check(Reflect.get(value, name));
      if (wrong !== undefined) return `${name} ${wrong}`;
    }
    return undefined;
  };
}

/** A schema for data of a type. That the checks describe the type is whoever writes both to see to. */
export function shape<Data>(members: Readonly<Record<string, Check>>): StandardSchema<Data> {
  const check = object(members);
  return {
    '~standard': {
      version: 1,
      vendor: 'orders',
      validate: (value) => {
        const wrong = check(value);
        // The checks were made for this type.
        return wrong === undefined ? { value: value as Data } : { issues: [{ message: `The data ${wrong}.` }] };
      },
    },
  };
}
