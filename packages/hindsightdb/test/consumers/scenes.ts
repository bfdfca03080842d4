/** Steps that tests of consumers share. */

import assert from 'node:assert/strict';
import { listLetters, type ConsumerOptions, type Letter } from '../../src/consumers/index.ts';
import type { Engine } from '../../src/engine/contract.ts';
import { storeOver, type RecordedEvent, type Store } from '../../src/index.ts';
import { alteredEngine } from '../conformance/altered-engine.ts';

/** Two tries with hardly a pause. */
export const impatient = { attemptsMax: 2, firstDelayMs: 1 } as const;

/** Options of a consumer from the beginning on. */
export function plain(name: string, handle: NonNullable<ConsumerOptions['handle']>): ConsumerOptions {
  return { name, startAt: 'beginning', handle };
}

/** Appends numbered events to a stream, one append each. */
export async function appendEach(store: Store, streamId: string, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) await store.append(streamId, [{ type: 'Counted', data: { index } }]);
}

/** `order-1 3` for the third event of `order-1`. */
export function nameOf({ streamId, version }: RecordedEvent): string {
  return `${streamId} ${version}`;
}

/** The letters of a consumer, or of one entity. */
export async function lettersOf(
  store: Store,
  consumer: string,
  options: { readonly streamId?: string } = {},
): Promise<readonly Letter[]> {
  const letters: Letter[] = [];
  for await (const letter of listLetters(store, consumer, options)) letters.push(letter);
  return letters;
}

/** Waits until it holds. */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await holds())) {
    if (performance.now() > deadline) assert.fail(`${what} did not come about within 20 seconds.`);
    await pauseMs(5);
  }
}

/** Waits. */
export async function pauseMs(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** A store over the engine of another, with some operations replaced. */
export function alteredStore(store: Store, alter: (engine: Engine) => Partial<Engine>): Store {
  const { engine, now, newId } = store.context;
  return storeOver(alteredEngine(engine, alter(engine)), { now, newId });
}
