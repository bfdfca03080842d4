/**
 * Colours by meaning. Off where the stream is no terminal, where NO_COLOR is set, and where asked for.
 */

import { styleText } from 'node:util';

/** What is painted, by meaning. */
export interface Palette {
  readonly title: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly name: (text: string) => string;
  readonly type: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly warning: (text: string) => string;
}

/** The palette for a stream of this process. */
export function paletteFor(stream: { readonly isTTY?: boolean | undefined }, environment: NodeJS.ProcessEnv): Palette {
  return hasColours(stream, environment) ? colours : plain;
}

function hasColours(stream: { readonly isTTY?: boolean | undefined }, environment: NodeJS.ProcessEnv): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = environment;
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return FORCE_COLOR !== '0';
  return stream.isTTY === true && TERM !== 'dumb';
}

type Format = Parameters<typeof styleText>[0];

// Whether colours are wanted was judged above, for the stream at hand: styleText must not judge again by standard output.
const painter =
  (format: Format) =>
  (text: string): string =>
    text === '' ? text : styleText(format, text, { validateStream: false });

const colours: Palette = {
  title: painter('dim'),
  strong: painter('bold'),
  faint: painter('dim'),
  name: painter('cyan'),
  type: painter('green'),
  good: painter('green'),
  bad: painter('red'),
  warning: painter('yellow'),
};

const same = (text: string): string => text;

const plain: Palette = {
  title: same,
  strong: same,
  faint: same,
  name: same,
  type: same,
  good: same,
  bad: same,
  warning: same,
};
