/**
 * The part of the Standard Schema interface (standardschema.dev, version 1) that the store calls. Zod, Valibot, ArkType and
 * others implement it; the types are written out here so that the library needs none of them.
 */

import { pointerTo } from './json-pointer.ts';

/** A schema of any library that implements the interface. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What a validation gives: the value as the schema makes it, or what is wrong. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** One complaint of a schema, and where in the value. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** The path of an issue as a JSON Pointer (RFC 6901). */
export function pointerOf(issue: SchemaIssue): string {
  const keys = (issue.path ?? []).map((segment) => String(typeof segment === 'object' ? segment.key : segment));
  return keys.reduce(pointerTo, '');
}
