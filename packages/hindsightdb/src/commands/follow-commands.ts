/** Following commands: what is accepted, and what becomes of it, as it happens. */

import { commandStreamOf } from '../core/stream-id.ts';
import { assertObject } from '../store/argument-checks.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import { decodeStored } from '../store/decode.ts';
import { subscribePages, type SubscribeOptions } from '../store/subscribe.ts';
import type { Outcome, RecordedCommand } from './command.ts';
import { commandTypes, outcomeTypes } from '../core/command-types.ts';
import { commandOfEvent, holdsCommand, holdsOutcome } from './command-record.ts';
import { outcomeIn } from './read-command.ts';

/** What happened to a command. One that was decided at once is told of twice: first the command, then its outcome. */
export type CommandChange =
  | {
      readonly kind: 'accepted' | 'scheduled' | 'refused';
      readonly command: RecordedCommand;
      readonly recordedAt: string;
    }
  | { readonly kind: 'outcome'; readonly outcome: Outcome };

/** Which commands are followed, and from where. */
export interface FollowCommandsOptions extends Pick<SubscribeOptions, 'after' | 'signal'> {
  /** Only commands of entities of this category. Default: all. */
  readonly category?: string;
  /** End with what is there, in place of waiting for what is to come. Default false. */
  readonly endsAtHead?: boolean;
}

const toldTypes: readonly string[] = [...Object.values(commandTypes), ...Object.values(outcomeTypes)];

/**
 * Follows commands: those that are there, unless `after` says otherwise, then those to come. Ends with its signal, or
 * with `endsAtHead` once it has caught up; throws `CLOSED` when the store is closed under it.
 */
export async function* followCommands(
  store: AnyStore,
  options: FollowCommandsOptions = {},
): AsyncGenerator<CommandChange> {
  const context = contextOf(store);
  assertObject('options', options);
  const { category, endsAtHead = false, ...rest } = options;
  const pages = subscribePages(context, {
    ...rest,
    includeReserved: true,
    ...(category === undefined ? { query: [{ types: toldTypes }] } : { category: commandStreamOf(category) }),
  });
  for await (const page of pages()) {
    const events = page.events.filter(({ streamId }) => streamId.startsWith(commandStreamOf('')));
    for (const event of await decodeStored(context, events)) {
      const { recordedAt } = event;
      if (holdsCommand(event)) {
        const kind =
          event.type === commandTypes.refused
            ? 'refused'
            : event.type === commandTypes.scheduled
              ? 'scheduled'
              : 'accepted';
        yield { kind, command: commandOfEvent(event), recordedAt };
      }
      if (holdsOutcome(event) && event.type !== commandTypes.refused)
        yield { kind: 'outcome', outcome: outcomeIn(context, event) };
    }
    if (endsAtHead && page.isCaughtUp) return;
  }
}
