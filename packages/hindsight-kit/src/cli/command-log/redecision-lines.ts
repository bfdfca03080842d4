/**
 * Decisions that would be others, for people:
 *
 *     ~ order-75  PlaceOrder on version 3  other events
 *         0198c6c5-2f4e-7d07-a3c6-6f3e4d1b2a90
 *         ~ /events/0/data/cents  1200 → 1500
 */

import type { Redecided, Redecision } from 'hindsightdb/commands';
import { changeLines } from '../history/change-lines.ts';
import { jsonText } from '../history/value-text.ts';
import type { Palette } from '../terminal/palette.ts';
import { cutToWidth, safeText } from '../terminal/text-width.ts';

/** Where they are shown. */
export interface RedecisionLayout {
  readonly palette: Palette;
  readonly widthMax: number | undefined;
}

const whatDiffers: Readonly<Record<Redecision['kind'], string>> = {
  events: 'other events',
  rejected: 'would be refused',
  decided: 'would not be refused',
  message: 'refused with other words',
  failed: 'fails',
  undecidable: 'cannot be decided again',
};

/** The lines of one decision. */
export function redecisionLines(found: Redecision, { palette, widthMax }: RedecisionLayout): readonly string[] {
  const { kind, streamId, command, on, commandId } = found;
  const cut = (text: string): string => cutToWidth(safeText(text), widthMax ?? Number.MAX_SAFE_INTEGER);
  const sign =
    kind === 'events' || kind === 'message' ? palette.warning('~') : palette.bad(kind === 'undecidable' ? '?' : '!');
  const type = command === undefined ? '' : palette.type(safeText(command.type));
  const version = on === undefined ? '' : `on version ${on}`;
  const title = [
    palette.name(safeText(streamId)),
    [type, version].filter((part) => part !== '').join(' '),
    whatDiffers[kind],
  ];
  return [
    `${sign} ${title.filter((part) => part !== '').join('  ')}`,
    palette.faint(cut(`    ${commandId}`)),
    ...detailLines(found, { palette, widthMax }),
  ];
}

function detailLines(found: Redecision, { palette, widthMax }: RedecisionLayout): readonly string[] {
  const cut = (text: string): string => cutToWidth(text, widthMax ?? Number.MAX_SAFE_INTEGER);
  if (found.kind === 'undecidable') return [cut(`    ${safeText(found.reason)}`)];
  if (found.kind === 'failed') return [palette.bad(cut(`    ${decisionText(found.would)}`))];
  if (found.kind === 'events' || found.kind === 'message')
    return changeLines(found.changes, { palette, indent: 4, widthMax });
  return [
    palette.bad(cut(`    - was    ${decisionText(found.was)}`)),
    palette.good(cut(`    + would  ${decisionText(found.would)}`)),
  ];
}

function decisionText(decision: Redecided): string {
  if (decision.kind !== 'decided') {
    const { name, message } = decision.error;
    return `${decision.kind === 'rejected' ? 'refused' : 'failed'}: ${safeText(name === 'Error' ? message : `${name}: ${message}`)}`;
  }
  if (decision.events.length === 0) return 'decided, without events';
  return decision.events.map(({ type, data }) => `${safeText(type)} ${jsonText(data)}`).join(', ');
}
