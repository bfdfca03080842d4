/**
 * The extension attributes in which an export says of an event what CloudEvents has no attribute for, and by which an import
 * knows such events. `docs/formats/cloudevents.md` describes them.
 */

import { coreNames, type AttributeValue } from './attributes.ts';

/** The version of this mapping, in the attribute `hindsightformat`. */
export const ownFormat = 1;

/** The names of these attributes. */
export const ownNames: ReadonlySet<string> = new Set([
  'hindsightformat',
  'hindsightexact',
  'streamid',
  'streamversion',
  'logposition',
  'logpartition',
  'logid',
  'recordedat',
  'tags',
]);

/** The source of events that name none: the log. */
export function sourceOfLog(logId: string): string {
  return `urn:uuid:${logId}`;
}

const metadataNames = new Map([
  ['correlationid', 'correlationId'],
  ['causationid', 'causationId'],
]);

/** The name under which metadata keep an attribute. */
export function metadataNameOf(attribute: string): string {
  return metadataNames.get(attribute) ?? attribute;
}

/** The name of the attribute that metadata of a name become. */
export function attributeNameOf(metadataName: string): string {
  return metadataName === 'correlationId' || metadataName === 'causationId' ? metadataName.toLowerCase() : metadataName;
}

/** The metadata that attributes of an exported event mean, where `hindsightexact` does not say otherwise. */
export function metadataOfAttributes(attributes: ReadonlyMap<string, unknown>): Record<string, AttributeValue> {
  const metadata: Record<string, AttributeValue> = {};
  const take = (name: string, value: unknown): void => {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      metadata[metadataNameOf(name)] = value;
  };
  if (attributes.get('source') !== sourceOfLog(String(attributes.get('logid'))))
    take('source', attributes.get('source'));
  take('dataschema', attributes.get('dataschema'));
  if (attributes.get('subject') !== attributes.get('streamid')) take('subject', attributes.get('subject'));
  for (const [name, value] of attributes)
    if (!ownNames.has(name) && !coreNames.has(name) && name !== 'data_base64') take(name, value);
  return metadata;
}
