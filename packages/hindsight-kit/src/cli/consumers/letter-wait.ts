/** Waiting until whoever runs a consumer has done what was asked of its letters. */

import { setTimeout as pause } from 'node:timers/promises';
import type { Store } from 'hindsightdb';
import { consumerInfo, type Letter } from 'hindsightdb/consumers';
import type { CommandContext } from '../context.ts';
import { interruptedWith } from '../failure.ts';
import { countOf } from '../terminal/quantities.ts';
import { standingOf } from './consumer-text.ts';
import { firstLetter } from './letter-entities.ts';

/** The letters of which something was asked. */
export interface AskedLetters {
  readonly consumer: string;
  readonly entities: readonly string[];
}

const lookEveryMs = 200;

/**
 * Resolves with the first letters of those entities that still have any, when nothing of them is under way any more. Says once
 * why nothing may happen for long. An interruption leaves what was asked.
 */
export async function waitForLetters(
  context: CommandContext,
  store: Store,
  { consumer, entities }: AskedLetters,
): Promise<readonly Letter[]> {
  const failed: Letter[] = [];
  const progress = context.progress('Waiting');
  let left = entities;
  let said = '';
  try {
    for (;;) {
      const pending: string[] = [];
      for (const entity of left) {
        const letter = await firstLetter(store, consumer, entity);
        if (letter?.state === 'failed') failed.push(letter);
        else if (letter !== undefined) pending.push(entity);
      }
      if (pending.length === 0) return failed;
      left = pending;
      const hindrance = await hindranceOf(store, consumer);
      if (hindrance !== said && hindrance !== '') {
        progress.clear();
        context.note(hindrance);
      }
      said = hindrance;
      progress.update({
        done: entities.length - left.length,
        total: entities.length,
        detail: `${countOf(left.length, 'entity', 'entities')} to go`,
      });
      await pause(lookEveryMs, undefined, { signal: context.signal });
    }
  } catch (error) {
    if (!context.signal.aborted) throw error;
    throw interruptedWith(context.signal.reason, [
      'What was asked stays; it is done as soon as the consumer gets to it.',
    ]);
  } finally {
    progress.clear();
  }
}

/** Why nothing is done at present, in a sentence; empty where something is. */
async function hindranceOf(store: Store, consumer: string): Promise<string> {
  switch (standingOf(await consumerInfo(store, consumer))) {
    case 'running':
      return '';
    case 'no process':
      return `No process runs ${consumer} now; waiting for one that does. Ctrl-C ends the waiting, and what was asked stays.`;
    case 'paused':
      return `${consumer} is paused; waiting until it is resumed. Ctrl-C ends the waiting, and what was asked stays.`;
    case 'failed':
      return `${consumer} has failed; waiting until it is resumed. Ctrl-C ends the waiting, and what was asked stays.`;
  }
}
