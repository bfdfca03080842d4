/**
 * Appends that say by themselves what they are: a checker that knows only the writer's name and the append's number
 * can tell from the log whether the append is there, whole, once, and with what content.
 */
import { seededRandom } from './seeded-random.ts';

/** An event as a writer gives it. */
export type PlannedEvent = {
  readonly id: string;
  readonly type: string;
  readonly data: PlannedData;
  readonly tags: readonly string[];
};

/** The data of every event of a load: its place in its append. `index` counts from 0 through all streams of the append. */
export type PlannedData = {
  readonly writer: string;
  readonly lane: number;
  readonly number: number;
  readonly index: number;
  readonly of: number;
  readonly fill: string;
};

/** Which append it is. A writer's lanes append independently of one another. */
export type AppendName = { readonly writer: string; readonly number: number; readonly lane: number };

export type PlannedAppend = {
  readonly streams: readonly { readonly streamId: string; readonly events: readonly PlannedEvent[] }[];
  readonly key?: string;
  /** It states a version that cannot be, and must leave no trace. */
  readonly isRefused: boolean;
  /** All of its streams belong to the writer's lane alone, so that their exact versions are known. */
  readonly isOwn: boolean;
};

const types = ['Opened', 'Changed', 'Moved', 'Closed'];
const sharedStreams = ['order-1', 'order-2', 'cart-1', 'cart-2', 'ledger'];

/** The append of this number, made in this lane of its writer. The same arguments always give the same append. A writer
 * whose name begins with `large` fills a megabyte with a few dozen events. */
export function plannedAppend({ writer, number, lane }: AppendName): PlannedAppend {
  const isLarge = writer.startsWith('large');
  const random = seededRandom(hash(`${writer}/${number}`));
  const isOwn = random.chance(0.3);
  const streamIds = isOwn
    ? [`own-${writer}-${lane}`]
    : chooseShared(random.below(10) < 7 ? 1 : 2 + random.below(3), random.below(5));
  const counts = streamIds.map(() => 1 + random.below(random.chance(0.1) ? 20 : 3));
  const of = counts.reduce((sum, count) => sum + count, 0);
  let index = 0;
  const streams = streamIds.map((streamId, place) => {
    const events = Array.from({ length: counts[place] ?? 0 }, (): PlannedEvent => {
      // Most events are small, some fill a page or several, so that an append spans many pages of the file.
      const fillLength = random.chance(0.03) || isLarge ? random.below(40_000) : random.below(300);
      const data = { writer, lane, number, index, of, fill: 'f'.repeat(fillLength) };
      const tags = random.chance(0.5) ? [`writer:${writer}`, `lane:${lane}`] : [];
      return { id: `${writer}.${number}.${index++}`, type: random.pick(types), data, tags };
    });
    return { streamId, events };
  });
  const key = random.chance(0.4) ? { key: `${writer}.${number}` } : {};
  return { streams, ...key, isRefused: random.chance(0.05), isOwn };
}

function chooseShared(count: number, first: number): string[] {
  return Array.from({ length: count }, (_, index) => sharedStreams[(first + index) % sharedStreams.length] ?? 'ledger');
}

/** A 32-bit hash of a text (FNV-1a), to make a seed of a name. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193);
  return value >>> 0;
}
