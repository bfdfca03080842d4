/**
 * The work on a batch of a slice: instances side by side, the inputs of each in order, timers that are due before an input first.
 *
 *     event ─ fence ─┬─ over
 *                    └─ timers due until then ─ handler ─ step and timers' entries ─ commands ─ … ─ fence and checkpoint
 */

import { abortReason } from '../core/abort.ts';
import type { FailedEvent, SliceAtRest, SliceBatch, SliceWrites } from '../consumers/consumer-spec.ts';
import { letterKey } from '../consumers/consumer-keys.ts';
import type { RecordedEvent } from '../core/event.ts';
import { inBounded } from '../reactions/event-work.ts';
import { advanced, fenceWrites, isBelow, newestVersion, reachOf, readFence, readFences } from '../reactions/fence.ts';
import { fenceKey } from '../reactions/reaction-keys.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import { entityOf, keyOf, type LogInput } from './input.ts';
import { InstanceWork } from './instance-work.ts';
import { Issuing } from './issuing.ts';
import type { Process } from './process.ts';
import { tickSlice } from './process-tick.ts';

/** What a process manager is run with. */
export interface WorkSettings {
  readonly store: AnyStore;
  /** Called when a newer version has begun, and this one is to stop. Absent: it goes on. */
  readonly onOutdated: ((newest: number) => void) | undefined;
  /** Called when a slice was looked at: whether there was nothing left to do. */
  readonly onLook?: (slice: number, look: 'busy' | 'idle') => void;
}

/** Works on the batches of a process manager, and fires its timers. */
export class ProcessWork {
  readonly #process: Process;
  readonly #settings: WorkSettings;
  readonly #issuing = new Map<number, Issuing>();

  constructor(process: Process, settings: WorkSettings) {
    this.#process = process;
    this.#settings = settings;
  }

  /** Handles a batch, as the runtime of consumers asks for it. */
  async handle(batch: SliceBatch): Promise<SliceWrites> {
    const { slice, events, signal } = batch;
    this.#settings.onLook?.(slice, 'busy');
    const { engine } = contextOf(this.#settings.store);
    const { name, version, running, concurrencyMax } = this.#process;
    const fence = await readFence(engine, name, slice);
    if (fence !== undefined) await this.#stopWhereOutdated(fence.version, signal);
    const reach = reachOf(fence, engine.identity);
    const isLetter = await this.#isLetter(batch);
    const above = isLetter ? events : events.filter((event) => !isBelow(reach, event));
    const issuing = this.#issuingOf(slice);
    const setAside: FailedEvent[] = [];
    await inBounded([...lanesOf(this.#process, above)], concurrencyMax, async ([entity, inputs]) => {
      const work = new InstanceWork({ store: this.#settings.store, process: this.#process, slice, issuing, signal });
      const failure = await work.take(entity, inputs);
      if (failure !== undefined) setAside.push(failure);
    });
    const epoch = engine.identity.lineage.at(-1)?.epoch ?? '';
    const after = { epoch, version, slices: running.slices ?? 1, positions: advanced(reach, events) };
    return {
      keyedWrites: [...issuing.takeClearing(), ...fenceWrites(fenceKey(name, slice), fence, after)],
      ...(setAside.length > 0 && { setAside }),
    };
  }

  /** Fires what is due, as the runtime asks for it. Answers after how many milliseconds to look again. */
  async tick(slice: SliceAtRest): Promise<number | undefined> {
    const { store, onLook } = this.#settings;
    await this.#begin(slice);
    const issuing = this.#issuingOf(slice.slice);
    const result = await tickSlice({ store, process: this.#process, slice, issuing });
    if (onLook !== undefined) {
      const heads = await contextOf(store).engine.heads();
      const isAtHead = slice.places.every(({ position }, partition) => position >= (heads[partition] ?? 0));
      onLook(slice.slice, isAtHead ? result.look : 'busy');
    }
    return result.againMs;
  }

  /** Lets versions know that this one is at work in the slice, also where nothing comes to be handled there. */
  async #begin(slice: SliceAtRest): Promise<void> {
    const { engine } = contextOf(this.#settings.store);
    const { name, version, running } = this.#process;
    const fences = await readFences(engine, name);
    await this.#stopWhereOutdated(newestVersion(fences), slice.signal);
    const before = await readFence(engine, name, slice.slice);
    if (before?.version === version) return;
    const epoch = engine.identity.lineage.at(-1)?.epoch ?? '';
    const positions = reachOf(before, engine.identity);
    const after = { epoch, version, slices: running.slices ?? 1, positions };
    await slice.record(fenceWrites(fenceKey(name, slice.slice), before, after));
  }

  async #stopWhereOutdated(newest: number, signal: AbortSignal): Promise<void> {
    const { onOutdated } = this.#settings;
    if (newest <= this.#process.version || onOutdated === undefined) return;
    onOutdated(newest);
    await aborted(signal);
  }

  /** Letters are handed out one by one, and lie there until they are over; they lie below the fence. */
  async #isLetter({ slice, events }: SliceBatch): Promise<boolean> {
    const [event] = events;
    if (event === undefined || events.some(({ position }) => position !== event.position)) return false;
    const { streamId, partition, position } = event;
    const place = { streamId, entity: entityOf(this.#process, event), partition, position };
    const { engine } = contextOf(this.#settings.store);
    return (await engine.keyedGet(letterKey(this.#process.name, slice, place))) !== undefined;
  }

  #issuingOf(slice: number): Issuing {
    let issuing = this.#issuing.get(slice);
    if (issuing === undefined) {
      issuing = new Issuing(this.#settings.store, this.#process, slice);
      this.#issuing.set(slice, issuing);
    }
    return issuing;
  }
}

/** The inputs of each entity, in order. Of events that are for no instance there are none. */
function lanesOf(process: Process, events: readonly RecordedEvent[]): ReadonlyMap<string, readonly LogInput[]> {
  const lanes = new Map<string, LogInput[]>();
  for (const event of events) {
    if (isForNone(process, event)) continue;
    const entity = entityOf(process, event);
    const lane = lanes.get(entity) ?? [];
    const last = lane.at(-1);
    const isSame = last?.events[0].partition === event.partition && last.events[0].position === event.position;
    if (last !== undefined && isSame) lane[lane.length - 1] = { kind: 'log', events: [...last.events, event] };
    else lane.push({ kind: 'log', events: [event] });
    lanes.set(entity, lane);
  }
  return lanes;
}

function isForNone(process: Process, event: RecordedEvent): boolean {
  try {
    return keyOf(process, event) === undefined;
  } catch {
    // It fails again where it is handled, and is set aside there.
    return false;
  }
}

async function aborted(signal: AbortSignal): Promise<never> {
  if (!signal.aborted)
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  throw abortReason(signal);
}
