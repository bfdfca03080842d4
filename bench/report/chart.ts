/** A line chart as SVG, written by hand: readable in light and dark, as the reader's system asks. */

export interface Series {
  readonly name: string;
  /** Which of the palette's colours, from 1 on. */
  readonly colour: 1 | 2 | 3;
  readonly isDashed?: boolean;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface Panel {
  readonly title: string;
  /** Labels of the places on the horizontal axis, which stand at equal distances: 0, 1, 2 … */
  readonly xLabels: readonly string[];
  readonly yFormat: (value: number) => string;
  readonly series: readonly Series[];
}

const size = { width: 820, panelHeight: 260, left: 74, right: 210, top: 44, bottom: 44 };

interface Palette {
  readonly paper: string;
  readonly ink: string;
  readonly soft: string;
  readonly grid: string;
  readonly series: readonly string[];
}

const light: Palette = {
  paper: '#ffffff',
  ink: '#1f2328',
  soft: '#59636e',
  grid: '#d1d9e0',
  series: ['#0969da', '#bc4c00', '#6e7781'],
};
const dark: Palette = {
  paper: '#0d1117',
  ink: '#f0f6fc',
  soft: '#9198a1',
  grid: '#3d444d',
  series: ['#58a6ff', '#f0883e', '#8b949e'],
};

function rules({ paper, ink, soft, grid, series }: Palette): string {
  const own = series.map(
    (colour, index) =>
      `.c${index + 1} .line { stroke: ${colour} } .c${index + 1} .dot, .c${index + 1} .name { fill: ${colour} }`,
  );
  return `.paper { fill: ${paper} } .ink { fill: ${ink} } .soft { fill: ${soft} } .grid { stroke: ${grid} } ${own.join(' ')}`;
}

const style = `
  ${rules(light)}
  @media (prefers-color-scheme: dark) { ${rules(dark)} }
  text { font: 13px system-ui, -apple-system, 'Segoe UI', sans-serif } .title { font-weight: 600; font-size: 15px }
  .line { fill: none; stroke-width: 2.25; stroke-linejoin: round } .dashed { stroke-dasharray: 5 4 }`;

export function chart(panels: readonly Panel[], caption: string): string {
  const height = panels.length * size.panelHeight + 34;
  const drawn = panels.map(
    (panel, index) => `<g transform="translate(0 ${index * size.panelHeight})">${drawPanel(panel)}</g>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${height}" width="${size.width}" height="${height}" role="img" aria-label="${escape(caption)}">
<style>${style}
</style>
<rect class="paper" width="${size.width}" height="${height}" rx="6"/>
${drawn.join('\n')}
<text class="soft" x="${size.left}" y="${height - 14}">${escape(caption)}</text>
</svg>
`;
}

function drawPanel({ title, xLabels, yFormat, series }: Panel): string {
  const plot = { width: size.width - size.left - size.right, height: size.panelHeight - size.top - size.bottom };
  const ticks = axisTicks(Math.max(...series.flatMap(({ points }) => points.map(({ y }) => y))));
  const top = ticks.at(-1) ?? 1;
  const xOf = (x: number): number => size.left + 14 + (x / Math.max(1, xLabels.length - 1)) * (plot.width - 28);
  const yOf = (y: number): number => size.top + plot.height * (1 - y / top);
  const grid = ticks.map(
    (tick) =>
      `<line class="grid" x1="${size.left}" x2="${size.left + plot.width}" y1="${round(yOf(tick))}" y2="${round(yOf(tick))}"/><text class="soft" text-anchor="end" x="${size.left - 8}" y="${round(yOf(tick) + 4)}">${escape(yFormat(tick))}</text>`,
  );
  const labels = xLabels.map(
    (label, x) =>
      `<text class="soft" text-anchor="middle" x="${round(xOf(x))}" y="${size.top + plot.height + 20}">${escape(label)}</text>`,
  );
  const lines = series.map(({ colour, isDashed, points }) => {
    const path = points
      .map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${round(xOf(x))} ${round(yOf(y))}`)
      .join('');
    const dots = points
      .map(({ x, y }) => `<circle class="dot" cx="${round(xOf(x))}" cy="${round(yOf(y))}" r="3.5"/>`)
      .join('');
    return `<g class="c${colour}"><path class="line${isDashed === true ? ' dashed' : ''}" d="${path}"/>${isDashed === true ? '' : dots}</g>`;
  });
  return [
    `<text class="ink title" x="${size.left}" y="26">${escape(title)}</text>`,
    ...grid,
    ...labels,
    ...lines,
    ...seriesNames(series, { x: size.left + plot.width + 10, yOf }),
  ].join('\n');
}

/** Names at the ends of their lines, moved apart where the lines end close together. */
function seriesNames(
  series: readonly Series[],
  place: { readonly x: number; readonly yOf: (y: number) => number },
): string[] {
  const ends = series
    .map(({ name, colour, points }) => ({ name, colour, y: place.yOf(points.at(-1)?.y ?? 0) }))
    .toSorted((a, b) => a.y - b.y);
  let above = Number.NEGATIVE_INFINITY;
  return ends.map(({ name, colour, y }) => {
    above = Math.max(y, above + 17);
    return `<g class="c${colour}"><text class="name" x="${place.x}" y="${round(above + 4)}">${escape(name)}</text></g>`;
  });
}

/** Four to eight round values from 0 to just above the greatest. */
function axisTicks(greatest: number): number[] {
  const raw = greatest / 4 || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= raw) ?? raw;
  return Array.from({ length: Math.ceil(greatest / step) + 1 }, (_, index) => index * step);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
