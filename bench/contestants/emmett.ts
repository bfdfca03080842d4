/** The parts of Emmett's event store that both of its contestants share. */

import type { AppendLog } from './append-log.ts';
import type { SampleEvent } from '../drive/sample-events.ts';
import { evolveOrder, initialOrder, type OrderState } from '../drive/order.ts';

/** What is used of Emmett's `EventStore`. */
export interface EmmettStore {
  appendToStream(streamName: string, events: readonly EmmettEvent[]): Promise<unknown>;
  aggregateStream(
    streamName: string,
    options: {
      readonly initialState: () => OrderState;
      readonly evolve: (state: OrderState, event: EmmettEvent) => OrderState;
    },
  ): Promise<{ readonly state: OrderState; readonly currentStreamVersion: bigint }>;
}

export interface EmmettEvent {
  readonly type: string;
  readonly data: SampleEvent['data'];
  readonly metadata?: { readonly tags: readonly string[] };
}

/** Emmett has no tags; where a sample has them they travel in the metadata. */
export function emmettEvent({ type, data, tags }: SampleEvent): EmmettEvent {
  return tags === undefined ? { type, data } : { type, data, metadata: { tags } };
}

/** Folds a stream, and answers how many events it has. */
export async function loadWithEmmett(store: EmmettStore, streamName: string): Promise<number> {
  const { currentStreamVersion } = await store.aggregateStream(streamName, {
    initialState: initialOrder,
    evolve: evolveOrder,
  });
  return Number(currentStreamVersion);
}

export function emmettLog(store: EmmettStore, close: () => Promise<void>): AppendLog {
  return {
    append: async (streamId, events) => void (await store.appendToStream(streamId, events.map(emmettEvent))),
    close,
  };
}
