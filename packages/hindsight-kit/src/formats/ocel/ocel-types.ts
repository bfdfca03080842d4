/**
 * The types of a log: which attributes events and objects of a type have, and of which kind their values are.
 */

import { UnreadableInput } from '../source/bad-input.ts';
import type { OcelElement } from './ocel-elements.ts';
import { isObject } from '../json/json-object.ts';

/** The kinds of values that the standard names. Those of any other kind are taken as they stand. */
export const ocelKinds = ['string', 'time', 'integer', 'float', 'boolean'] as const;

/** One of {@link ocelKinds}, or `other`. */
export type OcelKind = (typeof ocelKinds)[number] | 'other';

/** The attributes of a type, with their kinds. */
export type DeclaredAttributes = ReadonlyMap<string, OcelKind>;

/** Gathers the types of a log. */
export class OcelTypes {
  readonly events: Map<string, DeclaredAttributes> = new Map();
  readonly objects: Map<string, DeclaredAttributes> = new Map();
  readonly #notes = new Set<string>();

  /** Sentences about kinds that the standard does not name. */
  get notes(): readonly string[] {
    return [...this.#notes];
  }

  /** Takes a type. Throws `UnreadableInput`: without its types nothing of a log has a meaning. */
  declare(element: OcelElement): void {
    const refuse = (message: string): UnreadableInput =>
      new UnreadableInput(message, { offset: 0, line: element.line, element: element.label });
    const types = element.section === 'eventTypes' ? this.events : this.objects;
    const { name, attributes = [] } = objectOf(parsed(element.text)) ?? {};
    if (typeof name !== 'string' || name === '') throw refuse('The type has no name.');
    if (types.has(name)) throw refuse(`The type ${JSON.stringify(name)} is declared twice.`);
    if (!Array.isArray(attributes)) throw refuse('The attributes of the type must be an array.');
    const kinds = new Map<string, OcelKind>();
    for (const attribute of attributes) {
      const { name: attributeName, type } = objectOf(attribute) ?? {};
      if (typeof attributeName !== 'string' || attributeName === '' || typeof type !== 'string')
        throw refuse('An attribute of the type lacks its name or its type.');
      if (kinds.has(attributeName)) throw refuse(`The attribute ${JSON.stringify(attributeName)} is declared twice.`);
      kinds.set(attributeName, this.#kindOf(type));
    }
    types.set(name, kinds);
  }

  #kindOf(type: string): OcelKind {
    const lower = type.toLowerCase();
    // Logs in use write date for what the standard calls time.
    const kind = lower === 'date' ? 'time' : ocelKinds.find((each) => each === lower);
    if (kind !== undefined) return kind;
    this.#notes.add(
      `Attributes are of the type ${JSON.stringify(type)}, which OCEL does not have; their values are taken as they stand.`,
    );
    return 'other';
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The value as an object; undefined where it is none. */
export function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return isObject(value) ? value : undefined;
}
