/** The tables of a run: one for each workload, and one of all targets. */

import type { RunResults, WorkloadResults } from '../run/results.ts';
import { formatFigure, formatVerdictValue, headingOf, reachedTexts } from './figures.ts';
import { table } from './table.ts';

export function figuresTable(workload: WorkloadResults): string {
  const names = [...new Set(workload.variants.flatMap(({ medians }) => Object.keys(medians)))];
  const rows = workload.variants.map(({ name, medians, durability, failure, measurements }) =>
    failure === undefined || measurements.length > 0
      ? [name, ...names.map((figure) => formatFigure(figure, medians[figure])), durability]
      : [name, ...names.map(() => '–'), `not measured: ${failure.split('\n')[0]}`],
  );
  return table(['', ...names.map(headingOf), 'durability'], rows);
}

export function verdictsTable(results: Pick<RunResults, 'workloads'>): string {
  const rows = results.workloads.flatMap(({ title, verdicts }) =>
    verdicts.map((verdict) => [
      `${title}: ${verdict.title}`,
      formatVerdictValue(verdict, verdict.value),
      `${formatVerdictValue(verdict, verdict.lowest)} … ${formatVerdictValue(verdict, verdict.highest)}`,
      formatVerdictValue(verdict, verdict.must),
      verdict.aim === undefined ? '–' : formatVerdictValue(verdict, verdict.aim),
      reachedTexts[verdict.reached],
    ]),
  );
  return table(['', 'measured', 'lowest … highest', 'must', 'aim', ''], rows);
}

export function machineTable({ machine, versions, startedAt, commit }: RunResults): string {
  const rows = [
    ['processor', `${machine.cpu}, ${machine.coreCount} cores`],
    ['memory', `${(machine.memoryBytes / 2 ** 30).toFixed(0)} GiB`],
    ['system', machine.system],
    ['file system', machine.fileSystem],
    ['Node', machine.node],
    ['SQLite', machine.sqlite],
    ['load average before the run', machine.loadAverage.toFixed(2)],
    ...Object.entries(versions),
    ['date', startedAt.slice(0, 10)],
    ['commit', commit],
  ];
  return table(['', ''], rows);
}
