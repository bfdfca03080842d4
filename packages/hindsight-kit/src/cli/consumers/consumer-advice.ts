/** What can be done about a consumer that does not run, and when what was asked of it is done. */

import type { ConsumerInfo } from 'hindsightdb/consumers';
import { shellWord } from '../terminal/shell-word.ts';
import { standingOf } from './consumer-text.ts';

/** What to do, each with the command that does it. */
export type Advice = readonly (readonly [what: string, command: string])[];

/** What can be done about the state that a consumer is in. */
export function adviceFor(info: ConsumerInfo): Advice {
  const name = shellWord(info.name);
  const { failure } = info;
  switch (standingOf(info)) {
    case 'running':
    case 'no process':
      return [];
    case 'paused':
      return [['go on', `hindsight consumers resume ${name}`]];
    case 'failed':
      break;
  }
  const again: Advice[number] = ['go on, once the cause is gone', `hindsight consumers resume ${name}`];
  if (failure?.event === undefined) return [again];
  const { streamId, version } = failure.event;
  return [
    ['look at the event', `hindsight read ${shellWord(streamId)} --from ${version} --to ${version} -l`],
    again,
    ['go on without the event', `hindsight consumers resume ${name} --set-aside`],
  ];
}

/** When what was asked of a consumer is done, seen from the state that it was in. */
export function obeyedText(info: ConsumerInfo): string {
  switch (standingOf(info)) {
    case 'running':
      return 'The processes that run it obey within half a second.';
    case 'no process':
      return 'No process runs it now; it waits for one that does.';
    case 'paused':
    case 'failed':
      return 'Processes that run it obey within half a second; where none does, it waits for one.';
  }
}
