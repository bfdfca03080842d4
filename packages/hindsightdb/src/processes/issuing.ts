/**
 * Submitting the commands of steps. A step that issues any is appended with a note, which goes when they are all submitted: whoever
 * comes after a crash finds the note and submits them again, under the same ids.
 */

import type { RecordedEvent } from '../core/event.ts';
import { pauseAfter } from '../consumers/retry-policy.ts';
import { isPassing } from '../consumers/slice-failure.ts';
import { HindsightError, isHindsightError } from '../core/errors.ts';
import { submitFor } from '../commands/submit.ts';
import type { AnyStore } from '../store/context-of.ts';
import type { KeyedWrite } from '../store/engine-types.ts';
import type { Step } from './advance.ts';
import { stepAt } from './instance-steps.ts';
import type { Process } from './process.ts';
import { issuedKey, issuedPrefix, stepOfIssuedKey } from './process-keys.ts';
import { instanceStream, stepOf, type IssuedCommand } from './step.ts';

/** How many notes are looked at at once. */
const notesMax = 500;

/** Submits the commands of one process manager's slice. */
export class Issuing {
  readonly #store: AnyStore;
  readonly #process: Process;
  readonly #slice: number;
  /** Notes of steps whose commands are submitted, to be taken away with the next write of the slice. */
  readonly #done = new Set<string>();
  /** Notes that could not be submitted: how often, and when it is tried again. */
  readonly #failures = new Map<string, { readonly attempts: number; readonly againAtMs: number }>();

  constructor(store: AnyStore, process: Process, slice: number) {
    this.#store = store;
    this.#process = process;
    this.#slice = slice;
  }

  /** The write that goes with a step; none where it issues nothing. */
  noteOf({ data, after }: Step): readonly KeyedWrite[] {
    if (data.commands.length === 0) return [];
    return [{ key: this.#keyOf({ instance: after.key, version: after.streamVersion }), value: '1' }];
  }

  /** Submits the commands of a step that was just recorded. */
  async submit({ id, data, after, correlationId }: Step, signal: AbortSignal): Promise<void> {
    if (data.commands.length === 0) return;
    await this.#submit(data.commands, { stepId: id, instance: after.key, correlationId, signal });
    this.#done.add(this.#keyOf({ instance: after.key, version: after.streamVersion }));
  }

  /** Submits again what the notes of an instance name. Throws what stands against it: the instance does not go past that. */
  async submitNotedOf(instance: string, signal: AbortSignal): Promise<void> {
    for await (const key of this.#notes(instance)) {
      signal.throwIfAborted();
      await this.#submitNoted(key, signal);
      this.#done.add(key);
    }
  }

  /** Submits again what the notes of the slice name. What stands against one is met again after a pause; others go on. */
  async submitAllNoted(signal: AbortSignal): Promise<void> {
    for await (const key of this.#notes()) {
      const { attempts, againAtMs } = this.#failures.get(key) ?? { attempts: 0, againAtMs: 0 };
      if (performance.now() < againAtMs) continue;
      signal.throwIfAborted();
      try {
        await this.#submitNoted(key, signal);
        this.#done.add(key);
        this.#failures.delete(key);
      } catch (error) {
        if (signal.aborted || isPassing(error) || isHindsightError(error, 'CLOSED')) throw error;
        const pauseMs = pauseAfter(this.#process.retry, attempts + 1, Math.random());
        this.#failures.set(key, { attempts: attempts + 1, againAtMs: performance.now() + pauseMs });
      }
    }
  }

  /** The notes that are not known to be done: of one instance, or of the slice. */
  async *#notes(instance?: string): AsyncGenerator<string> {
    const { engine } = this.#store.context;
    const prefix = issuedPrefix(this.#process.name, this.#slice, instance);
    for (let after: string | undefined; ;) {
      const entries = await engine.keyedScan({ prefix, limit: notesMax, ...(after !== undefined && { after }) });
      for (const { key } of entries) if (!this.#done.has(key)) yield key;
      after = entries.at(-1)?.key;
      if (entries.length < notesMax || after === undefined) return;
    }
  }

  /**
   * The writes that take away notes of what is submitted. Where they are not written after all, the notes are found again, and what
   * they name is submitted again: under its ids, that is nothing.
   */
  takeClearing(): readonly KeyedWrite[] {
    const writes = [...this.#done].map((key) => ({ key, value: null }));
    this.#done.clear();
    return writes;
  }

  async #submitNoted(key: string, signal: AbortSignal): Promise<void> {
    const { instance, version } = stepOfIssuedKey(key);
    const step = await stepAt(this.#store, instanceStream(this.#process.name, instance), version);
    // A step that truncation hides was long since followed by others, whose commands came after its own.
    if (step === undefined) return;
    await this.#submit(stepOf(step).commands, {
      stepId: step.id,
      instance,
      correlationId: correlationOf(step),
      signal,
    });
  }

  async #submit(
    commands: readonly IssuedCommand[],
    by: {
      readonly stepId: string;
      readonly instance: string;
      readonly correlationId: string | undefined;
      readonly signal: AbortSignal;
    },
  ): Promise<void> {
    const { stepId, instance, correlationId, signal } = by;
    const { name, version, commands: declared } = this.#process;
    for (const { commands: registry, ...command } of commands) {
      const target = declared.get(registry);
      if (target === undefined)
        throw new HindsightError(
          'PROCESS_MISMATCH',
          `Version ${version} of the process manager ${name} does not declare the commands ${registry}, which a step before issued. Declare them again until nothing is issued to them.`,
          { details: { process: name, commands: registry } },
        );
      const metadata = {
        ...command.metadata,
        causationId: stepId,
        ...(correlationId !== undefined && { correlationId }),
      };
      await submitFor(this.#store, target, { ...command, metadata }, { process: { name, key: instance }, signal });
    }
  }

  #keyOf(step: { readonly instance: string; readonly version: number }): string {
    return issuedKey(this.#process.name, this.#slice, step);
  }
}

function correlationOf({ metadata }: RecordedEvent): string | undefined {
  return metadata.correlationId;
}
