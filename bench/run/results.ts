/** The results of a run, as they are kept in JSON. */

import type { Machine } from './machine.ts';
import type { Figures, FigureOf, Target } from './workload.ts';
import { median } from '../drive/statistics.ts';

export interface RunResults {
  readonly command: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly elapsedMs: number;
  /** The commit that was measured, where git tells it. */
  readonly commit: string;
  readonly scale: 'full' | 'quick';
  readonly repetitions: number;
  readonly machine: Machine;
  /** Versions of the contestants. */
  readonly versions: Readonly<Record<string, string>>;
  readonly workloads: readonly WorkloadResults[];
}

export interface WorkloadResults {
  readonly name: string;
  readonly title: string;
  readonly explanation: string;
  readonly variants: readonly VariantResults[];
  readonly verdicts: readonly Verdict[];
}

export interface VariantResults {
  readonly name: string;
  readonly durability: string;
  /** The medians over the repetitions. */
  readonly medians: Figures;
  readonly measurements: readonly Figures[];
  /** Why it could not be measured. */
  readonly failure?: string;
}

export interface Verdict {
  readonly title: string;
  /** The median of the ratios of each repetition, neighbours in time; or the figure itself. */
  readonly value: number;
  readonly lowest: number;
  readonly highest: number;
  readonly must: number;
  readonly aim?: number;
  readonly unit: string;
  readonly reached: 'aim' | 'must' | 'missed';
}

/** The medians of each figure over the measurements. */
export function mediansOf(measurements: readonly Figures[]): Figures {
  const names = new Set(measurements.flatMap((figures) => Object.keys(figures)));
  return Object.fromEntries(
    [...names].map((name) => [name, median(measurements.flatMap((figures) => figures[name] ?? []))]),
  );
}

/** Judges a target; undefined where something that it needs was not measured. */
export function judge(target: Target, variants: readonly VariantResults[]): Verdict | undefined {
  const own = seriesOf(target.of, variants, target.better);
  const against = target.against === undefined ? undefined : seriesOf(target.against, variants, target.better);
  if (own === undefined || (target.against !== undefined && against === undefined)) return undefined;
  const values = own.map((value, index) =>
    against === undefined ? value / (target.divisor ?? 1) : value / (against[index] ?? Number.NaN),
  );
  const paired = values.filter((value) => Number.isFinite(value));
  if (paired.length === 0) return undefined;
  const value = median(paired);
  const holds = (bound: number): boolean => (target.better === 'higher' ? value >= bound : value <= bound);
  const aimed = target.aim === undefined ? holds(target.must) : holds(target.aim);
  return {
    title: target.title,
    value,
    lowest: Math.min(...paired),
    highest: Math.max(...paired),
    must: target.must,
    ...(target.aim !== undefined && { aim: target.aim }),
    unit: target.unit,
    reached: aimed ? 'aim' : holds(target.must) ? 'must' : 'missed',
  };
}

/** The repetitions of a figure; of several variants, those of the one with the best median. */
function seriesOf(
  figureOf: FigureOf,
  variants: readonly VariantResults[],
  better: 'higher' | 'lower',
): readonly number[] | undefined {
  const sign = better === 'higher' ? 1 : -1;
  const [best] = variants
    .filter(({ name, measurements }) => figureOf.variants.includes(name) && measurements.length > 0)
    .toSorted(
      (a, b) => sign * ((b.medians[figureOf.figure] ?? Number.NaN) - (a.medians[figureOf.figure] ?? Number.NaN)),
    );
  return best?.measurements.map((figures) => figures[figureOf.figure] ?? Number.NaN);
}
