/**
 * Attributes of XES: typed, nested, in lists and containers, as they stand in a file.
 */

import type { XmlElement } from '../xml/xml-handler.ts';
import { BadRowError } from '../source/bad-input.ts';

/** The kinds of attributes, by the names of their elements. */
export const xesKinds = ['string', 'date', 'int', 'float', 'boolean', 'id', 'list', 'container'] as const;

/** One of {@link xesKinds}. */
export type XesKind = (typeof xesKinds)[number];

/** An attribute with what stands in it. */
export interface XesAttribute {
  readonly kind: XesKind;
  readonly key: string;
  /** Undefined for lists and containers. */
  readonly value: string | undefined;
  /** Where it stands, for messages. */
  readonly element: XmlElement;
  /** Attributes of the attribute, in their order. */
  readonly children: XesAttribute[];
  /** What stands in the `<values>` of a list; undefined where it has none. */
  values: XesAttribute[] | undefined;
}

/** The kind that an element is of; undefined for an element that is no attribute. */
export function xesKindOf(name: string): XesKind | undefined {
  return xesKinds.find((kind) => kind === name);
}

/** The attribute that begins with an element. Throws `BadRowError`. */
export function attributeOf(kind: XesKind, element: XmlElement): XesAttribute {
  const key = element.attribute('key');
  const hasValue = kind !== 'list' && kind !== 'container';
  const value = hasValue ? element.attribute('value') : undefined;
  if (key === undefined) throw badAt(element, 'The attribute has no key.');
  if (hasValue && value === undefined) throw badAt(element, 'The attribute has no value.');
  return { kind, key, value, element, children: [], values: undefined };
}

/** What is wrong with an event, at an element. */
export function badAt({ place, label }: XmlElement, reason: string): BadRowError {
  return new BadRowError(reason, undefined, { line: place.line, character: place.character, element: label });
}

/** Throws `BadRowError` where two attributes have the same key. */
export function assertDistinct(attributes: readonly XesAttribute[]): void {
  // Events have a handful of attributes, which are compared faster than gathered.
  if (attributes.length <= 16 ? isDistinct(attributes) : new Set(attributes.map(keyOf)).size === attributes.length)
    return;
  const known = new Map<string, XesAttribute>();
  for (const attribute of attributes) {
    const { key, element } = attribute;
    const first = known.get(key)?.element.place.line;
    if (first !== undefined)
      throw badAt(element, `The key ${JSON.stringify(key)} stands here a second time; the first is in line ${first}.`);
    known.set(key, attribute);
  }
}

function keyOf({ key }: XesAttribute): string {
  return key;
}

function isDistinct(attributes: readonly XesAttribute[]): boolean {
  for (let index = 1; index < attributes.length; index += 1)
    for (let before = 0; before < index; before += 1)
      if (attributes[before]?.key === attributes[index]?.key) return false;
  return true;
}
