/**
 * Where two values differ. A member that is undefined counts as absent.
 */

/** The first place where a value differs from the expected one, with both sides; undefined where they are equal. */
export function firstDifference(actual: unknown, expected: unknown, path = ''): string | undefined {
  if (Object.is(actual, expected)) return undefined;
  if (Array.isArray(actual) && Array.isArray(expected)) return listDifference(actual, expected, path);
  if (actual instanceof Set && expected instanceof Set)
    return listDifference(membersOf(actual), membersOf(expected), path);
  if (isPlain(actual) && isPlain(expected)) {
    for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
      const found = firstDifference(memberOf(actual, key), memberOf(expected, key), `${path}.${key}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  return `${path === '' ? '' : `at ${path}: `}got ${show(actual)}, expected ${show(expected)}`;
}

function listDifference(actual: readonly unknown[], expected: readonly unknown[], path: string): string | undefined {
  for (let index = 0; index < Math.min(actual.length, expected.length); index += 1) {
    const found = firstDifference(actual[index], expected[index], `${path}[${index}]`);
    if (found !== undefined) return found;
  }
  if (actual.length === expected.length) return undefined;
  const [longer, verb] = actual.length > expected.length ? [actual, 'surplus'] : [expected, 'missing'];
  const first = Math.min(actual.length, expected.length);
  return `${path === '' ? '' : `at ${path}: `}got ${actual.length} items, expected ${expected.length}; the first ${verb} one is [${first}] ${show(longer[first])}`;
}

/** The members of a set in an order that does not depend on how they came into it. */
function membersOf(set: ReadonlySet<unknown>): readonly string[] {
  return [...set].map(show).toSorted();
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return !Array.isArray(value) && !(value instanceof Set) && !(value instanceof Map);
}

function memberOf(value: object, key: string): unknown {
  // An own member only: settings of users may hold keys such as __proto__.
  return Object.getOwnPropertyDescriptor(value, key)?.value;
}

/** A value as short text for a message. */
export function show(value: unknown): string {
  if (value === undefined) return 'undefined';
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  const text =
    JSON.stringify(value, (_, member: unknown) => (typeof member === 'bigint' ? `${member}n` : member)) ?? typeof value;
  return text.length > 300 ? `${text.slice(0, 300)}… (${text.length} characters)` : text;
}
