/**
 * JSON as text: its members as they stand, for values that must not change by being parsed.
 */

/** A member of an object. */
export interface MemberText {
  readonly name: string;
  /** The name as it stands, in its quotes. */
  readonly nameText: string;
  readonly valueText: string;
}

/** The members at the top of an object, as they stand. For text that is a JSON object. */
export function membersOf(object: string): MemberText[] {
  const members: MemberText[] = [];
  let index = object.indexOf('{') + 1;
  for (;;) {
    const nameStart = object.indexOf('"', index);
    if (nameStart === -1) return members;
    const nameEnd = endOfString(object, nameStart);
    const valueStart = object.indexOf(':', nameEnd) + 1;
    const valueEnd = endOfValue(object, valueStart);
    const nameText = object.slice(nameStart, nameEnd);
    members.push({ name: textOf(nameText), nameText, valueText: object.slice(valueStart, valueEnd).trim() });
    if (object[valueEnd] !== ',') return members;
    index = valueEnd + 1;
  }
}

/** The text of the value of a member at the top of an object, as JSON.parse would take it: the last where there are several. */
export function memberText(object: string, name: string): string | undefined {
  return membersOf(object).findLast((member) => member.name === name)?.valueText;
}

/** The text that a JSON string means. */
export function textOf(json: string): string {
  return String(JSON.parse(json));
}

function endOfString(text: string, start: number): number {
  let index = start + 1;
  while (index < text.length && text[index] !== '"') index += text[index] === '\\' ? 2 : 1;
  return index + 1;
}

/** Where a value ends: at the comma behind it, or at the bracket that closes what it is in. */
function endOfValue(text: string, start: number): number {
  let depth = 0;
  for (let index = start; index < text.length; index += 1) {
    const unit = text[index];
    if (unit === '"') index = endOfString(text, index) - 1;
    else if (unit === '{' || unit === '[') depth += 1;
    else if (unit === '}' || unit === ']') {
      if (depth === 0) return index;
      depth -= 1;
    } else if (unit === ',' && depth === 0) return index;
  }
  return text.length;
}

/** JSON over several lines, with every token as it stands. For text that is JSON. */
export function prettyJson(text: string): string {
  let lines = '';
  let indent = '';
  for (let index = 0; index < text.length; index += 1) {
    const unit = text[index] ?? '';
    if (unit === '"') {
      const end = endOfString(text, index);
      lines += text.slice(index, end);
      index = end - 1;
    } else if (unit === '{' || unit === '[') {
      const closed = /^[\s]*[}\]]/.exec(text.slice(index + 1, index + 1000));
      if (closed !== null) {
        lines += unit + (unit === '{' ? '}' : ']');
        index += closed[0].length;
      } else {
        indent += '  ';
        lines += `${unit}\n${indent}`;
      }
    } else if (unit === '}' || unit === ']') {
      indent = indent.slice(2);
      lines += `\n${indent}${unit}`;
    } else if (unit === ',') lines += `,\n${indent}`;
    else if (unit === ':') lines += ': ';
    else if (!/\s/.test(unit)) lines += unit;
  }
  return lines;
}
