/** A table in Markdown, which is as readable in a terminal: columns are padded, and figures stand at their right end. */

export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, 3, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const isOfFigures = headings.map(
    (_, column) => column > 0 && rows.every((row) => /^[-\d–]/.test(row[column] ?? '–')),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => (isOfFigures[column] === true ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0))).join(' | ')} |`;
  const rule = widths.map((width, column) =>
    isOfFigures[column] === true ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  );
  return [line(headings), line(rule), ...rows.map((row) => line(headings.map((_, column) => row[column] ?? '')))].join(
    '\n',
  );
}
