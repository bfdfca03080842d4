/**
 * What becomes of an event of XES: its stream, its type, its time, its data. `docs/formats/xes.md` has the table.
 */

import { RawJson, type Limits } from 'hindsightdb';
import type { TimeForm } from '../csv/time-text.ts';
import type { ImportedEvent } from '../import/input-format.ts';
import { checkOwnName, checkTags } from '../import/names.ts';
import { BadRowError, UnreadableInput } from '../source/bad-input.ts';
import { assertDistinct, badAt, type XesAttribute } from './xes-attribute.ts';
import { classifierKeys } from './xes-classifier.ts';
import type { XesHeader } from './xes-header.ts';
import type { XesRow, XesTrace } from './xes-log.ts';
import type { XesMapping } from './xes-mapping.ts';
import type { XmlElement } from '../xml/xml-handler.ts';
import { jsonOf, timeOf } from './xes-value.ts';

/** What the events of a trace share. */
interface Case {
  readonly trace: XesTrace;
  readonly name: string;
  readonly attributes: readonly XesAttribute[];
  /** The members that the data of its events have from the trace. */
  readonly members: readonly Member[];
}

interface Member {
  readonly key: string;
  readonly json: string;
  readonly attribute: XesAttribute;
}

const casePrefix = 'case:';

/** Turns events of one file into events of the store. */
export class XesMapper {
  readonly mapping: XesMapping;
  /** Traces without a name, and events without a time, of those that were turned into events here. */
  unnamedCases = 0;
  eventsWithoutTime = 0;
  readonly #header: XesHeader;
  readonly #limits: Limits;
  readonly #times: TimeForm;
  readonly #dropped: ReadonlySet<string>;
  readonly #only: ReadonlySet<string> | undefined;
  #case: Case | undefined;
  #typeKeys: readonly string[] | undefined;

  constructor(mapping: XesMapping, header: XesHeader, limits: Limits) {
    this.mapping = mapping;
    this.#header = header;
    this.#limits = limits;
    this.#times = { timeZone: mapping.timeZone ?? undefined, format: undefined };
    this.#dropped = new Set(mapping.drop);
    this.#only = mapping.only === null ? undefined : new Set(mapping.only);
  }

  /** The event of the store. Throws `BadRowError`, and `UnreadableInput` where the options do not fit the file. */
  eventOf(row: XesRow): ImportedEvent {
    if (row.problem !== undefined) throw row.problem;
    const its = this.#case?.trace === row.trace ? this.#case : (this.#case = this.#caseOf(row.trace));
    assertDistinct(row.attributes);
    const attributes = this.#filled(row.attributes, 'event');
    const streamId = this.mapping.category === null ? its.name : `${this.mapping.category}-${its.name}`;
    named(row.trace.element, () =>
      checkOwnName(streamId, { what: 'The stream id', bytesMax: this.#limits.streamIdBytesMax }),
    );
    const type = this.#typeOf(row, attributes);
    const occurredAt = this.#timeOf(attributes);
    if (occurredAt === undefined) this.eventsWithoutTime += 1;
    const tags = this.#tagsOf(row, attributes, its);
    return {
      streamId,
      event: {
        type,
        // Every part was made by JSON.stringify or checked to be a number.
        data: new RawJson(this.#dataOf(row, attributes, its)),
        ...(tags.length > 0 && { tags }),
        ...(occurredAt !== undefined && { occurredAt }),
      },
    };
  }

  #caseOf(trace: XesTrace): Case {
    if (trace.problem !== undefined) throw trace.problem;
    assertDistinct(trace.attributes);
    const attributes = trace.number === 0 ? [] : this.#filled(trace.attributes, 'trace');
    const key = this.mapping.case ?? 'concept:name';
    const own = attributes.find((each) => each.key === key);
    const members = attributes
      .filter((each) => each !== own || each.children.length > 0)
      .map((attribute) => ({
        key: `${casePrefix}${attribute.key}`,
        attribute,
        json: jsonOf(attribute, this.#times),
      }))
      .filter((member) => this.#isKept(member.key));
    return { trace, attributes, members, name: this.#nameOf(trace, own, key) };
  }

  #nameOf(trace: XesTrace, own: XesAttribute | undefined, key: string): string {
    const name = (own?.value ?? '').trim();
    if (name !== '') return name;
    if (this.mapping.case !== null && trace.number !== 0)
      throw badAt(trace.element, `The trace has no ${JSON.stringify(key)}, which is to name its case.`);
    if (trace.number === 0) return 'outside-traces';
    this.unnamedCases += 1;
    return `unnamed-${trace.number}`;
  }

  #filled(attributes: readonly XesAttribute[], scope: string): readonly XesAttribute[] {
    const declared = this.mapping.globals === 'fill' ? (this.#header.globals.get(scope) ?? []) : [];
    if (declared.length === 0) return attributes;
    const known = new Set(attributes.map(({ key }) => key));
    // When something happened is not made up, whatever is declared.
    const missing = declared.filter(({ key }) => !known.has(key) && key !== this.mapping.time);
    return [...attributes, ...missing];
  }

  #typeOf(row: XesRow, attributes: readonly XesAttribute[]): string {
    const { fixedType } = this.mapping;
    if (fixedType !== null) return checkedType(fixedType, row, this.#limits);
    this.#typeKeys ??= this.#resolvedTypeKeys();
    const parts = this.#typeKeys.map((key) => {
      const found = attributes.find((each) => each.key === key);
      if (found === undefined)
        throw badAt(row.element, `The event has no ${JSON.stringify(key)}, which is to be its type.`);
      if (found.value === undefined) throw badAt(found.element, `A ${found.kind} cannot be the type of an event.`);
      return found.value.trim();
    });
    return checkedType(parts.join('+'), row, this.#limits);
  }

  #resolvedTypeKeys(): readonly string[] {
    const { classifier, type } = this.mapping;
    if (classifier === null) return [type];
    const known = this.#header.classifiers.filter(({ scope }) => scope === 'event');
    const found = known.find(({ name }) => name === classifier);
    const keys = found && classifierKeys(found.keys, this.#header.globals.get('event') ?? []);
    if (keys === undefined || keys.length === 0)
      throw new UnreadableInput(
        `The file has no classifier of events ${JSON.stringify(classifier)}.`,
        { offset: -1 },
        known.length === 0
          ? ['It has none at all before its first trace.']
          : [`It has: ${known.map(({ name }) => JSON.stringify(name)).join(', ')}`],
      );
    return keys;
  }

  #timeOf(attributes: readonly XesAttribute[]): string | undefined {
    const { time } = this.mapping;
    const found = time === null ? undefined : attributes.find(({ key }) => key === time);
    return found === undefined ? undefined : timeOf(found, this.#times);
  }

  #tagsOf(row: XesRow, attributes: readonly XesAttribute[], its: Case): string[] {
    const tags = Object.entries(this.mapping.tags).flatMap(([key, prefix]) => {
      const value = valueOf(key, attributes, its)?.trim();
      return value === undefined || value === '' ? [] : [prefix === '' ? value : `${prefix}:${value}`];
    });
    if (tags.length > 0) named(row.element, () => checkTags(tags, this.#limits));
    return tags;
  }

  #dataOf(row: XesRow, attributes: readonly XesAttribute[], its: Case): string {
    const { time, type, fixedType, classifier, caseAttributes } = this.mapping;
    const typeKey = fixedType === null && classifier === null ? type : undefined;
    const members = new Map<string, string>();
    for (const attribute of attributes) {
      const { key, children } = attribute;
      // What was made the type or the time is not said twice, unless more is said in it.
      if (((key === typeKey || key === time) && children.length === 0) || !this.#isKept(key)) continue;
      members.set(key, jsonOf(attribute, this.#times));
    }
    const isWithCase = caseAttributes === 'each' || (caseAttributes === 'first' && row.isFirst);
    for (const { key, json, attribute } of isWithCase ? its.members : []) {
      if (members.get(key) !== undefined && members.get(key) !== json)
        throw badAt(
          attribute.element,
          `The event in line ${row.element.place.line} has another ${JSON.stringify(key)} of its own.`,
        );
      members.set(key, json);
    }
    return `{${[...members].map(([key, json]) => `${JSON.stringify(key)}:${json}`).join(',')}}`;
  }

  #isKept(key: string): boolean {
    return !this.#dropped.has(key) && (this.#only === undefined || this.#only.has(key));
  }
}

function valueOf(key: string, attributes: readonly XesAttribute[], its: Case): string | undefined {
  const own = attributes.find((each) => each.key === key);
  if (own !== undefined || !key.startsWith(casePrefix)) return own?.value;
  return its.attributes.find((each) => each.key === key.slice(casePrefix.length))?.value;
}

function checkedType(type: string, row: XesRow, limits: Limits): string {
  named(row.element, () => checkOwnName(type, { what: 'The event type', bytesMax: limits.typeBytesMax }));
  return type;
}

/** Names the element in which something is wrong. */
function named(owner: XmlElement, check: () => void): void {
  try {
    check();
  } catch (error) {
    throw error instanceof BadRowError ? badAt(owner, error.reason) : error;
  }
}
