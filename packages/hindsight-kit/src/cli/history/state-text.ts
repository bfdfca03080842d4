/**
 * A state of one entity as lines.
 */

import type { CommandContext } from '../context.ts';
import { cutToWidth, safeText, widthOf } from '../terminal/text-width.ts';
import { valueIn, type FieldPath } from './field-path.ts';
import { jsonText, plainState } from './value-text.ts';

/** The whole state as JSON over several lines, or the fields that are asked for with a line each. */
export function stateLines(
  { palette, widthMax }: CommandContext,
  state: unknown,
  fields: readonly FieldPath[] | undefined,
): readonly string[] {
  const plain = plainState(state);
  if (fields === undefined) return (JSON.stringify(plain, null, 2) ?? 'undefined').split('\n').map(safeText);
  const names = fields.map(({ text }) => safeText(text));
  const width = Math.max(...names.map(widthOf));
  return fields.map(({ segments }, index) => {
    const name = names[index] ?? '';
    const value = jsonText(valueIn(plain, segments));
    const shown = widthMax === undefined ? value : cutToWidth(value, Math.max(16, widthMax - width - 2));
    return `${palette.faint(name)}${' '.repeat(width - widthOf(name))}  ${shown}`.trimEnd();
  });
}

/** The fields of a state by their names as they were written; null where there is nothing. */
export function fieldsOf(state: unknown, fields: readonly FieldPath[]): Readonly<Record<string, unknown>> {
  const plain = plainState(state);
  return Object.fromEntries(fields.map(({ text, segments }) => [text, valueIn(plain, segments) ?? null]));
}
