/** Work that outlasts its batch, settled by hand. */

import type { ConsumerSpec, Settled, SliceBatch, SliceWrites } from '../../src/consumers/consumer-spec.ts';
import type { RecordedEvent } from '../../src/index.ts';
import { eventually, impatient, nameOf } from './scenes.ts';

/** What is under way, by the names of events. */
export class UnderWay {
  /** What was handed out, in that order. */
  readonly handedOut: string[] = [];
  readonly signals: AbortSignal[] = [];
  readonly #settling = new Map<string, (settled: Settled) => void>();

  /** Takes everything of a batch up, and ends nothing of it. */
  readonly handle = async ({ events, signal }: SliceBatch): Promise<SliceWrites> => {
    this.signals.push(signal);
    return { later: events.map((event) => ({ event, settled: this.take(event) })) };
  };

  /** Takes up one event. */
  take(event: RecordedEvent): Promise<Settled> {
    const { promise, resolve } = Promise.withResolvers<Settled>();
    this.handedOut.push(nameOf(event));
    this.#settling.set(nameOf(event), resolve);
    return promise;
  }

  /** Events that are under way. */
  get names(): readonly string[] {
    return [...this.#settling.keys()].toSorted();
  }

  /** Ends the work on an event. */
  settle(name: string, settled: Settled = { kind: 'handled' }): void {
    const resolve = this.#settling.get(name);
    if (resolve === undefined) throw new Error(`${name} is not under way.`);
    this.#settling.delete(name);
    resolve(settled);
  }

  /** Has the work on an event fail. */
  fail(name: string): void {
    this.settle(name, { kind: 'failed', error: new Error(`${name} failed`), attempts: 3 });
  }

  /** Waits until exactly these are under way. */
  async areExactly(...names: readonly string[]): Promise<void> {
    await eventually(`The work on ${names.join(', ')}`, () => names.toSorted().join() === this.names.join());
  }
}

/** A consumer whose work is settled by hand, from the beginning on. */
export function laterSpec(name: string, underWay: UnderWay, more: Partial<ConsumerSpec> = {}): ConsumerSpec {
  const { handle } = underWay;
  return {
    kind: 'commands',
    name,
    startAt: 'beginning',
    filter: {},
    onFailure: 'setAside',
    retry: impatient,
    handle,
    ...more,
  };
}
