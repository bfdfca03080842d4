/** Emmett in memory: nothing is kept, so it shows what the interface alone costs. */

import { loadPeer } from '../peers/load.ts';
import type { EmmettStore } from './emmett.ts';

interface EmmettModule {
  readonly getInMemoryEventStore: () => EmmettStore;
}

export async function openEmmettMemory(): Promise<EmmettStore> {
  const { getInMemoryEventStore } = await loadPeer<EmmettModule>('@event-driven-io/emmett', ['getInMemoryEventStore']);
  return getInMemoryEventStore();
}
