/** Deciding one recorded command again: with the answers that gateways gave, and up to the events as a read would give them. */

import type { Checkpoint } from '../core/checkpoint.ts';
import { decisionOf, type Decider } from '../core/decider.ts';
import { HindsightError } from '../core/errors.ts';
import type { Event } from '../core/event.ts';
import type { Query } from '../core/query.ts';
import { whileReplaying } from '../core/replay.ts';
import { partitionOf } from '../core/stream-id.ts';
import { unlessAborted } from '../consumers/pause.ts';
import { ask, replayingGateway } from '../reactions/gateway.ts';
import type { AnyStore } from '../store/context-of.ts';
import { decodeEvents } from '../store/decode.ts';
import { encodeEvents } from '../store/encode.ts';
import { checkedQuery } from '../store/read-options.ts';
import type { StoredEvent } from '../store/engine-types.ts';
import type { RecordedCommand } from './command.ts';
import { metadataBehind } from './command-record.ts';
import type { CommandContext } from './define-commands.ts';
import type { BoundaryStates } from './boundary-states.ts';
import type { KnownState } from './entity-replay.ts';
import { decidedEvent, failedWith, type Redecided } from './redecision.ts';
import { recordedError } from './job.ts';

/** The rules that commands are decided by again. */
export interface Rules {
  readonly decider: Decider<unknown, unknown, Event>;
  readonly prepare: ((command: RecordedCommand, context: CommandContext) => unknown) | undefined;
  readonly boundary: ((decided: never) => Query) | undefined;
  readonly isFailure: (error: unknown) => boolean;
}

/** A decision that was made again, or why it cannot be. */
export type DecidedAgain = Redecided | { readonly kind: 'undecidable'; readonly reason: string };

/** What a command was decided on, and where its events would stand. */
export interface DecidedOn {
  /** Of the entity; not looked at where the rules draw a boundary. */
  readonly state: unknown;
  readonly version: number;
  /** The place of the first event behind that version, and its time. */
  readonly at: Pick<StoredEvent, 'position' | 'recordedAt'>;
  /** Up to where the log was looked at, where the decision rested on more than its entity. */
  readonly boundary?: Checkpoint;
}

/** Decides a command on a state. Writes nothing, and asks no gateway what it was not asked. */
export async function decideAgain(
  store: AnyStore,
  rules: Rules,
  command: RecordedCommand,
  given: { readonly on: DecidedOn; readonly boundaries: BoundaryStates; readonly signal: AbortSignal },
): Promise<DecidedAgain> {
  const { on, boundaries, signal } = given;
  const prepared = await prepareAgain(store, rules, command, signal);
  if (prepared.kind !== 'prepared') return prepared;
  const basis = await stateOf(store, rules, prepared.input, { on, boundaries });
  if (basis.kind === 'undecidable') return basis;
  if (basis.kind === 'failed') return failedWith(basis.error);
  let events: readonly Event[];
  try {
    events = whileReplaying(() => decisionOf(rules.decider.decide(prepared.input, basis.state)));
  } catch (error) {
    const isRejection = !rules.isFailure(error) && !hasCode(error, 'EFFECT_IN_REPLAY');
    return isRejection ? { kind: 'rejected', error: recordedError(error) } : failedWith(error);
  }
  return await asRead(store, command, events, on);
}

/** The state that the rules ask for: that of the entity, or that of the boundary that they draw today. */
async function stateOf(
  { context }: AnyStore,
  { boundary }: Rules,
  input: unknown,
  { on, boundaries }: { readonly on: DecidedOn; readonly boundaries: BoundaryStates },
): Promise<KnownState> {
  if (boundary === undefined || on.boundary === undefined) return { kind: 'state', state: on.state };
  let query: Query;
  try {
    // What the rules have prepared is what they take.
    query = checkedQuery(context.limits, boundary(input as never));
  } catch (error) {
    return { kind: 'failed', error };
  }
  return await boundaries.stateAt(query, on.boundary);
}

type Prepared = { readonly kind: 'prepared'; readonly input: unknown };

async function prepareAgain(
  store: AnyStore,
  { prepare }: Rules,
  command: RecordedCommand,
  signal: AbortSignal,
): Promise<Prepared | DecidedAgain> {
  if (prepare === undefined) return { kind: 'prepared', input: command };
  const { id, streamId } = command;
  let unanswered: Error | undefined;
  const context: CommandContext = {
    signal,
    ask: async (gateway, question) => {
      try {
        return await ask(store, replayingGateway(gateway), question, { for: id, streamId, signal });
      } catch (error) {
        if (error instanceof Error && hasCode(error, 'GATEWAY_UNANSWERED')) unanswered ??= error;
        throw error;
      }
    },
  };
  let prepared: Prepared | Redecided;
  try {
    // One that never answers must not outlive the signal.
    const input = await unlessAborted(Promise.resolve(prepare(command, context)), signal);
    prepared = { kind: 'prepared', input };
  } catch (error) {
    signal.throwIfAborted();
    prepared = failedWith(error);
  }
  // Whatever became of it then: the world might have answered something that leads elsewhere.
  return unanswered === undefined ? prepared : { kind: 'undecidable', reason: unanswered.message };
}

/** The events of a decision as they would be read, had they been appended. */
async function asRead(
  { context }: AnyStore,
  command: RecordedCommand,
  events: readonly Event[],
  { version, at }: DecidedOn,
): Promise<Redecided> {
  const { streamId } = command;
  const partition = partitionOf(streamId, context.engine.identity.partitionCount);
  // Rules that are asynchronous by mistake are told so below; what becomes of their promise is nobody's concern.
  for (const event of events as readonly unknown[]) if (event instanceof Promise) event.catch(() => undefined);
  try {
    const encoded = await encodeEvents(context, {
      streamId,
      events,
      metadata: metadataBehind(command),
      isReservedAllowed: false,
    });
    const stored = encoded.map(({ record }, index): StoredEvent => ({
      streamId,
      version: version + 1 + index,
      partition,
      position: at.position + index,
      recordedAt: at.recordedAt,
      record,
    }));
    const read = await decodeEvents(context, stored);
    return { kind: 'decided', events: read.map(decidedEvent) };
  } catch (error) {
    return failedWith(error);
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof HindsightError && error.code === code;
}
