/**
 * Random workloads: few streams, tags and keys, so that operations meet each other.
 */

import type { Query } from '../../core/query.ts';
import { settingsStreamOf } from '../../core/stream-id.ts';
import { eventsRemovedType, settingsChangedType, type StreamSettings } from '../../core/stream-settings.ts';
import type { Direction } from '../../engine/contract.ts';
import type { EventParts } from '../event-maker.ts';
import type {
  AgainPlan,
  AppendPlan,
  EffectPlan,
  KeyedWritePlan,
  Operation,
  PlacePlan,
  StreamPlan,
  VersionPlan,
  ViewPlan,
} from './operation.ts';
import { Random } from './random.ts';

/** What a workload is made for. */
export interface WorkloadOptions {
  readonly seed: number;
  readonly operationCount: number;
  readonly partitionCount: number;
  /** Whether the engine's times are exactly those of the clock that it is given. */
  readonly isClockExact: boolean;
}

const streamIds = ['order-1', 'order-2', 'order', 'order2-1', 'order-', 'é-1', '🙂', '\uE000-1', 'x'] as const;
const categories = ['order', 'order2', 'é', '🙂', 'x', 'none', '$settings'] as const;
const types = ['Opened', 'Closed', 'opened', '🙂', 'T%'] as const;
const tags = ['a', 'b', 'ab', 'a b', 'A', 'é', 'e\u0301', '1', '1.0', '🙂'] as const;
const keys = ['k', 'K', 'k ', '🙂', 'other'] as const;
const entries = ['e/1', 'e/10', 'e/2', 'e', 'é', '\uE000', '🙂', 'E/1'] as const;
const views: readonly [readonly string[], ...(readonly string[])[]] = [['view/1', 'view/2'], ['view/1'], ['view/2']];
const prefixes = ['', 'e', 'e/', 'e/1', 'E', '🙂', '%', 'view/', 'or', 'order-', '$'] as const;
const dataTexts = [
  '{}',
  '{"amount":1.10}',
  '[1e400, -0]',
  '"\\u0000\\ud800"',
  '{ "b":1,"a":2 }',
  '"🙂é"',
  'null',
] as const;

/** The operations of a workload. The same options give the same operations. */
export function workload(options: WorkloadOptions): readonly Operation[] {
  const maker = new WorkloadMaker(options);
  return Array.from({ length: options.operationCount }, () => maker.operation());
}

class WorkloadMaker {
  readonly #random: Random;
  readonly #options: WorkloadOptions;
  #names = 0;
  #ids = 0;

  constructor(options: WorkloadOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
  }

  operation(): Operation {
    const random = this.#random;
    const kind = random.share();
    if (kind < 0.32) return this.#append();
    if (kind < 0.4) return this.#again();
    if (kind < 0.48)
      return {
        do: 'group',
        appends: random.list(random.whole(2, 6), () => (random.happens(0.2) ? this.#again() : this.#append())),
      };
    if (kind < 0.53) return { do: 'keyedWrite', writes: this.#keyedWrites() };
    if (kind < 0.57) return { do: 'completeViews', progressKeys: random.one(views) };
    if (kind < 0.61) return { do: 'time', micros: this.#micros() };
    if (kind < 0.63) return { do: 'reopen' };
    return this.#look();
  }

  #append(): AppendPlan {
    const random = this.#random;
    const name = `append ${(this.#names += 1)}`;
    if (random.happens(0.18)) return this.#effectAppend(name);
    const count = random.happens(0.7) ? 1 : random.whole(2, 4);
    const ids = [...new Set(random.list(count, () => random.one(streamIds)))];
    return {
      do: 'append',
      name,
      streams: ids.map((streamId, index) => this.#stream(streamId, { isFirst: index === 0 })),
      ...(random.happens(0.25) && { condition: { query: this.#query(), after: this.#places() } }),
      ...(random.happens(0.25) && { key: this.#key() }),
      ...(random.happens(0.15) && { keyedWrites: this.#keyedWrites() }),
      ...(random.happens(0.3) && { views: this.#views() }),
    };
  }

  #views(): readonly ViewPlan[] {
    const random = this.#random;
    return random
      .one(views)
      .map((progressKey) => ({ progressKey, writes: random.happens(0.5) ? this.#keyedWrites() : [] }));
  }

  #again(): AgainPlan {
    const random = this.#random;
    const name = `append ${random.whole(Math.max(1, this.#names - 12), Math.max(1, this.#names))}`;
    const of = random.one(['data', 'metadata'] as const);
    return { do: 'again', name, ...(random.happens(0.3) && { change: { event: random.whole(0, 3), of } }) };
  }

  #stream(streamId: string, { isFirst }: { readonly isFirst: boolean }): StreamPlan {
    const random = this.#random;
    const count = !isFirst && random.happens(0.4) ? 0 : random.whole(1, 4);
    return {
      streamId,
      expects: this.#version(),
      events: random.list(count, () => this.#event()),
      ...(random.happens(0.12) && { follows: random.one(['last', 'last', 'earlier', 'never']) }),
    };
  }

  #event(): EventParts & { readonly id: string } {
    const random = this.#random;
    // A few ids repeat, so that repetitions and mixtures come about.
    const id = random.happens(0.05) ? 'the-same-id' : `id-${(this.#ids += 1)}`;
    return {
      id,
      type: random.one(types),
      tags: random.some(tags, 0.2),
      dataText: random.one(dataTexts),
      ...(random.happens(0.2) && { metadataText: '{"actor":"someone"}' }),
    };
  }

  #effectAppend(name: string): AppendPlan {
    const random = this.#random;
    const streamId = random.one(streamIds);
    const removal = random.happens(0.3);
    const settings = this.#settings();
    const effect: EffectPlan = removal
      ? { streamId, removalBefore: { off: random.whole(-2, 1) } }
      : { streamId, settings };
    const id = `id-${(this.#ids += 1)}`;
    const event = removal
      ? { id, type: eventsRemovedType }
      : { id, type: settingsChangedType, dataText: JSON.stringify(settings) };
    const expects = random.happens(0.8) ? 'any' : this.#version();
    return {
      do: 'append',
      name,
      streams: [{ streamId: settingsStreamOf(streamId), expects, events: [event] }],
      effect,
    };
  }

  #settings(): StreamSettings {
    const random = this.#random;
    return {
      ...(random.happens(0.4) && { truncateBefore: random.whole(1, 8) }),
      ...(random.happens(0.3) && { maxCount: random.whole(1, 5) }),
      ...(this.#options.isClockExact && random.happens(0.25) && { maxAgeMs: random.whole(1, 50) }),
      ...(random.happens(0.06) && { tombstone: true as const }),
      ...(random.happens(0.2) && { custom: { note: random.one(tags) } }),
    };
  }

  #version(): VersionPlan {
    const kind = this.#random.share();
    if (kind < 0.35) return 'any';
    if (kind < 0.45) return 'exists';
    if (kind < 0.52) return 'none';
    return { off: kind < 0.85 ? 0 : this.#random.whole(-3, 2) };
  }

  #query(): Query {
    const random = this.#random;
    return random.list(random.whole(1, 3), () => {
      const item = { types: random.some(types, 0.25), tags: random.some(tags, 0.12) };
      return item.types.length + item.tags.length > 0 ? item : { types: [], tags: [random.one(tags)] };
    });
  }

  #place(): PlacePlan {
    return { share: this.#random.one([0, 0.25, 0.5, 0.8, 1, 1]), off: this.#random.whole(-2, 2) };
  }

  #places(): readonly PlacePlan[] {
    return this.#random.list(this.#options.partitionCount, () => this.#place());
  }

  #key(): { readonly key: string; readonly digest: string; readonly lifeMicros?: number } {
    const random = this.#random;
    const life =
      this.#options.isClockExact && random.happens(0.4) ? { lifeMicros: random.whole(1, 40) * 1000 + 500 } : {};
    return { key: random.one(keys), digest: random.one(['one', 'two']), ...life };
  }

  #keyedWrites(): readonly KeyedWritePlan[] {
    const random = this.#random;
    const chosen = [...new Set(random.list(random.whole(1, 3), () => random.one(entries)))];
    return chosen.map((key) => ({
      key,
      value: random.happens(0.2) ? null : random.one(['', '1', '2', '🙂']),
      expects: random.one([undefined, undefined, 'present', 'present', 'absent', 'earlier', 'never']),
    }));
  }

  #micros(): number {
    const random = this.#random;
    if (!this.#options.isClockExact) return 1000;
    return random.happens(0.15) ? -random.whole(1, 30_000) : random.whole(0, 30) * 1000;
  }

  #look(): Operation {
    const random = this.#random;
    const bounds = { limit: random.one([1, 2, 3, 7, 1000]), bytesMax: random.one([1, 150, 400, 1_000_000, 1_000_000]) };
    const direction: Direction = random.one(['forward', 'backward']);
    const partition = random.whole(0, this.#options.partitionCount - 1);
    const kind = random.share();
    if (kind < 0.25)
      return {
        do: 'readStream',
        streamId: random.one(streamIds),
        direction,
        from: random.happens(0.5) ? 'any' : { off: random.whole(-4, 1) },
        ...bounds,
      };
    if (kind < 0.65) {
      return {
        do: 'readLog',
        partition,
        direction,
        from: random.happens(0.4) ? undefined : this.#place(),
        until: random.happens(0.7) ? undefined : this.#place(),
        ...(random.happens(0.25) && { category: random.one(categories) }),
        ...(random.happens(0.1) && { streamId: random.one(streamIds) }),
        ...(random.happens(0.4) && { query: this.#query() }),
        includeReserved: random.happens(0.4),
        ...bounds,
      };
    }
    if (kind < 0.7) return { do: 'eventAt', partition, at: this.#place() };
    if (kind < 0.77)
      return { do: 'positionAtTime', partition, at: this.#place(), offMicros: random.one([-1, 0, 0, 1, 1500]) };
    if (kind < 0.82)
      return { do: 'streamInfo', streamId: random.one([...streamIds, settingsStreamOf('order-1'), 'unknown']) };
    if (kind < 0.88) {
      return {
        do: 'listStreams',
        ...(random.happens(0.3) && { category: random.one(categories) }),
        ...(random.happens(0.3) && { prefix: random.one(prefixes) }),
        ...(random.happens(0.3) && { after: random.one(streamIds) }),
        includeReserved: random.happens(0.4),
        limit: random.one([1, 3, 1000]),
      };
    }
    if (kind < 0.93) return { do: 'answerOf', key: random.one(keys) };
    return {
      do: 'keyedScan',
      direction,
      prefix: random.one(prefixes),
      ...(random.happens(0.3) && { after: random.one(entries) }),
      limit: random.one([1, 3, 1000]),
    };
  }
}
