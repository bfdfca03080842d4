/** Running reactions and looking at what they did, for tests. */

import assert from 'node:assert/strict';
import { listLetters, type Letter } from '../../src/consumers/index.ts';
import { listEffects, runReaction, type ListedEffect, type ListEffectsOptions } from '../../src/reactions/index.ts';
import type { Reaction } from '../../src/reactions/reaction.ts';
import type { RunReactionOptions } from '../../src/reactions/run-reaction.ts';
import type { Store } from '../../src/store/store.ts';

/** Runs a reaction until it has come to the end of the log. */
export async function react(store: Store, reaction: Reaction, options: RunReactionOptions = {}): Promise<void> {
  const consumer = await runReaction(store, reaction, options);
  try {
    await consumer.waitFor(await store.head());
  } finally {
    await consumer.stop();
  }
}

/** What the journal of a reaction holds. */
export async function effectsIn(
  store: Store,
  name = 'mails',
  options: ListEffectsOptions = {},
): Promise<readonly ListedEffect[]> {
  return await allOf(listEffects(store, name, options));
}

/** The letters of a reaction. */
export async function lettersIn(store: Store, name = 'mails'): Promise<readonly Letter[]> {
  return await allOf(listLetters(store, name));
}

async function allOf<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Waits until something has come about. */
export async function eventually(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await holds())) {
    if (performance.now() > deadline) assert.fail('It did not come about within 20 seconds.');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
