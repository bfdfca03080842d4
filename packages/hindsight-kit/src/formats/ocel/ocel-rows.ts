/**
 * From the elements of a log to events, each a line of JSON. `docs/formats/ocel.md` describes the mapping.
 */

import { namedId } from '../import/event-ids.ts';
import { BadRowError } from '../source/bad-input.ts';
import type { LineKey } from '../source/sorted-lines.ts';
import type { OcelElement } from './ocel-elements.ts';
import { objectOf, type DeclaredAttributes, type OcelTypes } from './ocel-types.ts';
import { isInitial, timeOf, valueText, withNumberTexts } from './ocel-values.ts';

/** What is known of a log when its elements are turned into events. */
export interface OcelContext {
  readonly types: OcelTypes;
  /** The types of the objects by their ids. */
  readonly objects: ReadonlyMap<string, string>;
  readonly timeZone: string | undefined;
  /** The object type by whose objects events go into streams. */
  readonly streamBy: string | undefined;
  readonly tagsMax: number;
  readonly onNote: (text: string) => void;
}

/** An event as a line of JSON, without its line end, and where it goes among the others. */
export interface OcelRow {
  readonly key: LineKey;
  readonly occurredAt: string;
  readonly json: string;
}

/** The time of what holds from the beginning, as the standard writes it. It stands first in the lines of such events. */
export const initialTime = '1970-01-01T00:00:00Z';

/** Before everything that has a time. */
export const initialKey: LineKey = { major: Number.NEGATIVE_INFINITY, minor: 1 };

/** The events of an event or of an object. Throws `BadRowError`, and `UnreadableInput` where a time zone is needed. */
export function rowsOf(element: OcelElement, context: OcelContext): readonly OcelRow[] {
  const members = objectOf(JSON.parse(withNumberTexts(element.text)));
  if (members === undefined) throw new BadRowError('This is no JSON object.');
  const known = element.section === 'events' ? eventMembers : objectMembers;
  for (const name of Object.keys(members))
    if (!known.has(name))
      context.onNote(
        `The ${element.section} have a member ${JSON.stringify(name)}, which OCEL does not have; it is left out.`,
      );
  return element.section === 'events' ? [eventRow(members, context)] : objectRows(members, context);
}

const eventMembers = new Set(['id', 'type', 'time', 'attributes', 'relationships']);
const objectMembers = new Set(['id', 'type', 'attributes', 'relationships']);

type Members = Readonly<Record<string, unknown>>;

function eventRow(members: Members, context: OcelContext): OcelRow {
  const id = textMember(members, 'id');
  const type = textMember(members, 'type');
  const declared = context.types.events.get(type);
  if (declared === undefined) throw new BadRowError(`The log declares no event type ${JSON.stringify(type)}.`);
  const { seconds, nanoseconds, text: occurredAt } = timeOf(members['time'], context.timeZone, 'time');
  const names = new Set<string>();
  const attributes = itemsOf(members, 'attributes').map((attribute) => {
    const name = textMember(attribute, 'name', 'An attribute has no name.');
    if (names.has(name)) throw new BadRowError(`The event has the attribute ${JSON.stringify(name)} twice.`);
    names.add(name);
    return attributeText(attribute, { name, declared, type }, context.timeZone);
  });
  const related = relationshipsOf(members);
  const tags = tagsOf(related, context);
  const json = JSON.stringify({
    streamId: streamOf(id, related, context),
    id,
    type,
    ...(tags.length > 0 && { tags }),
    occurredAt,
  });
  return {
    key: { major: seconds, minor: nanoseconds * 2 },
    occurredAt,
    json: `${json.slice(0, -1)},"data":${dataText(attributes, related)}}`,
  };
}

interface Relationship {
  readonly objectId: string;
  readonly qualifier: string;
}

function relationshipsOf(members: Members): readonly Relationship[] {
  return itemsOf(members, 'relationships').map((relationship) => ({
    objectId: textMember(relationship, 'objectId', 'A relationship names no object.'),
    qualifier: qualifierOf(relationship),
  }));
}

/** A qualifier may say nothing, but it must be there. */
function qualifierOf({ qualifier, objectId }: Members): string {
  if (typeof qualifier !== 'string')
    throw new BadRowError(`The relationship with ${JSON.stringify(objectId)} has no qualifier.`);
  return qualifier;
}

function typeOfObject(objectId: string, { objects }: OcelContext): string {
  const type = objects.get(objectId);
  if (type === undefined)
    throw new BadRowError(`The log has no object ${JSON.stringify(objectId)}, which is related to this.`);
  return type;
}

/** A tag for each object, as many as an event can have. */
function tagsOf(related: readonly Relationship[], context: OcelContext): readonly string[] {
  const tags = [...new Set(related.map(({ objectId }) => `${typeOfObject(objectId, context)}:${objectId}`))];
  if (tags.length <= context.tagsMax) return tags;
  context.onNote(
    `Some events are related to more objects than the ${context.tagsMax} that an event can have as tags; their data name all of them.`,
  );
  return tags.slice(0, context.tagsMax);
}

function streamOf(id: string, related: readonly Relationship[], context: OcelContext): string {
  const wanted = related.find(({ objectId }) => typeOfObject(objectId, context) === context.streamBy) ?? related[0];
  return wanted === undefined ? `event-${id}` : objectStream(typeOfObject(wanted.objectId, context), wanted.objectId);
}

function objectStream(type: string, objectId: string): string {
  return `${type}-${objectId}`;
}

function objectRows(members: Members, context: OcelContext): readonly OcelRow[] {
  const objectId = textMember(members, 'id');
  const type = textMember(members, 'type');
  const declared = context.types.objects.get(type);
  if (declared === undefined) throw new BadRowError(`The log declares no object type ${JSON.stringify(type)}.`);
  const related = relationshipsOf(members);
  for (const each of related) typeOfObject(each.objectId, context);
  const place = { streamId: objectStream(type, objectId), tags: [`${type}:${objectId}`] };
  const first = new Map<string, string>();
  const counts = new Map<string, number>();
  const changes: OcelRow[] = [];
  for (const attribute of itemsOf(members, 'attributes')) {
    const name = textMember(attribute, 'name', 'An attribute has no name.');
    const text = attributeText(attribute, { name, declared, type }, context.timeZone);
    const isFirst = isInitial(attribute['time']);
    if (isFirst && !first.has(name)) {
      first.set(name, text);
      continue;
    }
    const time = isFirst
      ? undefined
      : timeOf(attribute['time'], context.timeZone, `The time of ${JSON.stringify(name)}`);
    const occurredAt = time?.text ?? initialTime;
    const moment = `${name}\n${occurredAt}`;
    const count = counts.get(moment) ?? 0;
    counts.set(moment, count + 1);
    const id = namedId(JSON.stringify(['ocel', objectId, name, occurredAt, count]));
    const json = JSON.stringify({ occurredAt, id, type: `${type}Changed`, ...place });
    changes.push({
      // What changes an object comes before the change, where both are said to happen at the same time.
      key: time === undefined ? initialKey : { major: time.seconds, minor: time.nanoseconds * 2 + 1 },
      occurredAt,
      json: `${json.slice(0, -1)},"data":${dataText([text], [])}}`,
    });
  }
  const id = namedId(JSON.stringify(['ocel', objectId]));
  const json = JSON.stringify({ occurredAt: initialTime, id, type: `${type}Observed`, ...place });
  const observed = {
    key: initialKey,
    occurredAt: initialTime,
    json: `${json.slice(0, -1)},"data":${dataText([...first.values()], related)}}`,
  };
  return [observed, ...changes];
}

function attributeText(
  { value }: Members,
  { name, declared, type }: { readonly name: string; readonly declared: DeclaredAttributes; readonly type: string },
  timeZone: string | undefined,
): string {
  const kind = declared.get(name);
  const what = `The attribute ${JSON.stringify(name)}`;
  if (kind === undefined) throw new BadRowError(`${what} is not declared for the type ${JSON.stringify(type)}.`);
  try {
    return `${JSON.stringify(nameInData(name))}:${valueText(value, kind, timeZone)}`;
  } catch (error) {
    if (error instanceof BadRowError) throw new BadRowError(`${what}: ${error.reason}`);
    throw error;
  }
}

/** Attributes are members of the data beside their relationships, so one of that name gets a line behind it, and so on. */
function nameInData(name: string): string {
  return /^relationships_*$/.test(name) ? `${name}_` : name;
}

function dataText(attributes: readonly string[], related: readonly Relationship[]): string {
  const members = related.length === 0 ? attributes : [...attributes, `"relationships":${JSON.stringify(related)}`];
  return `{${members.join(',')}}`;
}

function textMember(members: Members, name: string, missing = `${name} is missing.`): string {
  const value = members[name];
  if (value === undefined) throw new BadRowError(missing);
  if (typeof value !== 'string') throw new BadRowError(`${name} must be a text.`);
  if (value === '') throw new BadRowError(`${name} is empty.`);
  return value;
}

function itemsOf(members: Members, name: string): readonly Members[] {
  const items = members[name] ?? [];
  if (!Array.isArray(items)) throw new BadRowError(`${name} must be an array.`);
  return items.map((item: unknown, index) => {
    const members = objectOf(item);
    if (members === undefined) throw new BadRowError(`${name}[${index}] is no object.`);
    return members;
  });
}
