/**
 * OCEL 2.0 in XML.
 *
 *     <log>
 *       <object-types> <object-type name> <attributes> <attribute name type/>
 *       <event-types>  <event-type name>  <attributes> <attribute name type/>
 *       <objects> <object id type>     <attributes> <attribute name time>value   <objects> <relationship object-id qualifier/>
 *       <events>  <event id type time> <attributes> <attribute name>value        <objects> <relationship object-id qualifier/>
 */

import { UnreadableInput } from '../source/bad-input.ts';
import type { XmlElement, XmlHandler, XmlPlace } from '../xml/xml-handler.ts';
import { XmlReader } from '../xml/xml-reader.ts';
import type { OcelElement, OcelReader, OcelSection } from './ocel-elements.ts';

const sections = new Map<string, OcelSection>([
  ['object-types', 'objectTypes'],
  ['event-types', 'eventTypes'],
  ['objects', 'objects'],
  ['events', 'events'],
]);

/** The element of each section, by its name, with the attributes that it has. */
const members = new Map<string, readonly string[]>([
  ['object-types/object-type', ['name']],
  ['event-types/event-type', ['name']],
  ['objects/object', ['id', 'type']],
  ['events/event', ['id', 'type', 'time']],
]);

/** What stands in a log of XES, whose outermost element has the same name, and never in one of OCEL. */
const xesNames = new Set(['extension', 'global', 'classifier', 'trace', 'event', 'string']);

/** A part of an element, as it stands in JSON. */
type Part = Record<string, string | undefined>;

/** An element that is being read. */
interface Growing {
  readonly section: OcelSection;
  readonly element: XmlElement;
  readonly own: Part;
  readonly attributes: Part[];
  readonly relationships: Part[];
  /** The attribute whose value is being read. */
  value: { readonly part: Part; text: string } | undefined;
}

/** An element of the log cannot be longer, here as in JSON: it is held until it ends. */
const elementBytesMax = 64 * 1024 * 1024;

/** Reads the XML of a log. Elements and attributes that OCEL does not have are passed over, with a note. */
export class OcelXmlReader implements OcelReader, XmlHandler {
  readonly #notes = new Set<string>();
  readonly #reader = new XmlReader(this);
  readonly #path: string[] = [];
  readonly #seen = new Set<string>();
  #elements: OcelElement[] = [];
  #growing: Growing | undefined;
  /** How deep in an element that is passed over. */
  #passedDepth = 0;

  get notes(): readonly string[] {
    return [...this.#notes];
  }

  feed(piece: Buffer): readonly OcelElement[] {
    this.#reader.feed(piece);
    return this.#taken();
  }

  end(): void {
    this.#reader.end();
    this.#taken();
    const missing = [...sections.keys()].find((name) => !this.#seen.has(name));
    if (missing !== undefined)
      throw new UnreadableInput(`The log has no element <${missing}>.`, { offset: 0, line: 1 });
  }

  #taken(): readonly OcelElement[] {
    const elements = this.#elements;
    this.#elements = [];
    if (this.#reader.failure !== undefined && elements.length === 0) throw this.#reader.failure;
    return elements;
  }

  open(element: XmlElement): void {
    if (this.#passedDepth > 0) {
      this.#passedDepth += 1;
      return;
    }
    const path = [...this.#path.slice(1), element.name].join('/');
    if (this.#path.length === 0) {
      if (element.name !== 'log')
        throw new UnreadableInput('This is no log of OCEL 2.0, which begins with <log>.', element.place);
    } else if (this.#path.length === 1 && xesNames.has(element.name)) {
      throw new UnreadableInput('This is a log of XES and not of OCEL.', { ...element.place, offset: -1 }, [
        'Say so: --format xes',
      ]);
    } else if (!this.#enter(path, element)) {
      this.#notes.add(
        `The log has elements <${element.name}> in <${this.#path.at(-1)}>, which OCEL does not have; they are left out.`,
      );
      this.#passedDepth = 1;
      return;
    }
    this.#path.push(element.name);
  }

  /** Whether OCEL has such an element there. */
  #enter(path: string, element: XmlElement): boolean {
    const section = sections.get(this.#path[1] ?? element.name);
    if (section === undefined) return false;
    if (this.#path.length === 1) {
      if (this.#seen.has(element.name))
        throw new UnreadableInput('This element stands there twice.', { ...element.place, element: element.label });
      this.#seen.add(element.name);
      this.#look(element, []);
      return true;
    }
    const own = members.get(path);
    if (own !== undefined) {
      this.#look(element, own);
      this.#growing = {
        section,
        element,
        own: Object.fromEntries(own.map((name) => [name, element.attribute(name)])),
        attributes: [],
        relationships: [],
        value: undefined,
      };
      return true;
    }
    return this.#enterPart(section, this.#path.slice(3).concat(element.name).join('/'), element);
  }

  #enterPart(section: OcelSection, part: string, element: XmlElement): boolean {
    const isType = section === 'objectTypes' || section === 'eventTypes';
    const growing = this.#growing;
    if (growing === undefined) return false;
    if (this.#reader.offset - growing.element.place.offset > elementBytesMax)
      throw new UnreadableInput(`It is longer than ${elementBytesMax / 1024 / 1024} MiB.`, {
        ...growing.element.place,
        element: growing.element.label,
      });
    switch (part) {
      case 'attributes':
        this.#look(element, []);
        return true;
      case 'attributes/attribute': {
        const names = isType ? ['name', 'type'] : section === 'objects' ? ['name', 'time'] : ['name'];
        this.#look(element, names);
        const found: Part = Object.fromEntries(names.map((name) => [name, element.attribute(name)]));
        growing.attributes.push(found);
        if (!isType) growing.value = { part: found, text: '' };
        return true;
      }
      case 'objects':
        if (isType) return false;
        this.#look(element, []);
        return true;
      case 'objects/relationship':
        this.#look(element, ['object-id', 'qualifier']);
        growing.relationships.push({
          objectId: element.attribute('object-id'),
          qualifier: element.attribute('qualifier'),
        });
        return true;
      default:
        return false;
    }
  }

  #look(element: XmlElement, names: readonly string[]): void {
    for (const [name] of element.attributes)
      if (!names.includes(name) && !name.includes(':'))
        this.#notes.add(
          `Elements <${element.name}> have an attribute ${name}, which OCEL does not have; it is left out.`,
        );
  }

  close(element: XmlElement): void {
    if (this.#passedDepth > 0) {
      this.#passedDepth -= 1;
      return;
    }
    const depth = this.#path.length;
    this.#path.pop();
    const growing = this.#growing;
    if (growing === undefined) return;
    if (growing.value !== undefined && element.name === 'attribute') {
      growing.value.part['value'] = growing.value.text;
      growing.value = undefined;
    }
    if (depth !== 3) return;
    this.#growing = undefined;
    this.#elements.push(elementOf(growing));
  }

  text(text: string, place: XmlPlace): void {
    if (this.#passedDepth > 0) return;
    const value = this.#growing?.value;
    if (value !== undefined) value.text += text;
    else if (text.trim() !== '')
      throw new UnreadableInput(
        `The text ${JSON.stringify(text.trim().slice(0, 40))} stands where OCEL has none.`,
        place,
      );
  }
}

function elementOf({ section, element, own, attributes, relationships }: Growing): OcelElement {
  const isType = section === 'objectTypes' || section === 'eventTypes';
  const text = JSON.stringify({ ...own, attributes, ...(!isType && { relationships }) });
  return { section, line: element.place.line, label: element.label, text };
}
