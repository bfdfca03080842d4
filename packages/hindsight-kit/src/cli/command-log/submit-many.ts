/**
 * Submitting many commands: one JSON object on each line. Commands of one entity are submitted in the order of their lines;
 * those of others meanwhile, so that the disk is waited for once for many.
 */

import { isHindsightError, type Store } from 'hindsightdb';
import { submit, type AnyCommands, type Command as Sent } from 'hindsightdb/commands';
import { isObject } from '../../formats/json/json-object.ts';
import type { TextLine } from '../../formats/source/line-cutter.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes, interruptedWith } from '../failure.ts';
import { countOf } from '../terminal/quantities.ts';
import { HindranceNotes, outcomeOf } from './await-outcome.ts';
import { linesOf, readLine, type LineResult } from './command-lines.ts';
import { declaredCommands } from './declared-commands.ts';
import { openText } from './input-text.ts';
import { LineTally } from './line-tally.ts';

/** How they are submitted. */
export interface ManyOptions {
  readonly name: string | undefined;
  readonly wait: true | number | undefined;
}

/** So many lines are under way at once. */
const underWayMax = 256;

/** Submits the commands of a file or of standard input. Resolves with the exit code. */
export async function submitMany(context: CommandContext, from: string, options: ManyOptions): Promise<number> {
  const declared = await declaredCommands(context);
  const source = await openText(context, from);
  const { store } = await context.openStore({ access: 'write' });
  await using _ = store;
  const submission = new Submission(context, store, { ...options, declared });
  const progress = context.progress('Submitting');
  try {
    for await (const line of linesOf(source)) {
      context.signal.throwIfAborted();
      await submission.add(line);
      const { count } = submission.tally;
      const { readBytes: done, totalBytes: total } = source;
      progress.update({ done, total, count, detail: countOf(count, 'command') });
    }
    await submission.end();
  } catch (error) {
    await submission.settle();
    if (!context.signal.aborted) throw error;
    throw interruptedWith(context.signal.reason, [
      `Until then: ${submission.tally.text}.`,
      'Submit the same lines again: commands that have ids are accepted once.',
    ]);
  } finally {
    progress.clear();
  }
  await submission.tally.tell();
  await submission.noteHindrances();
  return submission.tally.hasFailed ? exitCodes.failure : exitCodes.ok;
}

class Submission {
  readonly tally: LineTally;
  readonly #context: CommandContext;
  readonly #store: Store;
  readonly #options: ManyOptions & { readonly declared: readonly AnyCommands[] };
  /** For each entity what was accepted last of it, or is about to be. */
  readonly #entities = new Map<string, Promise<unknown>>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #notes: HindranceNotes;
  #failure: { readonly error: unknown } | undefined;

  constructor(
    context: CommandContext,
    store: Store,
    options: ManyOptions & { readonly declared: readonly AnyCommands[] },
  ) {
    this.#context = context;
    this.#store = store;
    this.#options = options;
    this.tally = new LineTally(context);
    this.#notes = new HindranceNotes(context, store);
  }

  /** Takes a line; resolves when there is room for another. */
  async add(line: TextLine): Promise<void> {
    const work: Promise<void> = this.#submit(line)
      .catch((error: unknown) => void (this.#failure ??= { error }))
      .finally(() => this.#underWay.delete(work));
    this.#underWay.add(work);
    if (this.#underWay.size >= underWayMax) await Promise.race(this.#underWay);
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Resolves when every line is done. */
  async end(): Promise<void> {
    await this.settle();
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Resolves when nothing is under way any more, however it went. */
  async settle(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  /** Says who of those that commands were accepted for decides nothing. */
  async noteHindrances(): Promise<void> {
    if (this.#options.wait === undefined) await this.#notes.tell();
  }

  async #submit({ line, text }: TextLine): Promise<void> {
    const { declared, name, wait } = this.#options;
    const read = readLine(declared, text, name);
    if ('reasons' in read) return await this.tally.add(line, { status: 'refused', ...read });
    const { sent, commands } = read;
    const accepting = (this.#entities.get(sent.streamId) ?? Promise.resolve()).then(() => this.#accept(commands, sent));
    // The next command of the entity waits for this one, however it went.
    const done = accepting.then(
      () => undefined,
      () => undefined,
    );
    this.#entities.set(sent.streamId, done);
    const result = await accepting;
    if (this.#entities.get(sent.streamId) === done) this.#entities.delete(sent.streamId);
    if (result.status === 'accepted') this.#notes.add(commands.name);
    if (result.status === 'accepted' && sent.id === undefined) this.tally.addUnnamed();
    if (result.status === 'refused' || wait === undefined) return await this.tally.add(line, result);
    const wanted = { id: result.id, wait, consumer: commands.name };
    const outcome = await outcomeOf(this.#context, this.#store, wanted, this.#notes);
    await this.tally.add(line, { ...result, outcome });
  }

  async #accept(commands: AnyCommands, sent: Sent): Promise<LineResult> {
    const { signal } = this.#context;
    try {
      const { command, isDuplicate } = await submit(this.#store, commands, sent, { signal });
      return { status: isDuplicate ? 'duplicate' : 'accepted', id: command.id };
    } catch (error) {
      const reasons = reasonsOf(error);
      if (reasons === undefined) throw error;
      return { status: 'refused', id: sent.id ?? null, reasons };
    }
  }
}

/** Why one command was refused; undefined for what concerns them all. */
function reasonsOf(error: unknown): readonly string[] | undefined {
  if (isHindsightError(error, 'COMMAND_REFUSED')) {
    const reasons = 'details' in error && isObject(error.details) ? error.details['reasons'] : undefined;
    return Array.isArray(reasons) ? reasons.map(String) : [error.message];
  }
  const isOfOne = isHindsightError(error) && (error.code === 'KEY_REUSED' || isArgument(error));
  return isOfOne ? [error.message] : undefined;
}

/** Whether the line itself says something impossible: a stream with a reserved name, an id that is too long. */
function isArgument(error: Error): boolean {
  return error instanceof TypeError || error instanceof RangeError;
}
