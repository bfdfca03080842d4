/**
 * Where reactions keep what they remember, in the keyed store of their home. `docs/formats/keyed.md` describes it for people.
 *
 *     journal/<reaction>/<nnnn>/<pppp>-<position>   what is planned for an event of a slice, and what came of it
 *     fence/<reaction>/<nnnn>                       how far the events of a slice have been planned
 */

/** Where an event stands in the log. */
export interface EventPlace {
  readonly partition: number;
  readonly position: number;
}

/** All journal entries of a reaction, or those of one of its slices, in the order of slices, partitions and positions. */
export function journalPrefix(reaction: string, slice?: number): string {
  return `journal/${reaction}/${slice === undefined ? '' : `${digits(slice, 4)}/`}`;
}

/** The journal entry of an event. */
export function journalKey(reaction: string, slice: number, { partition, position }: EventPlace): string {
  return `${journalPrefix(reaction, slice)}${digits(partition, 4)}-${digits(position, 16)}`;
}

/** Behind every entry of a partition of a slice. */
export function journalPartitionEnd(reaction: string, slice: number, partition: number): string {
  return `${journalPrefix(reaction, slice)}${digits(partition, 4)}-~`;
}

/** The slice, partition and position that a key of the journal names. */
export function placeOfJournalKey(key: string): EventPlace & { readonly slice: number } {
  const [slice = '', place = ''] = key.split('/').slice(-2);
  const [partition, position] = place.split('-');
  return { slice: Number(slice), partition: Number(partition), position: Number(position) };
}

/** All fences of a reaction. */
export function fencePrefix(reaction: string): string {
  return `fence/${reaction}/`;
}

/** The fence of a slice. */
export function fenceKey(reaction: string, slice: number): string {
  return `${fencePrefix(reaction)}${digits(slice, 4)}`;
}

function digits(count: number, width: number): string {
  return String(count).padStart(width, '0');
}
