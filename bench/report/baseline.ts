/** The baseline: the medians of a published run, kept for later runs to be compared with. */

import { readFileSync, writeFileSync } from 'node:fs';
import type { RunResults } from '../run/results.ts';
import type { Machine } from '../run/machine.ts';
import { formatFigure } from './figures.ts';
import { table } from './table.ts';

const file = new URL('../baseline.json', import.meta.url);

export interface Baseline {
  readonly howItWasMade: string;
  readonly command: string;
  readonly startedAt: string;
  readonly commit: string;
  readonly machine: Machine;
  /** Medians by workload and variant. */
  readonly figures: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, number>>>>>>;
}

export function writeBaseline(results: RunResults): void {
  const { command, startedAt, commit, machine, workloads, repetitions } = results;
  const figures = Object.fromEntries(
    workloads.map(({ name, variants }) => [
      name,
      Object.fromEntries(variants.map((variant) => [variant.name, rounded(variant.medians)])),
    ]),
  );
  const howItWasMade = `Medians of ${repetitions} interleaved repetitions, written by the command below together with docs/benchmarks.md. Compare only on the same machine.`;
  const baseline: Baseline = { howItWasMade, command, startedAt, commit, machine, figures };
  writeFileSync(file, `${JSON.stringify(baseline, null, 2)}\n`);
}

/** Where this run and the baseline differ by more than a tenth, on a machine of the same description; else a sentence. */
export function compareWithBaseline(results: RunResults): string {
  const baseline = readBaseline();
  if (baseline === undefined) return 'There is no baseline to compare with.';
  const { cpu, coreCount } = results.machine;
  if (baseline.machine.cpu !== cpu || baseline.machine.coreCount !== coreCount)
    return `The baseline was made on another machine (${baseline.machine.cpu}) and does not compare.`;
  const rows = results.workloads.flatMap((workload) =>
    workload.variants.flatMap((variant) =>
      Object.entries(variant.medians).flatMap(([figure, value]) => {
        const before = baseline.figures[workload.name]?.[variant.name]?.[figure];
        if (before === undefined || before === 0 || Math.abs(value / before - 1) <= 0.1) return [];
        return [
          [
            `${workload.name}: ${variant.name}`,
            figure,
            formatFigure(figure, before),
            formatFigure(figure, value),
            `${((value / before - 1) * 100).toFixed(0)} %`,
          ],
        ];
      }),
    ),
  );
  if (rows.length === 0)
    return `Nothing differs by more than a tenth from the baseline of ${baseline.startedAt.slice(0, 10)}.`;
  return `Different by more than a tenth from the baseline of ${baseline.startedAt.slice(0, 10)}:\n\n${table(['', 'figure', 'baseline', 'now', 'change'], rows)}`;
}

function readBaseline(): Baseline | undefined {
  try {
    // Only `writeBaseline` writes this file.
    return JSON.parse(readFileSync(file, 'utf8')) as Baseline;
  } catch {
    // Before the first published run there is none.
    return undefined;
  }
}

function rounded(medians: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(medians).map(([name, value]) => [name, Number(value.toPrecision(4))]));
}
