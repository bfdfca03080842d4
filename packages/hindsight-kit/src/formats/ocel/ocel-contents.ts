/**
 * The first pass over a log: its elements go into a temporary file, and what others need of them is remembered.
 *
 *     events⇥17⇥"events[3] \"e4\""⇥{"id":"e4",…}
 *     events⇥17⇥"events[3] \"e4\""⇥!what is wrong with it
 */

import { UnreadableInput } from '../source/bad-input.ts';
import type { TemporaryFile } from '../source/temporary-file.ts';
import type { TextSource } from '../source/text-source.ts';
import { isOcelSection, type OcelElement, type OcelReader } from './ocel-elements.ts';
import { OcelJsonReader } from './ocel-json.ts';
import { objectOf, OcelTypes } from './ocel-types.ts';
import { OcelXmlReader } from './ocel-xml.ts';

/** What is remembered of a log from the first pass. */
export class LogContents {
  readonly types: OcelTypes = new OcelTypes();
  /** The types of the objects by their ids. */
  readonly objects: Map<string, string> = new Map();
  readonly eventIds: Set<string> = new Set();
}

const byteOrderMark = 0xef;
const lessThan = 0x3c;

/** Reads a log to its end. Gives back sentences about what was passed over. Throws `UnreadableInput`. */
export async function gatherElements(
  text: TextSource,
  { elements, found }: { readonly elements: TemporaryFile; readonly found: LogContents },
  onReading: (progress: { readonly done: number; readonly total: number | undefined }) => void,
): Promise<readonly string[]> {
  let reader: OcelReader | undefined;
  for await (const piece of text) {
    reader ??= readerFor(piece);
    for (const element of reader.feed(piece)) {
      const writing = keep(element, elements, found);
      if (writing !== undefined) await writing;
    }
    onReading({ done: text.readBytes, total: text.totalBytes });
  }
  if (reader === undefined) throw new UnreadableInput('The file is empty.', { offset: 0, line: 1 });
  reader.end();
  return reader.notes;
}

function readerFor(beginning: Buffer): OcelReader {
  const first = beginning.subarray(beginning[0] === byteOrderMark ? 3 : 0).find((byte) => byte > 0x20);
  return first === lessThan ? new OcelXmlReader() : new OcelJsonReader();
}

function keep(element: OcelElement, elements: TemporaryFile, found: LogContents): Promise<void> | undefined {
  const { section, line, label, text } = element;
  if (section === 'eventTypes' || section === 'objectTypes') {
    found.types.declare(element);
    return undefined;
  }
  const named = nameOf(element, found);
  const head = `${section}\t${line}\t${JSON.stringify(named.label ?? label)}`;
  return elements.add(named.reason === undefined ? `${head}\t${text}\n` : `${head}\t!${named.reason}\n`);
}

/** Remembers an event or object. What is wrong with it already is kept in place of it. */
function nameOf(
  { section, label, text }: OcelElement,
  { objects, eventIds }: LogContents,
): { readonly reason?: string; readonly label?: string } {
  let members: Readonly<Record<string, unknown>> | undefined;
  try {
    members = objectOf(JSON.parse(text));
  } catch (error) {
    return {
      reason: `This is not JSON: ${(error instanceof Error ? error.message : String(error)).replace(/[\r\n]/g, ' ')}`,
    };
  }
  const { id, type } = members ?? {};
  if (typeof id !== 'string' || id === '') return {};
  const labelled = label.startsWith('<') ? label : `${label} ${JSON.stringify(id.slice(0, 60))}`;
  const isKnown = section === 'events' ? eventIds.has(id) : objects.has(id);
  if (isKnown)
    return {
      reason: `The log has another ${section === 'events' ? 'event' : 'object'} of the id ${JSON.stringify(id.slice(0, 60))}.`,
      label: labelled,
    };
  if (section === 'events') eventIds.add(id);
  else objects.set(id, String(type));
  return { label: labelled };
}

/** An element out of the file. `reason` is what was found to be wrong with it. */
export function keptElement(line: string): { readonly element: OcelElement; readonly reason: string | undefined } {
  const [, section = '', number = '', label = '', text = ''] =
    /^(\w+)\t(\d+)\t("(?:[^"\\]|\\.)*")\t([\s\S]*)$/.exec(line) ?? [];
  if (!isOcelSection(section)) throw new Error('A temporary file holds something else than what was written.');
  return {
    element: { section, line: Number(number), label: String(JSON.parse(label)), text },
    reason: text.startsWith('!') ? text.slice(1) : undefined,
  };
}
