/**
 * What a reader of XML reports.
 */

/** A place in a text of XML. */
export interface XmlPlace {
  /** In bytes of the text as UTF-8, from 0. For a tag that began in an earlier piece it may lie a little behind the beginning. */
  readonly offset: number;
  /** Counted from 1. */
  readonly line: number;
  /** In the line, counted from 1, in UTF-16 units; undefined where it is not known. */
  readonly character: number | undefined;
}

/** An element. */
export interface XmlElement {
  /** Without its prefix. */
  readonly name: string;
  /** The URI, or the empty text where it has none. */
  readonly namespace: string;
  /** Where its tag begins. */
  readonly place: XmlPlace;
  /** For messages: its name, with what tells it from others of that name. */
  readonly label: string;
  /** All attributes but declarations of namespaces, in the order of the text, by their names with prefix. */
  readonly attributes: readonly (readonly [name: string, value: string])[];
  /** The value of an attribute, asked for with its prefix if it has one. */
  attribute(name: string): string | undefined;
}

/**
 * Is told what a reader finds, in the order of the text. What it throws ends the reading: an `UnreadableInput` is the failure
 * of the text at that place, anything else goes to whoever feeds the reader.
 */
export interface XmlHandler {
  /** An element begins. */
  open(element: XmlElement): void;
  /** The element that was opened last, of those that are open, ends. */
  close(element: XmlElement): void;
  /** Text between tags, also from CDATA. What comments and instructions part comes in several parts. */
  text(text: string, place: XmlPlace): void;
}
