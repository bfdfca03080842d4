/** What is known of a consumer, in a few words for people and as a document for machines. */

import type { ConsumerInfo, SliceInfo } from 'hindsightdb/consumers';
import type { Palette } from '../terminal/palette.ts';
import { countText, durationText } from '../terminal/quantities.ts';
import { safeText } from '../terminal/text-width.ts';

/** How a consumer stands: as its record says, and whether any process does what it says. */
export type Standing = 'running' | 'no process' | 'paused' | 'failed';

/** How a consumer stands. */
export function standingOf(info: ConsumerInfo): Standing {
  if (info.status !== 'running') return info.status;
  return heldCount(info) > 0 ? 'running' : 'no process';
}

/** Paints how a consumer stands by what it means. */
export function paintStanding(palette: Palette, standing: string): string {
  switch (standing) {
    case 'running':
    case 'inline':
      return palette.good(standing);
    case 'failed':
      return palette.bad(standing);
    default:
      return palette.warning(standing);
  }
}

/** On how many slices a process works. */
export function heldCount({ slices }: ConsumerInfo): number {
  return slices.filter(({ isHeld }) => isHeld).length;
}

/** `3/4`: on so many of its slices a process works. */
export function slicesText(info: ConsumerInfo): string {
  return `${heldCount(info)}/${info.slices.length}`;
}

/** How many positions it is behind. */
export function lagText({ lag }: ConsumerInfo): string {
  return lag === undefined ? '?' : countText(lag.positions);
}

/** For how long the oldest event waits that it has not handled. */
export function behindText({ lag }: ConsumerInfo): string {
  if (lag === undefined) return '?';
  return lag.behindMs === 0 ? '-' : durationText(lag.behindMs);
}

/** Letters are counted up to here. */
const lettersCountedMax = 1000;

/** How many letters it has. */
export function lettersText({ letterCount }: ConsumerInfo): string {
  return `${countText(letterCount)}${letterCount >= lettersCountedMax ? '+' : ''}`;
}

/** Why it does not run, in one line. */
export function whyText({ status, failure, reason }: ConsumerInfo): string {
  if (status === 'failed') return firstLine(failure?.message ?? '');
  return status === 'paused' ? firstLine(reason ?? '') : '';
}

/** The first line of a text, for a table. */
export function firstLine(text: string): string {
  return safeText(text.split('\n', 1)[0] ?? '');
}

/** The positions of a slice. */
export function placeText({ positions }: SliceInfo): string {
  return positions === null ? '-' : positions.map(countText).join(' ');
}

/** A consumer as a document. */
export function consumerDocument(info: ConsumerInfo): object {
  const { name, kind, status, reason, failure, slices, lag, letterCount } = info;
  return {
    name,
    kind,
    status,
    reason: reason ?? null,
    failure: failure ?? null,
    sliceCount: slices.length,
    heldCount: heldCount(info),
    lag: lag ?? null,
    letterCount,
  };
}
