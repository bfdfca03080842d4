/** Schemas for tests, written by hand against the interface that the libraries of schemas share. */

import type { SchemaResult, StandardSchema } from '../../src/core/standard-schema.ts';

/** A schema that validates with a function. */
export function schemaOf<Input, Output = Input>(
  validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>,
): StandardSchema<Input, Output> {
  return { '~standard': { version: 1, vendor: 'test', validate } };
}

/** Data with an amount: text is taken for a number, and a negative one is refused. */
export const amountSchema: StandardSchema<{ readonly amount: number | string }, { readonly amount: number }> = schemaOf(
  (value) => {
    const amount = Number(typeof value === 'object' && value !== null ? Reflect.get(value, 'amount') : undefined);
    if (Number.isNaN(amount)) return { issues: [{ message: 'is no number', path: ['amount'] }] };
    return amount < 0 ? { issues: [{ message: 'is negative', path: [{ key: 'amount' }] }] } : { value: { amount } };
  },
);

/** A schema that answers when it is told to. */
export function gatedSchema() {
  const gates: (() => void)[] = [];
  const schema = schemaOf<unknown>(async (value) => {
    await new Promise<void>((resolve) => gates.push(resolve));
    return { value };
  });
  return {
    schema,
    /** How many validations wait. */
    get waiting() {
      return gates.length;
    },
    /** Lets every validation that waits go on, the last one first. */
    open: () => {
      for (const gate of gates.splice(0).toReversed()) gate();
    },
  };
}
