/** Where `--to` takes a consumer: the moments of the other commands, as far as they are places in the log. */

import type { Store } from 'hindsightdb';
import type { StartAt } from 'hindsightdb/consumers';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../failure.ts';
import { parseMoment } from '../history/moment.ts';
import { releaseEnd } from '../history/release-place.ts';
import { timeText } from '../history/value-text.ts';
import { countText } from '../terminal/quantities.ts';

/** A place, and how people read it. */
export interface RewindPlace {
  readonly to: StartAt;
  readonly text: string;
}

/** What `--to` may be, one line each. */
export const rewindForms: readonly string[] = [
  'A consumer goes on behind one of:',
  '  beginning      the beginning of the log',
  '  now            the newest event',
  '  a position     1200 or position:1200',
  '  a checkpoint   h1~…',
  '  a time         2026-03-01, "2026-03-01 09:30", 2026-03-01T09:30:00Z, "yesterday 18:00", "2h ago", 15m;',
  '                 with the first event that was recorded then or later',
  '  a release      "before release 2.4", or "release 2.4" for right after its last event',
];

/** The place that a text means. Throws a `UsageError` where it means none. */
export async function rewindPlace(context: CommandContext, store: Store, text: string): Promise<RewindPlace> {
  const wanted = text.trim();
  if (/^(?:the[-\s])?beginning$/i.test(wanted)) return { to: 'beginning', text: 'the beginning of the log' };
  // A consumer has no versions: a number alone can only be a place in the log.
  const moment = parseMoment('--to', /^\d+$/.test(wanted) ? `position:${wanted}` : text, {
    now: context.world.now(),
    order: 'recorded',
  });
  switch (moment.kind) {
    case 'now':
      return { to: 'now', text: 'the newest event' };
    case 'place': {
      const { place } = moment;
      if (typeof place === 'number') await assertThere(store, place);
      const placeName = typeof place === 'number' ? `position ${countText(place)}` : 'the checkpoint';
      return { to: { after: place }, text: placeName };
    }
    case 'time':
      if (moment.order === 'occurred')
        throw new UsageError('The log is in the order of recording, and a consumer has a place in it.', [
          'Give the time of recording, without occurred:.',
        ]);
      return { to: { time: moment.time }, text: timeText(moment.time) };
    case 'release': {
      const isBefore = moment.side === 'before';
      const { position } = await releaseEnd(context, store, moment.release, isBefore ? 'first' : 'last');
      const after = isBefore ? position - 1 : position;
      return { to: { after }, text: `${moment.side} release ${moment.release}, position ${countText(after)}` };
    }
    case 'version':
      throw new UsageError(
        `--to ${text} is a version of a stream, and a consumer has a place in the log.`,
        rewindForms,
      );
    default:
      return moment satisfies never;
  }
}

async function assertThere(store: Store, position: number): Promise<void> {
  const [head = 0] = await store.positions();
  if (position <= head) return;
  throw new UsageError(`--to ${position} is behind the newest event, which is at position ${head}.`, [
    'To go on with what comes from now on: --to now',
  ]);
}
