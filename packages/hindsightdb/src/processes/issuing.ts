/**
 * Submitting the commands of steps. A step that issues any is appended with a note, which goes when they are all submitted: whoever
 * comes after a crash finds the note and submits them again, under the same ids.
 */

import type { RecordedEvent } from '../core/event.ts';
import { HindsightError } from '../core/errors.ts';
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

  /** Submits again what notes name: of one instance, or of the slice. Answers whether there may be more. */
  async submitNoted(signal: AbortSignal, instance?: string): Promise<boolean> {
    const { engine } = this.#store.context;
    const prefix = issuedPrefix(this.#process.name, this.#slice, instance);
    const entries = await engine.keyedScan({ prefix, limit: notesMax });
    for (const { key } of entries) {
      if (this.#done.has(key)) continue;
      signal.throwIfAborted();
      await this.#submitNoted(key, signal);
      this.#done.add(key);
    }
    return entries.length === notesMax;
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
