/** What an undecided command waits for: its time, commands before it, a letter, or a process that decides. */

import { isHindsightError, type Store } from 'hindsightdb';
import { listCommands, type RecordedCommand } from 'hindsightdb/commands';
import { consumerInfo, type Letter } from 'hindsightdb/consumers';
import type { CommandContext } from '../context.ts';
import { standingOf, type Standing } from '../consumers/consumer-text.ts';
import { firstLetter } from '../consumers/letter-entities.ts';
import { shellWord } from '../terminal/shell-word.ts';

/** What is known of the waiting of a command. */
export interface CommandWait {
  readonly consumer: string;
  readonly standing: Standing;
  /** The letter that commands of the entity wait behind; perhaps the command's own. */
  readonly letter: Letter | undefined;
  /** The command that the letter is of. */
  readonly failedId: string | undefined;
  /** How many commands of the entity are to be decided before it, counted up to a bound. */
  readonly aheadCount: number;
}

/** So many commands before one are counted. */
export const aheadMax = 1000;

/** How a consumer stands; one that never ran has no process either. */
export async function standingOfConsumer(store: Store, consumer: string): Promise<Standing> {
  try {
    return standingOf(await consumerInfo(store, consumer));
  } catch (error) {
    if (isHindsightError(error, 'CONSUMER_UNKNOWN')) return 'no process';
    throw error;
  }
}

/** What a command without an outcome waits for. */
export async function waitOf(
  store: Store,
  { id, streamId }: Pick<RecordedCommand, 'id' | 'streamId'>,
  options: { readonly consumer: string; readonly signal: AbortSignal },
): Promise<CommandWait> {
  const { consumer, signal } = options;
  const letter = await letterOf(store, consumer, streamId);
  return {
    consumer,
    standing: await standingOfConsumer(store, consumer),
    letter,
    failedId: letter && (await commandOfLetter(store, letter)),
    aheadCount: await countAhead(store, { id, streamId, consumer, signal }),
  };
}

async function letterOf(store: Store, consumer: string, streamId: string): Promise<Letter | undefined> {
  try {
    return await firstLetter(store, consumer, streamId);
  } catch (error) {
    if (isHindsightError(error, 'CONSUMER_UNKNOWN')) return undefined;
    throw error;
  }
}

/** The command of a letter: that of a scheduled one is of the event by which it came due, which names the command. */
async function commandOfLetter(store: Store, { streamId, version, eventId }: Letter): Promise<string> {
  const event = await store.readStream(streamId, { fromVersion: version, limit: 1 }).first();
  const data: unknown = event?.data;
  return typeof data === 'object' && data !== null && 'command' in data ? String(data.command) : eventId;
}

/** Commands are decided in order: going back from one, the first that was decided in its turn has nothing before it. */
async function countAhead(
  store: Store,
  wanted: { readonly id: string; readonly streamId: string; readonly consumer: string; readonly signal: AbortSignal },
): Promise<number> {
  const { id, streamId, consumer, signal } = wanted;
  let count = 0;
  let isBehind = false;
  for await (const { command, status } of listCommands(store, { streamId, consumer, direction: 'backward', signal })) {
    if (command.id === id) isBehind = true;
    else if (!isBehind) continue;
    else if (status === 'accepted' || status === 'setAside') count += 1;
    else if (status === 'decided' || status === 'rejected') return count;
    if (count === aheadMax) return count;
  }
  return count;
}

/** Why nothing of a consumer of commands is decided at present, with what helps; undefined where something is. */
export function hindranceText(consumer: string, standing: Standing): string | undefined {
  switch (standing) {
    case 'running':
      return undefined;
    case 'no process':
      return `no process runs ${consumer}: hindsight commands run ${shellWord(consumer)}`;
    case 'paused':
      return `${consumer} is paused: hindsight consumers resume ${shellWord(consumer)}`;
    case 'failed':
      return `${consumer} has failed: hindsight consumers show ${shellWord(consumer)}`;
  }
}

/** Why nothing is decided at present, as a note. */
export async function noteHindrance(context: CommandContext, store: Store, consumer: string): Promise<void> {
  const text = hindranceText(consumer, await standingOfConsumer(store, consumer));
  if (text !== undefined) context.note(`It is not decided now: ${text}`);
}
