/**
 * Executing a command: accepted and decided in one append, where nothing of its entity is undecided; else accepted, and waited
 * for until its turn has come.
 */

import { argumentError, isHindsightError } from '../core/errors.ts';
import { isoOfMicros } from '../core/time.ts';
import type { Written } from '../store/append.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import { accept, acceptedBefore, reusedError } from './accept-command.ts';
import type { Outcome, OutcomeDetails, RecordedCommand } from './command.ts';
import { acceptanceKey, commandEvent, holdsOutcome, metadataBehind } from './command-record.ts';
import { decideKept } from './decide-kept.ts';
import { assertCommands, type AnyCommands, type CommandRegistry, type CommandsOf } from './define-commands.ts';
import { assertOutcomeWait, awaitOutcome, tellOutcome, waitForOutcome, type OutcomeWait } from './outcome-watch.ts';
import { outcomeIn, outcomeWritten, writtenRecord } from './read-command.ts';
import { forgetPlace, isSettled, placeBehind } from './settled-streams.ts';
import { refuse } from './submit.ts';
import { contextFor, givenCommand, validatedCommand, type GivenCommand } from './validate-command.ts';

/** Never aborted. */
const unending: AbortSignal = new AbortController().signal;

/** How often a command is decided anew because something of its entity came in between, before it waits for its turn. */
const triesMax = 3;

/**
 * Accepts a command and gives its outcome. Where no command of the entity waits, command, outcome and events are written in one
 * append, by this process; else the command is accepted and its turn is waited for, which needs a process that runs these
 * commands. Throws `COMMAND_REFUSED`, `KEY_REUSED`, and `WAIT_TIMEOUT` for an outcome that has not come in time: the command stands.
 * An error in `prepare`, or a mistake in `decide`, reaches the caller when the command was decided here; nothing is kept then.
 */
export async function execute<Registry extends CommandRegistry>(
  store: AnyStore,
  commands: AnyCommands & { readonly types: Registry },
  command: CommandsOf<Registry>,
  options: OutcomeWait = {},
): Promise<Outcome> {
  const context = contextOf(store);
  assertCommands(commands);
  assertOutcomeWait(options);
  const { signal = unending } = options;
  const given = givenCommand(context, commands, command);
  if (given.dueAt !== undefined && given.dueAt > context.now())
    throw argumentError(
      'INVALID_ARGUMENT',
      `The command is due at ${isoOfMicros(given.dueAt)}, which is to come. Submit it, and wait for its outcome later.`,
    );
  if ((await acceptedBefore(store, given)) !== undefined) return await waitForOutcome(store, given.id, options);
  const recorded = await refuse(
    store,
    commands,
    given,
    async () => await validatedCommand(store, commands, given, { signal }),
  );
  const outcome = await decideNow(store, commands, { recorded, given, signal });
  if (outcome !== undefined) return outcome;
  await accept(store, commands, recorded, { digest: given.digest, signal });
  return await awaitOutcome(context, given.id, options);
}

interface Deciding {
  readonly recorded: RecordedCommand;
  readonly given: GivenCommand;
  readonly signal: AbortSignal;
}

/** Decides a command before it is accepted; undefined where it has to wait for its turn. */
async function decideNow(store: AnyStore, commands: AnyCommands, deciding: Deciding): Promise<Outcome | undefined> {
  const { context } = store;
  const { recorded, given, signal } = deciding;
  const { id, streamId } = recorded;
  let decided: unknown;
  for (let tries = 0; tries < triesMax && (await isSettled(context, streamId)); tries += 1) {
    if (tries === 0)
      decided =
        commands.prepare === undefined
          ? recorded
          : await commands.prepare(recorded, contextFor(store, recorded, signal));
    const written = await tryOnce(store, commands, { ...deciding, decided });
    if (written === undefined) continue;
    if (written.kind === 'appended') {
      const outcome = outcomeWritten(context, { commandId: id, streamId }, written.details, written.written);
      tellOutcome(context, outcome);
      return outcome;
    }
    const event = await writtenRecord(context, written.written);
    return holdsOutcome(event) ? outcomeIn(context, event) : await awaitOutcome(context, given.id, { signal });
  }
  return undefined;
}

interface WrittenOutcome {
  readonly written: Written;
  readonly kind: 'appended' | 'duplicate';
  readonly details: OutcomeDetails;
}

async function tryOnce(
  store: AnyStore,
  commands: AnyCommands,
  { recorded, given, decided, signal }: Deciding & { readonly decided: unknown },
): Promise<WrittenOutcome | undefined> {
  const { context } = store;
  const { id, streamId } = recorded;
  let answer: WrittenOutcome | undefined;
  let isPlaced = false;
  try {
    await decideKept(store, commands, {
      streamId,
      decided,
      metadata: metadataBehind(recorded),
      signal,
      recording: {
        key: acceptanceKey(id),
        digest: given.digest,
        isRejection: (error) => !commands.isFailure(error),
        streamFor: (details) => {
          // Asked a second time, something came in between: what is known of the entity has to be found out anew.
          const place = isPlaced ? undefined : placeBehind(context, streamId, id);
          isPlaced = true;
          if (place === undefined) throw new OutOfPlace();
          return { ...place, events: [commandEvent(recorded, details)] };
        },
        onWritten: (written, kind, details) => {
          answer = { written, kind, details };
          if (kind === 'duplicate') forgetPlace(context, streamId);
        },
        onFailed: () => forgetPlace(context, streamId),
        isHeldBack: () => false,
      },
    });
    return answer;
  } catch (error) {
    // A stream that has ended is told of by an outcome, as whoever has it in its turn records it.
    if (error instanceof OutOfPlace || isHindsightError(error, 'STREAM_TOMBSTONED')) return undefined;
    if (isHindsightError(error, 'KEY_REUSED')) throw reusedError(id);
    throw error;
  }
}

/** Thrown where it is not known any more behind what the command would stand. */
class OutOfPlace extends Error {}
