/**
 * Where an inbox keeps what it remembers, in the keyed store. `docs/formats/keyed.md` describes it for people.
 *
 *     inbox/<name>/memory/<source>/<id>                  that a message was received, and what came of it
 *     inbox/<name>/lane/<lane>/<n>                       the order in which a process received its messages
 *     inbox/<name>/sequence/<source>/<key>               which message of a sequence is next, and which wait
 *     inbox/<name>/waiting/<source>/<key>/<sequence>     a message that came early, encoded
 */

/** Which messages are in one sequence. */
export interface SequencePlace {
  readonly source: string;
  /** Empty where the source has one sequence for all. */
  readonly key: string;
}

/** The memory of one message. */
export function memoryKey(inbox: string, source: string, id: string): string {
  return `inbox/${inbox}/memory/${encodeURIComponent(source)}/${encodeURIComponent(id)}`;
}

/** All lanes of an inbox, or one of them. */
export function lanePrefix(inbox: string, lane?: string): string {
  return `inbox/${inbox}/lane/${lane === undefined ? '' : `${encodeURIComponent(lane)}/`}`;
}

/** The place of a message in its lane. */
export function laneKey(inbox: string, lane: string, number: number): string {
  return `${lanePrefix(inbox, lane)}${digits(number)}`;
}

/** The lane and the number that such a key names. */
export function laneOfKey(key: string): { readonly lane: string; readonly number: number } {
  const [lane = '', number = ''] = key.split('/').slice(-2);
  return { lane: decodeURIComponent(lane), number: Number(number) };
}

/** The state of a sequence. */
export function sequenceKey(inbox: string, { source, key }: SequencePlace): string {
  return `inbox/${inbox}/sequence/${encodeURIComponent(source)}/${encodeURIComponent(key)}`;
}

/** All messages that wait. */
export function waitingPrefix(inbox: string): string {
  return `inbox/${inbox}/waiting/`;
}

/** A message that waits. */
export function waitingKey(inbox: string, { source, key }: SequencePlace, sequence: number): string {
  return `${waitingPrefix(inbox)}${encodeURIComponent(source)}/${encodeURIComponent(key)}/${digits(sequence)}`;
}

/** Behind all messages of the sequence that such a key is of. */
export function endOfSequence(waiting: string): string {
  return `${waiting.slice(0, waiting.lastIndexOf('/'))}/~`;
}

/** The sequence that such a key is of. */
export function placeOfWaitingKey(waiting: string): SequencePlace {
  const [source = '', key = ''] = waiting.split('/').slice(-3);
  return { source: decodeURIComponent(source), key: decodeURIComponent(key) };
}

function digits(count: number): string {
  return String(count).padStart(16, '0');
}
