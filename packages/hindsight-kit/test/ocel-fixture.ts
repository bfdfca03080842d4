/** Object-centric logs as tests write them, in JSON and in XML. */

import { Readable } from 'node:stream';
import { embeddedLimits, openStore, type RecordedEvent, type Store } from 'hindsightdb';
import { orderedLog, type OrderedLog } from '../src/formats/ocel/ocel-text.ts';
import { textOfStream } from '../src/formats/source/text-source.ts';
import { importInto, piecesOf, type EndedImport } from './in-memory-import.ts';

/** An attribute of a type, of an event or of an object. */
export interface Attribute {
  readonly name: string;
  readonly type?: string;
  readonly time?: string;
  readonly value?: unknown;
}

/** An event or object. */
export interface Element {
  readonly id?: string;
  readonly type?: string;
  readonly time?: string;
  readonly attributes?: readonly Attribute[];
  readonly relationships?: readonly { readonly objectId?: string; readonly qualifier?: string }[];
}

/** A log. */
export interface Log {
  readonly eventTypes: readonly { readonly name: string; readonly attributes: readonly Attribute[] }[];
  readonly objectTypes: readonly { readonly name: string; readonly attributes: readonly Attribute[] }[];
  readonly events: readonly Element[];
  readonly objects: readonly Element[];
}

/** A type with attributes, given as `{ price: 'float' }`. */
export function typed(name: string, attributes: Readonly<Record<string, string>> = {}): Log['eventTypes'][number] {
  return { name, attributes: Object.entries(attributes).map(([each, type]) => ({ name: each, type })) };
}

/** A log of one order with two items, parts of which a test replaces. */
export function smallLog(parts: Partial<Log> = {}): Log {
  return {
    eventTypes: [typed('Place', { total: 'float', by: 'string' }), typed('Ship')],
    objectTypes: [typed('order', { state: 'string' }), typed('item', { price: 'float' })],
    events: [
      {
        id: 'e2',
        type: 'Ship',
        time: '2026-03-02T10:00:00Z',
        relationships: [{ objectId: 'i1', qualifier: 'shipped' }],
      },
      {
        id: 'e1',
        type: 'Place',
        time: '2026-03-01T10:00:00+01:00',
        attributes: [
          { name: 'total', value: '1.10' },
          { name: 'by', value: 'Ann' },
        ],
        relationships: [
          { objectId: 'o1', qualifier: 'order' },
          { objectId: 'i1', qualifier: 'item' },
          { objectId: 'i2', qualifier: 'item' },
          { objectId: 'i1', qualifier: 'first' },
        ],
      },
    ],
    objects: [
      { id: 'o1', type: 'order', attributes: [{ name: 'state', time: '1970-01-01T00:00:00Z', value: 'open' }] },
      { id: 'i1', type: 'item' },
      { id: 'i2', type: 'item', relationships: [{ objectId: 'o1', qualifier: 'part of' }] },
    ],
    ...parts,
  };
}

/** The log in JSON, one element a line. */
export function jsonOf(
  log: Log,
  order: readonly (keyof Log)[] = ['events', 'objects', 'eventTypes', 'objectTypes'],
): string {
  const section = (name: keyof Log): string =>
    `${JSON.stringify(name)}:[\n${log[name].map((element) => JSON.stringify(element)).join(',\n')}\n]`;
  return `{${order.map(section).join(',\n')}}`;
}

/** The log in XML, one element a line. */
export function xmlOf({ eventTypes, objectTypes, events, objects }: Log): string {
  const types = (what: string, each: Log['eventTypes']): string =>
    `<${what}s>\n${each.map(({ name, attributes }) => `<${what}${xmlAttributes({ name })}><attributes>${attributes.map(({ name: own, type }) => `<attribute${xmlAttributes({ name: own, type })}/>`).join('')}</attributes></${what}>`).join('\n')}\n</${what}s>`;
  const elements = (what: string, each: readonly Element[]): string =>
    `<${what}s>\n${each.map((element) => xmlElement(what, element)).join('\n')}\n</${what}s>`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<log>\n${types('object-type', objectTypes)}\n${types('event-type', eventTypes)}\n${elements('object', objects)}\n${elements('event', events)}\n</log>\n`;
}

function xmlElement(what: string, { id, type, time, attributes = [], relationships = [] }: Element): string {
  const own = attributes
    .map(
      ({ name, time: at, value }) =>
        `<attribute${xmlAttributes({ name, time: at })}>${escaped(String(value))}</attribute>`,
    )
    .join('');
  const related = relationships
    .map(({ objectId, qualifier }) => `<relationship${xmlAttributes({ 'object-id': objectId, qualifier })}/>`)
    .join('');
  return `<${what}${xmlAttributes({ id, type, time })}><attributes>${own}</attributes><objects>${related}</objects></${what}>`;
}

function xmlAttributes(attributes: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(attributes)
    .map(([name, value]) => (value === undefined ? '' : ` ${name}="${escaped(value)}"`))
    .join('');
}

function escaped(text: string): string {
  return text.replace(/[&<>"\t\r\n]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** What is said of the reading of a log. */
export interface Reading {
  readonly streamBy?: string;
  readonly timeZone?: string;
  readonly pieceBytes?: number;
  readonly onBadRow?: 'stop' | 'skip';
  readonly signal?: AbortSignal;
}

/** Reads a log into its order. */
export async function readLog(
  text: string,
  { streamBy, timeZone, pieceBytes = 65_536, signal = AbortSignal.any([]) }: Reading = {},
): Promise<OrderedLog> {
  return await orderedLog({
    text: textOfStream(Readable.from(piecesOf(text, pieceBytes))),
    mapping: { streamBy: streamBy ?? null, timeZone: timeZone ?? null },
    limits: embeddedLimits,
    signal,
    onReading: () => undefined,
  });
}

/** Imports a log into a store. */
export async function importLog(store: Store, text: string, reading: Reading = {}): Promise<EndedImport> {
  await using log = await readLog(text, reading);
  return await importInto(store, log.text, log.format, { onBadRow: reading.onBadRow ?? 'stop' });
}

/** The events that a log becomes, and what is noted of it. */
export async function eventsOf(text: string, reading: Reading = {}): Promise<readonly RecordedEvent[]> {
  await using store = await openStore('memory:');
  await importLog(store, text, reading);
  return await store.readLog().toArray();
}
