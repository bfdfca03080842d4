/** The letters of one entity, for people and for machines: why the first failed, its event as it is read today, and what waits. */

import { removedType, type RecordedEvent, type Store } from 'hindsightdb';
import type { Letter } from 'hindsightdb/consumers';
import type { CommandContext } from '../context.ts';
import { eventDocument, jsonText, timeText } from '../history/value-text.ts';
import { countOf, countText } from '../terminal/quantities.ts';
import { entityName } from './letter-entities.ts';
import { shellWord } from '../terminal/shell-word.ts';
import { tableLines } from '../terminal/table.ts';
import { safeText } from '../terminal/text-width.ts';

/** So many of the waiting events are shown. */
const waitingShownMax = 20;

/** Prints the letters of an entity, of which there is at least one. */
export async function showLetters(
  context: CommandContext,
  store: Store,
  [first, ...waiting]: readonly [Letter, ...Letter[]],
): Promise<void> {
  const events = await eventsOf(store, first);
  if (context.isJson)
    return await context.document({ letter: first, events: events.map((event) => eventDocument(event)), waiting });
  const { output } = context;
  for (const line of [...letterLines(context, first), ...eventLines(context, events)]) await output.line(line);
  await output.line('');
  for (const line of waitingLines(context, waiting)) await output.line(line);
  await output.line('');
  const place = `${shellWord(first.consumer)} ${shellWord(entityName(first))}`;
  const { palette } = context;
  for (const [what, command] of [
    ['try it again, and then what waits', `hindsight letters retry ${place}`],
    ['go on without it, for good', `hindsight letters skip ${place}`],
  ] as const)
    await output.line(`${palette.faint(`# ${what}`)}\n${safeText(command)}`);
}

/**
 * The event of a letter as it is read today: through today's upcasters, which may make several of it, or none. From the log
 * and not from its stream, which may hide it while a retry would still find it.
 */
async function eventsOf(store: Store, { partition, position, eventId }: Letter): Promise<readonly RecordedEvent[]> {
  const heads = await store.positions();
  // Where the letters lie in another store than the log, this one may have nothing there, or other events.
  if (heads.length > 1 || position > (heads[partition] ?? 0)) return [];
  const range = { after: position - 1, until: position, includeReserved: true };
  const events: RecordedEvent[] = [];
  for await (const event of store.readLog(range))
    if (event.id === eventId && event.type !== removedType) events.push(event);
  return events;
}

function letterLines({ palette }: CommandContext, letter: Letter): readonly string[] {
  const { consumer, streamId, version, type, position, eventId, state, attempts, error, setAsideAt, triedAt } = letter;
  const fact = (what: string, value: string): string => `  ${palette.faint(what.padEnd(9))} ${value}`;
  const lines = [
    `${palette.name(safeText(streamId))} ${version}  ${palette.type(safeText(type))}  set aside by ${palette.name(safeText(consumer))}`,
    ...(letter.entity === undefined ? [] : [fact('entity', safeText(letter.entity))]),
    fact('state', stateText(letter)),
    fact('position', countText(position)),
    fact('id', safeText(eventId)),
    fact('set aside', timeText(setAsideAt)),
  ];
  if (state === 'waiting') return lines;
  lines.push(
    fact('tried', `${countOf(attempts, 'time')}${triedAt === undefined ? '' : `, last ${timeText(triedAt)}`}`),
  );
  if (error === undefined) return lines;
  const { name, message, code, stack } = error;
  const [what = '', ...rest] = message.split('\n').map(safeText);
  lines.push(fact('error', `${palette.bad(what)}${code === undefined ? '' : ` [${safeText(code)}]`}`));
  lines.push(...rest.map((line) => fact('', line)));
  lines.push(...stackLines({ name, message, stack }).map((line) => fact('', palette.faint(line))));
  return lines;
}

/** The stack of an error without its message, which stands above it. */
function stackLines({
  name,
  message,
  stack,
}: Pick<NonNullable<Letter['error']>, 'name' | 'message'> & { readonly stack: string | undefined }): readonly string[] {
  if (stack === undefined) return [];
  const head = `${name}: ${message}`;
  const frames = stack.startsWith(head) ? stack.slice(head.length) : stack;
  return frames
    .split('\n')
    .map((line) => safeText(line.trim()))
    .filter((line) => line !== '');
}

function eventLines({ palette }: CommandContext, events: readonly RecordedEvent[]): readonly string[] {
  const fact = (what: string, value: string): string => `  ${palette.faint(what.padEnd(9))} ${value}`;
  if (events.length === 0) return [fact('data', 'there is nothing of it to read in this store')];
  return events.flatMap((event) => {
    const { data } = event;
    const text = data instanceof Uint8Array ? countOf(data.length, 'byte') : undefined;
    const lines = (text ?? JSON.stringify(data, null, 2) ?? '').split('\n').map(safeText);
    const named = events.length > 1 ? [fact('read as', safeText(event.type))] : [];
    return [...named, ...lines.map((line, index) => fact(index === 0 ? 'data' : '', line))];
  });
}

function waitingLines({ palette, widthMax }: CommandContext, waiting: readonly Letter[]): readonly string[] {
  if (waiting.length === 0) return ['Nothing waits behind it.'];
  const rows = waiting
    .slice(0, waitingShownMax)
    .map(({ version, type, position, setAsideAt }) => [
      String(version),
      safeText(type),
      countText(position),
      timeText(setAsideAt),
    ]);
  const columns = [
    { title: 'VERSION', align: 'right' as const },
    { title: 'TYPE', paint: palette.type },
    { title: 'POSITION', align: 'right' as const },
    { title: 'SET ASIDE', paint: palette.faint },
  ];
  const lines = [
    `${countOf(waiting.length, 'event waits', 'events wait')} behind it:`,
    ...tableLines(columns, rows, { widthMax, paintTitle: palette.title }),
  ];
  const more = waiting.length - rows.length;
  return more > 0 ? [...lines, `… and ${countText(more)} more`] : lines;
}

/** Where a letter stands, in words. */
export function stateText({ state }: Letter): string {
  switch (state) {
    case 'failed':
      return 'failed';
    case 'waiting':
      return 'being tried';
    case 'retry':
      return 'to be tried';
    case 'skip':
      return 'to be skipped';
  }
}

/** Why a letter failed, in a few words. */
export function errorText({ error }: Letter): string {
  return error === undefined ? '' : jsonText(error.message.split('\n', 1)[0] ?? '').slice(1, -1);
}
