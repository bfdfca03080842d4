/**
 * XES as a format of imports.
 */

import type { Limits } from 'hindsightdb';
import type { ImportedEvent, InputFormat, JsonValue, RowReader } from '../import/input-format.ts';
import { XmlReader } from '../xml/xml-reader.ts';
import { XesLog, type XesRow } from './xes-log.ts';
import { XesMapper } from './xes-mapper.ts';
import { xesMappingOf, type XesMapping, type XesMappingOptions } from './xes-mapping.ts';

/** The format of XES files. Throws `MappingError`. */
export function xesFormat(options: XesMappingOptions & { readonly limits: Limits }): InputFormat<XesRow> {
  const mapping = xesMappingOf(options);
  return {
    kind: 'xes',
    begin: () => new XesReader(mapping, options.limits),
    // An event means something only with its trace, and with the head of its log.
    resume: null,
  };
}

class XesReader implements RowReader<XesRow> {
  readonly layout = null;
  readonly mapping: JsonValue;
  readonly #xml: XmlReader;
  readonly #log: XesLog;
  readonly #mapper: XesMapper;
  #isEnded = false;

  constructor(mapping: XesMapping, limits: Limits) {
    this.mapping = { ...mapping, drop: [...mapping.drop], only: mapping.only && [...mapping.only] };
    this.#xml = new XmlReader({
      open: (element) => this.#log.open(element),
      close: () => this.#log.close(),
      text: (text, place) => this.#log.text(text, place),
    });
    this.#log = new XesLog(() => this.#xml.offset);
    this.#mapper = new XesMapper(mapping, this.#log.header, limits);
  }

  get passed(): number {
    return this.#log.passed;
  }

  get about(): JsonValue {
    return this.#log.header.about();
  }

  /** Known at the end, and empty before. */
  get notes(): readonly string[] {
    if (!this.#isEnded) return [];
    const { emptyTraces } = this.#log.header;
    const { unnamedCases, eventsWithoutTime } = this.#mapper;
    const { time } = this.#mapper.mapping;
    return [
      ...(emptyTraces > 0 ? [`${counted(emptyTraces, 'trace')} without events left nothing.`] : []),
      ...(unnamedCases > 0
        ? [`${counted(unnamedCases, 'trace')} without a name: such a case is called unnamed-<number of its trace>.`]
        : []),
      ...(eventsWithoutTime > 0 && time !== null ? [`${counted(eventsWithoutTime, 'event')} without ${time}.`] : []),
    ];
  }

  async feed(piece: Buffer): Promise<readonly XesRow[]> {
    this.#xml.feed(piece);
    return this.#taken();
  }

  async end(): Promise<readonly XesRow[]> {
    if (!this.#isEnded) this.#xml.end();
    this.#isEnded = true;
    return this.#taken();
  }

  #taken(): readonly XesRow[] {
    const rows = this.#log.take();
    // What stands before the broken place is good; the failure is raised when it has been handed on.
    if (rows.length === 0 && this.#xml.failure !== undefined) throw this.#xml.failure;
    return rows;
  }

  eventOf(row: XesRow): ImportedEvent {
    return this.#mapper.eventOf(row);
  }
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
