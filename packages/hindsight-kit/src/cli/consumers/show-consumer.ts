/** Everything that is known of one consumer, for people. */

import type { ConsumerFailure, ConsumerInfo } from 'hindsightdb/consumers';
import type { CommandContext } from '../context.ts';
import { timeText } from '../history/value-text.ts';
import { countOf, countText } from '../terminal/quantities.ts';
import { shellWord } from '../terminal/shell-word.ts';
import { tableLines } from '../terminal/table.ts';
import { safeText } from '../terminal/text-width.ts';
import { adviceFor } from './consumer-advice.ts';
import { behindText, heldCount, lettersText, paintStanding, placeText, standingOf } from './consumer-text.ts';

/** Prints a consumer with its slices, why it does not run, and what can be done. */
export async function showConsumer(context: CommandContext, info: ConsumerInfo): Promise<void> {
  const { output, palette, widthMax } = context;
  for (const line of factLines(context, info)) await output.line(line);
  await output.line('');
  const rows = info.slices.map((slice) => [
    String(slice.slice),
    slice.isHeld ? 'yes' : 'no',
    placeText(slice),
    slice.checkpoint ?? '-',
  ]);
  const columns = [
    { title: 'SLICE', align: 'right' as const },
    { title: 'WORKED ON' },
    { title: 'POSITION', align: 'right' as const },
    { title: 'CHECKPOINT', paint: palette.faint },
  ];
  for (const line of tableLines(columns, rows, { widthMax, paintTitle: palette.title })) await output.line(line);
  const advice = adviceFor(info);
  if (advice.length === 0) return;
  await output.line('');
  for (const [what, command] of advice) await output.line(`${palette.faint(`# ${what}`)}\n${safeText(command)}`);
}

function factLines({ palette }: CommandContext, info: ConsumerInfo): readonly string[] {
  const { name, kind, reason, failure, letterCount, lag } = info;
  const standing = standingOf(info);
  const fact = (what: string, value: string): string => `  ${palette.faint(what.padEnd(8))} ${value}`;
  const lines = [`${palette.name(safeText(name))}  ${kind}, ${paintStanding(palette, standing)}`];
  if (standing === 'paused' && reason !== undefined) lines.push(fact('because', safeText(reason)));
  if (standing === 'failed' && failure !== undefined) lines.push(...failureLines(failure, fact));
  lines.push(
    fact(
      'lag',
      lag === undefined
        ? 'it follows another log than that of this store'
        : `${countOf(lag.positions, 'position')}${lag.behindMs === 0 ? '' : `, ${behindText(info)}`}`,
    ),
    fact('slices', `${countText(heldCount(info))} of ${countText(info.slices.length)} worked on`),
    fact('letters', letterCount === 0 ? '0' : `${lettersText(info)}: hindsight letters list ${shellWord(name)}`),
  );
  return lines;
}

function failureLines(
  { message, code, event, at }: ConsumerFailure,
  fact: (what: string, value: string) => string,
): readonly string[] {
  const [first = '', ...rest] = message.split('\n').map(safeText);
  const lines = [
    fact('failed', timeText(at)),
    fact('because', `${first}${code === undefined ? '' : ` [${safeText(code)}]`}`),
    ...rest.map((line) => fact('', line)),
  ];
  if (event !== undefined) {
    const { streamId, version, type, position } = event;
    lines.push(fact('at', `${safeText(streamId)} ${version}, ${safeText(type)}, position ${countText(position)}`));
  }
  return lines;
}
