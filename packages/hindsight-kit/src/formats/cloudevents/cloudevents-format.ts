/**
 * CloudEvents 1.0 in JSON as a format of imports: one a line, or a batch in an array, or one over several lines.
 */

import type { Limits } from 'hindsightdb';
import type { FileRow, ImportedEvent, InputFormat, JsonValue, RowReader } from '../import/input-format.ts';
import { ElementScanner } from '../json/element-scanner.ts';
import { hasByteOrderMark, LineCutter } from '../source/line-cutter.ts';
import { eventOfCloudEvent, type CloudEventMapping } from './read-cloud-event.ts';

/** The text of an event. */
export interface CloudEventRow extends FileRow {
  readonly text: string;
}

/** How the events stand in a file. */
type Form = 'lines' | 'batch' | 'values';

/** The format of CloudEvents. */
export function cloudEventsFormat(mapping: CloudEventMapping, limits: Limits): InputFormat<CloudEventRow> {
  return {
    kind: 'cloudevents',
    begin: (beginning) => {
      const form = formOf(beginning);
      const cutter = form === 'lines' ? new LineCutter(0, beginning) : new ElementScanner(form);
      return new CloudEventReader({ form, cutter, mapping, limits });
    },
    resume: (layout, offset) => {
      const { form, isClosed } = checkedLayout(layout);
      const cutter = form === 'lines' ? new LineCutter(offset) : new ElementScanner(form, { offset, isClosed });
      return new CloudEventReader({ form, cutter, mapping, limits });
    },
  };
}

function formOf(beginning: Buffer): Form {
  const text = beginning.toString('utf8', hasByteOrderMark(beginning) ? 3 : 0).trimStart();
  if (text.startsWith('[')) return 'batch';
  // A line that is only the beginning of an object is an event over several lines, and not a broken one of many.
  return /^\{[^\S\n]*\n/.test(text) ? 'values' : 'lines';
}

/** A layout comes back as JSON from the record of an earlier run, which this code wrote. */
function checkedLayout(layout: JsonValue): { readonly form: Form; readonly isClosed: boolean } {
  if (typeof layout !== 'object' || layout === null || !('form' in layout))
    throw new TypeError('The record of the import holds no layout of CloudEvents.');
  const { form, isClosed } = layout;
  return { form: form === 'batch' || form === 'values' ? form : 'lines', isClosed: isClosed === true };
}

class CloudEventReader implements RowReader<CloudEventRow> {
  readonly mapping: JsonValue;
  readonly notes: readonly string[] = [];
  readonly #form: Form;
  readonly #cutter: LineCutter | ElementScanner;
  readonly #mapping: CloudEventMapping;
  readonly #limits: Limits;
  /** Whether all rows were handed out: then the next run begins behind the bracket that closes a batch. */
  #isClosed = false;

  constructor(options: {
    readonly form: Form;
    readonly cutter: LineCutter | ElementScanner;
    readonly mapping: CloudEventMapping;
    readonly limits: Limits;
  }) {
    this.#form = options.form;
    this.#cutter = options.cutter;
    this.#mapping = options.mapping;
    this.#limits = options.limits;
    this.mapping = { ...options.mapping };
  }

  get layout(): JsonValue {
    return { form: this.#form, isClosed: this.#isClosed };
  }

  async feed(piece: Buffer): Promise<readonly CloudEventRow[]> {
    return this.#cutter.feed(piece);
  }

  async end(): Promise<readonly CloudEventRow[]> {
    const rows = this.#cutter.end() ?? [];
    this.#isClosed = true;
    return rows;
  }

  eventOf({ text }: CloudEventRow): ImportedEvent | undefined {
    return eventOfCloudEvent(text, this.#mapping, this.#limits);
  }
}
