/** Findings of a check of the history, kept in the order of the log and bounded in number. */

import type { StoredEvent } from '../store/engine-types.ts';
import type { Change } from './changes.ts';

/** Something of the stored history that this code cannot work with. */
export interface HistoryFinding {
  /**
   * `undecodable`: the record is none, or the codec failed on it. `upcast`: an upcaster threw. `undeclared`: `strictTypes` is
   * set and the type is not declared. `invalid`: the data do not satisfy the schema of the type. `fold`: `evolve` threw, and
   * the entity cannot be loaded. `snapshot`: a snapshot that would be used differs from a fold of the events.
   */
  readonly kind: 'undecodable' | 'upcast' | 'undeclared' | 'invalid' | 'fold' | 'snapshot';
  readonly partition: number;
  readonly position: number;
  readonly streamId: string;
  /** Of a snapshot, the version that it holds. */
  readonly version: number;
  /** As it is after the upcasters; as it was stored, where it does not come so far. Empty where it cannot be read. */
  readonly type: string;
  readonly message: string;
  /** How the snapshot becomes what the events say. */
  readonly changes?: readonly Change[];
}

/** What is found at an event. */
export function findingAt(
  { partition, position, streamId, version }: Omit<StoredEvent, 'record' | 'recordedAt'>,
  found: Pick<HistoryFinding, 'kind' | 'type' | 'message' | 'changes'>,
): HistoryFinding {
  return { partition, position, streamId, version, ...found };
}

/** Keeps the findings that come first in the log, and counts all. */
export class Findings {
  readonly #findingsMax: number;
  #kept: HistoryFinding[] = [];
  #count = 0;

  constructor(findingsMax: number) {
    this.#findingsMax = findingsMax;
  }

  /** How many there were. */
  get count(): number {
    return this.#count;
  }

  /** The first of them, in the order of the log. */
  get first(): readonly HistoryFinding[] {
    return this.#kept.toSorted(inLogOrder).slice(0, this.#findingsMax);
  }

  /** Takes one in, wherever in the log it lies. */
  add(finding: HistoryFinding): void {
    this.#count += 1;
    this.#kept.push(finding);
    // Sorting at twice the number costs little for each, and memory stays bounded.
    if (this.#kept.length > 2 * this.#findingsMax) this.#kept = [...this.first];
  }
}

function inLogOrder(left: HistoryFinding, right: HistoryFinding): number {
  return left.partition - right.partition || left.position - right.position;
}
