/**
 * The elements of an object-centric event log, OCEL 2.0, as its readers hand them out: as JSON objects of the form that the
 * standard gives them in JSON, whether they were read from JSON or from XML.
 *
 *     eventTypes, objectTypes   {"name":…,"attributes":[{"name":…,"type":…}]}
 *     objects                   {"id":…,"type":…,"attributes":[{"name":…,"time":…,"value":…}],"relationships":[…]}
 *     events                    {"id":…,"type":…,"time":…,"attributes":[{"name":…,"value":…}],"relationships":[…]}
 */

/** The four parts of a log. */
export const ocelSections = ['eventTypes', 'objectTypes', 'events', 'objects'] as const;

/** One of {@link ocelSections}. */
export type OcelSection = (typeof ocelSections)[number];

/** Whether a name is that of a part of a log. */
export function isOcelSection(name: string): name is OcelSection {
  return ocelSections.some((section) => section === name);
}

/** An element with its place. */
export interface OcelElement {
  readonly section: OcelSection;
  /** The line where it begins, counted from 1. */
  readonly line: number;
  /** For messages: `events[3]`. */
  readonly label: string;
  /** A JSON object, in one line; or what stands in its place and is none. */
  readonly text: string;
}

/** Reads a log that is fed in pieces. */
export interface OcelReader {
  /** Sentences about what was passed over. There may be more of them as the text is read. */
  readonly notes: readonly string[];
  /** The elements that are complete with this piece. Throws `UnreadableInput`. */
  feed(piece: Buffer): readonly OcelElement[];
  /** Throws `UnreadableInput` where the text ends too early, or lacks a part. */
  end(): void;
}
