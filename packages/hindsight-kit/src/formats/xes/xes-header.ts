/**
 * What a log of XES says of itself: its extensions, globals, classifiers and attributes. No event has them; they are kept with
 * the record of the import, up to a bound.
 */

import type { JsonValue } from '../import/input-format.ts';
import type { XmlElement } from '../xml/xml-handler.ts';
import type { XesAttribute } from './xes-attribute.ts';

/** Attributes of the log, and of attributes in them, that are kept. */
const attributesKeptMax = 1000;
/** Characters of their keys and values that are kept. */
const charactersKeptMax = 64 * 1024;

/** A classifier: attributes whose values together say what kind of event it is. */
export interface XesClassifier {
  readonly name: string;
  readonly keys: string;
  readonly scope: string;
}

/** Gathers what stands around the traces. */
export class XesHeader {
  readonly attributes: XesAttribute[] = [];
  readonly globals: Map<string, XesAttribute[]> = new Map<string, XesAttribute[]>();
  readonly classifiers: XesClassifier[] = [];
  traces = 0;
  emptyTraces = 0;
  readonly #root: Record<string, string> = {};
  readonly #extensions: JsonValue[] = [];
  #keptCount = 0;
  #keptCharacters = 0;
  #leftOut = 0;
  #unknown = 0;

  /** The element of the log itself. */
  root(element: XmlElement): void {
    for (const [name, value] of element.attributes.slice(0, 50)) this.#root[name] = value.slice(0, 1000);
  }

  /** An element in the log that is neither a trace nor an attribute nor a global. */
  child(element: XmlElement): void {
    const text = (name: string): string => (element.attribute(name) ?? '').slice(0, 1000);
    if (element.name === 'classifier' && this.classifiers.length < 1000)
      this.classifiers.push({ name: text('name'), keys: text('keys'), scope: text('scope') || 'event' });
    else if (element.name === 'extension' && this.#extensions.length < 1000)
      this.#extensions.push({ name: text('name'), prefix: text('prefix'), uri: text('uri') });
    else this.#unknown += 1;
  }

  /** The attributes of a global of some scope, to be filled. */
  global(element: XmlElement): XesAttribute[] {
    const scope = element.attribute('scope') ?? 'event';
    const known = this.globals.get(scope) ?? [];
    this.globals.set(scope, known);
    return known;
  }

  /** Whether there is room for one more of the attributes around the traces. What is left out is counted. */
  hasRoomFor({ key, value = '' }: XesAttribute): boolean {
    const characters = key.length + value.length;
    if (this.#keptCount >= attributesKeptMax || this.#keptCharacters + characters > charactersKeptMax) {
      this.#leftOut += 1;
      return false;
    }
    this.#keptCount += 1;
    this.#keptCharacters += characters;
    return true;
  }

  /** All of it, for the record of the import. */
  about(): JsonValue {
    return {
      log: this.#root,
      extensions: this.#extensions,
      classifiers: this.classifiers.map((each) => ({ ...each })),
      globals: Object.fromEntries([...this.globals].map(([scope, attributes]) => [scope, attributes.map(plain)])),
      attributes: this.attributes.map(plain),
      attributesLeftOut: this.#leftOut,
      unknownElements: this.#unknown,
      traces: this.traces,
      emptyTraces: this.emptyTraces,
    };
  }
}

/** As it stands in the file: nothing is judged, since no event depends on it. */
function plain({ kind, key, value, children, values }: XesAttribute): JsonValue {
  return {
    type: kind,
    key,
    ...(value !== undefined && { value }),
    ...(values !== undefined && { values: values.map(plain) }),
    ...(children.length > 0 && { attributes: children.map(plain) }),
  };
}
