/** Leaves and blame by their definitions, written as plainly as can be: what history is tested against. */

/** The leaves of a state in its order, by JSON Pointer; the key of an element in place of its index where keys are named. */
export function naiveLeaves(
  value: unknown,
  elementKeys: Readonly<Record<string, string>> = {},
  segments: readonly string[] = [],
): [path: string, value: unknown][] {
  const path = segments.map((segment) => `/${segment.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  if (value === undefined) return [];
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) return [[path, value]];
  const below = Array.isArray(value)
    ? value.map((element, index): [string, unknown] => [
        keysOf(value, segments, elementKeys)?.[index] ?? String(index),
        element,
      ])
    : Object.entries(value);
  return below.flatMap(([segment, member]) => naiveLeaves(member, elementKeys, [...segments, segment]));
}

function keysOf(
  array: readonly unknown[],
  segments: readonly string[],
  elementKeys: Readonly<Record<string, string>>,
): string[] | undefined {
  const member = Object.entries(elementKeys).find(([pointer]) => {
    const wanted = pointer.split('/').slice(1);
    return wanted.length === segments.length && wanted.every((each, index) => each === '*' || each === segments[index]);
  })?.[1];
  if (member === undefined) return undefined;
  const keys = array.map((element: unknown) => {
    const key: unknown =
      typeof element === 'object' && element !== null && !Array.isArray(element) && Object.hasOwn(element, member)
        ? Reflect.get(element, member)
        : undefined;
    return typeof key === 'string' || typeof key === 'number' ? String(key) : undefined;
  });
  return keys.every((key) => key !== undefined) && new Set(keys).size === keys.length ? keys : undefined;
}

/** Who set what: the last version at which a leaf differs from the one before it. */
export function naiveBlame(
  states: readonly unknown[],
  elementKeys: Readonly<Record<string, string>>,
): { readonly leaves: [string, unknown, number | undefined][]; readonly deletions: ReadonlyMap<string, number> } {
  const all = states.map((state) => new Map(naiveLeaves(state, elementKeys)));
  const containers = states.map((state) => new Set(naiveContainers(state, elementKeys)));
  const text = (leaf: unknown): string => JSON.stringify(leaf) ?? 'none';
  const changedAt = (path: string): number | undefined => {
    for (let version = states.length - 1; version > 0; version -= 1)
      if (text(all[version]?.get(path)) !== text(all[version - 1]?.get(path))) return version;
    return undefined;
  };
  const last = all.at(-1) ?? new Map<string, unknown>();
  const deletions = new Map<string, number>();
  for (const path of new Set(all.flatMap((leaves) => [...leaves.keys()]))) {
    if (last.has(path)) continue;
    const gone = deletedAt(path, all, containers);
    if (gone !== undefined) deletions.set(path, gone);
  }
  return { leaves: [...last].map(([path, value]) => [path, value, changedAt(path)]), deletions };
}

/** The last version at which a leaf went without a container with contents taking its place. */
function deletedAt(
  path: string,
  all: readonly ReadonlyMap<string, unknown>[],
  containers: readonly ReadonlySet<string>[],
): number | undefined {
  for (let version = all.length - 1; version > 0; version -= 1) {
    const before = all[version - 1];
    if (before?.has(path) !== true || all[version]?.has(path) === true) continue;
    const value = before.get(path);
    const isFilled =
      typeof value === 'object' && value !== null && containers[version]?.has(`${kindOf(value)} ${path}`) === true;
    return isFilled ? undefined : version;
  }
  return undefined;
}

function naiveContainers(
  value: unknown,
  elementKeys: Readonly<Record<string, string>>,
  segments: readonly string[] = [],
): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const path = segments.map((segment) => `/${segment.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  const below = Array.isArray(value)
    ? value.map((element, index): [string, unknown] => [
        keysOf(value, segments, elementKeys)?.[index] ?? String(index),
        element,
      ])
    : Object.entries(value);
  return [
    `${kindOf(value)} ${path}`,
    ...below.flatMap(([segment, member]) => naiveContainers(member, elementKeys, [...segments, segment])),
  ];
}

function kindOf(value: object): string {
  return Array.isArray(value) ? 'array' : 'object';
}
