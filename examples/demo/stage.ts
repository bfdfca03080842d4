/**
 * What the demo says, and the commands that it runs in front of the reader.
 */

import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { styleText } from 'node:util';

const kit = dirname(createRequire(import.meta.url).resolve('hindsight-kit/package.json'));
const bin = join(kit, 'bin/hindsight.js');

const hasColours = process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb';

function paint(format: Parameters<typeof styleText>[0], text: string): string {
  return hasColours ? styleText(format, text) : text;
}

/** A heading with its number. */
export function chapter(number: number, title: string): void {
  console.log(`\n${paint(['bold', 'cyan'], `${number}  ${title}`)}\n`);
}

/** A paragraph, set to the width of the terminal, though never wide. */
export function say(text: string): void {
  const width = Math.min(process.stdout.columns ?? 80, 88);
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + word.length + 1 > width) {
      console.log(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  console.log(line);
}

/** Lines of facts: their names to the left, what was found to the right. */
export function facts(rows: readonly (readonly [name: string, value: string])[]): void {
  const width = Math.max(...rows.map(([name]) => name.length));
  for (const [name, value] of rows) console.log(`  ${name.padEnd(width)}  ${paint('bold', value)}`);
}

/** A small table. */
export function rows(headings: readonly string[], lines: readonly (readonly string[])[]): void {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `  ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd();
  console.log(paint('dim', line(headings)));
  for (const cells of lines) console.log(line(cells));
}

/** What something gives, and how long it took. */
export async function timed<Value>(run: () => Promise<Value>): Promise<{ readonly value: Value; readonly ms: number }> {
  const startedAt = performance.now();
  const value = await run();
  return { value, ms: performance.now() - startedAt };
}

/** An empty line. */
export function pause(): void {
  console.log();
}

/** A command as the reader can type it. */
export function typed(args: readonly string[]): string {
  return `npx hindsight ${args.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`)).join(' ')}`;
}

/** A command set to the width of the terminal: broken before its options, where a shell takes it as one all the same. */
function broken(args: readonly string[], indent: string): string {
  const line = typed(args);
  if (line.length + indent.length <= (process.stdout.columns ?? 120)) return line;
  let shown = '';
  let length = 0;
  for (const part of line.split(/ (?=--|node_modules)/)) {
    const isFitting = length === 0 || length + part.length + 3 + indent.length <= (process.stdout.columns ?? 120);
    shown += length === 0 ? part : isFitting ? ` ${part}` : ` \\\n${indent}  ${part}`;
    length = isFitting ? length + part.length + 1 : part.length + 2;
  }
  return shown;
}

/** Shows a command, runs it, and shows what it says. Throws when it fails. */
export async function run(args: readonly string[]): Promise<void> {
  console.log(`${paint('dim', '$')} ${paint('bold', broken(args, '  '))}`);
  const child = spawn(process.execPath, [bin, ...args], { stdio: 'inherit' });
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (exitCode !== 0) throw new Error(`${typed(args)} ended with ${exitCode}.`);
}

/** A command for the reader, with what it is good for. */
export function suggest(args: readonly string[], meaning: string): void {
  console.log(`  ${paint('dim', `# ${meaning}`)}\n  ${broken(args, '  ')}`);
}
