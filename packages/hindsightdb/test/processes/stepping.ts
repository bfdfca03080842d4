/** Looking at what process managers did, for tests. */

import type { RecordedEvent } from '../../src/index.ts';
import type { StepData } from '../../src/processes/index.ts';
import { instanceStream, stepOf } from '../../src/processes/step.ts';
import type { Store } from '../../src/store/store.ts';

/** The steps of an instance. */
export async function stepsIn(
  store: Store,
  process: string,
  key: string,
): Promise<readonly RecordedEvent<string, StepData>[]> {
  const events = await store.readStream(instanceStream(process, key)).toArray();
  return events.map((event) => ({ ...event, data: stepOf(event) }));
}

/** Everything that a walk gives. */
export async function allOf<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}
