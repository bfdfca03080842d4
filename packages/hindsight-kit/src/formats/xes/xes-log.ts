/**
 * A log of XES as it is read: traces with their attributes, and events. The events of a trace are handed on when the trace is
 * whole, since its attributes belong to them and may stand anywhere in it; those of a very long trace, as they come.
 */

import type { FileRow } from '../import/input-format.ts';
import { BadRowError, UnreadableInput } from '../source/bad-input.ts';
import type { XmlElement, XmlHandler, XmlPlace } from '../xml/xml-handler.ts';
import { attributeOf, badAt, xesKindOf, type XesAttribute } from './xes-attribute.ts';
import { XesHeader } from './xes-header.ts';

/** A trace. */
export interface XesTrace {
  /** Its place among the traces of the file, counted from 1; 0 for events that stand in no trace. */
  readonly number: number;
  readonly start: number;
  readonly element: XmlElement;
  readonly attributes: XesAttribute[];
  /** What is wrong with its attributes, and so with each of its events. */
  problem: BadRowError | undefined;
}

/** An event of the file. */
export interface XesRow extends FileRow {
  readonly trace: XesTrace;
  /** Whether it is the first of its trace. */
  readonly isFirst: boolean;
  readonly attributes: readonly XesAttribute[];
  readonly element: XmlElement;
  /** What is wrong with how it is written. */
  readonly problem: BadRowError | undefined;
}

/** Behind so many bytes the events of a trace are handed on before its end; the attributes of the trace must be known then. */
export const traceHeldBytesMax: number = 1024 * 1024;

/** An event cannot be longer, nor the attributes of a trace: a store would not take it. */
export const ownerBytesMax: number = 16 * 1024 * 1024;

interface OpenEvent {
  readonly element: XmlElement;
  readonly start: number;
  readonly attributes: XesAttribute[];
  problem: BadRowError | undefined;
}

/** Where the reading stands: in what, and where the attributes go that are found there. */
type Frame =
  | { readonly kind: 'log' | 'trace' | 'event' | 'other' }
  | { readonly kind: 'global'; readonly into: XesAttribute[] }
  | { readonly kind: 'attribute'; readonly attribute: XesAttribute }
  | { readonly kind: 'values'; readonly into: XesAttribute[] };

/** Gathers a log from what a reader of XML reports. */
export class XesLog implements XmlHandler {
  readonly header: XesHeader = new XesHeader();
  readonly #offset: () => number;
  readonly #frames: Frame[] = [];
  #trace: XesTrace | undefined;
  #event: OpenEvent | undefined;
  /** Events of the open trace that wait for its end. */
  #held: XesRow[] = [];
  #eventsInTrace = 0;
  #isStreaming = false;
  #ready: XesRow[] = [];
  #passed = 0;
  #namespace = '';

  /** `offset` says which byte the reader has come to. */
  constructor(offset: () => number) {
    this.#offset = offset;
  }

  /** Up to here nothing is needed again. */
  get passed(): number {
    return this.#passed;
  }

  /** The events that are complete, each given once. */
  take(): readonly XesRow[] {
    const rows = this.#ready;
    this.#ready = [];
    return rows;
  }

  open(element: XmlElement): void {
    const within = this.#frames.at(-1);
    this.#frames.push(within === undefined ? this.#root(element) : this.#child(within, element));
  }

  close(): void {
    const frame = this.#frames.pop();
    if (frame?.kind === 'event') this.#endEvent();
    if (frame?.kind === 'trace') this.#endTrace();
    if (this.#frames.length === 1) this.#passed = this.#offset();
  }

  text(text: string, place: XmlPlace): void {
    if (text.trim() === '' || this.#frames.at(-1)?.kind === 'other') return;
    this.#problem(
      new BadRowError(`The text ${JSON.stringify(text.trim().slice(0, 40))} stands where XES has none.`, undefined, {
        line: place.line,
        character: place.character,
      }),
    );
  }

  #root(element: XmlElement): Frame {
    if (element.name !== 'log')
      throw new UnreadableInput(`This is no event log in XES: it begins with ${element.label} and not with <log>.`, {
        ...element.place,
        element: element.label,
      });
    this.header.root(element);
    this.#namespace = element.namespace;
    return { kind: 'log' };
  }

  #child(within: Frame, element: XmlElement): Frame {
    const isForeign = element.namespace !== this.#namespace;
    if (isForeign && within.kind !== 'log' && within.kind !== 'other') return this.#misplaced(element);
    switch (within.kind) {
      case 'log':
        return this.#inLog(element);
      case 'trace':
        return element.name === 'event'
          ? this.#beginEvent(element)
          : this.#attribute(this.#trace?.attributes ?? [], element);
      case 'event':
        return this.#attribute(this.#event?.attributes ?? [], element);
      case 'global':
      case 'values':
        return this.#attribute(within.into, element);
      case 'attribute':
        return this.#inAttribute(within.attribute, element);
      case 'other':
        return within;
      default:
        return within satisfies never;
    }
  }

  #inLog(element: XmlElement): Frame {
    if (element.namespace !== this.#namespace) {
      this.header.child(element);
      return { kind: 'other' };
    }
    if (element.name === 'trace') {
      this.header.traces += 1;
      this.#beginTrace(this.header.traces, element);
      return { kind: 'trace' };
    }
    if (element.name === 'event') {
      this.#beginTrace(0, element);
      return this.#beginEvent(element);
    }
    if (element.name === 'object-types' || element.name === 'event-types')
      throw new UnreadableInput('This is a log of OCEL and not of XES.', { ...element.place, offset: -1 }, [
        'Say so: --format ocel',
      ]);
    if (element.name === 'global') return { kind: 'global', into: this.header.global(element) };
    if (xesKindOf(element.name) !== undefined) return this.#attribute(this.header.attributes, element);
    this.header.child(element);
    return { kind: 'other' };
  }

  #inAttribute(attribute: XesAttribute, element: XmlElement): Frame {
    if (element.name !== 'values') return this.#attribute(attribute.children, element);
    if (attribute.kind !== 'list' || attribute.values !== undefined) return this.#misplaced(element);
    attribute.values = [];
    return { kind: 'values', into: attribute.values };
  }

  #attribute(into: XesAttribute[], element: XmlElement): Frame {
    this.#checkLength(element);
    const kind = xesKindOf(element.name);
    if (kind === undefined) return this.#misplaced(element);
    try {
      const attribute = attributeOf(kind, element);
      const isAroundTraces = this.#event === undefined && this.#trace === undefined;
      if (!isAroundTraces || this.header.hasRoomFor(attribute)) into.push(attribute);
      return { kind: 'attribute', attribute };
    } catch (error) {
      if (!(error instanceof BadRowError)) throw error;
      this.#problem(error);
      return { kind: 'other' };
    }
  }

  #misplaced(element: XmlElement): Frame {
    this.#problem(badAt(element, 'XES has no such element here.'));
    return { kind: 'other' };
  }

  /** What is wrong is wrong with the event, or with all events of the trace; in the head of a log, with the whole file. */
  #problem(problem: BadRowError): void {
    const owner = this.#event ?? this.#trace;
    if (owner !== undefined) owner.problem ??= problem;
    else throw new UnreadableInput(problem.reason, { offset: this.#offset(), ...problem.place });
  }

  #checkLength(element: XmlElement): void {
    const owner = this.#event ?? this.#trace;
    if (owner === undefined) return;
    if (this.#isStreaming && this.#event === undefined)
      throw new UnreadableInput(
        `An attribute of a trace stands behind more than ${traceHeldBytesMax / 1024 / 1024} MiB of its events, which are imported without it.`,
        { ...element.place, element: element.label },
        ['XES has the attributes of a trace before its events.'],
      );
    if (this.#offset() - owner.start > ownerBytesMax)
      throw new UnreadableInput(
        `${this.#event === undefined ? 'The attributes of the trace take' : 'The event takes'} more than ${ownerBytesMax / 1024 / 1024} MiB.`,
        { ...element.place, element: element.label },
      );
  }

  #beginTrace(number: number, element: XmlElement): void {
    this.#trace = { number, start: element.place.offset, element, attributes: [], problem: undefined };
    this.#eventsInTrace = 0;
    // Events outside of traces have no attributes to wait for.
    this.#isStreaming = number === 0;
  }

  #beginEvent(element: XmlElement): Frame {
    this.#event = { element, start: element.place.offset, attributes: [], problem: undefined };
    return { kind: 'event' };
  }

  #endEvent(): void {
    const [event, trace] = [this.#event, this.#trace];
    this.#event = undefined;
    if (event === undefined || trace === undefined) return;
    const end = this.#offset();
    const { element, start, attributes, problem } = event;
    const isFirst = this.#eventsInTrace === 0;
    this.#eventsInTrace += 1;
    this.#held.push({
      start,
      end,
      trace,
      isFirst,
      attributes,
      problem,
      element,
    });
    if (end - trace.start > traceHeldBytesMax) this.#isStreaming = true;
    if (this.#isStreaming) this.#release();
    if (trace.number === 0) this.#trace = undefined;
  }

  #endTrace(): void {
    if (this.#eventsInTrace === 0) this.header.emptyTraces += 1;
    this.#trace = undefined;
    this.#release();
  }

  #release(): void {
    this.#ready.push(...this.#held);
    this.#held = [];
  }
}
