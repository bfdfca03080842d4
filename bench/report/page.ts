/** The results page, docs/benchmarks.md. Everything in it comes from one run. */

import type { RunResults } from '../run/results.ts';
import { figuresTable, machineTable, verdictsTable } from './tables.ts';

/** The page, with the path from it to the picture of the log sizes where there is one. */
export function resultsPage(results: RunResults, picturePath: string | undefined): string {
  const sections = results.workloads.map((workload) => {
    const picture =
      workload.name === 'log-size' && picturePath !== undefined
        ? `\n![Append rate and entity load against the number of stored events](${picturePath})\n`
        : '';
    return `### ${workload.title}\n\n${workload.explanation}\n\n${figuresTable(workload)}\n${picture}`;
  });
  return `# Benchmarks

This page is written by the command that measured it and is not edited by hand:

\`\`\`sh
${results.command}
\`\`\`

The run took ${Math.round(results.elapsedMs / 60_000)} minutes. Every contestant was measured ${results.repetitions} times, in turn with the others (A B C A B C …), each time in a
process of its own with a store of its own. Tables show the medians of the repetitions; p50 and p99 are those of single requests, medians again over
the repetitions. A ratio is taken within each repetition, between neighbours in time; the median of these ratios is judged, and their spread is shown beside it.
${results.scale === 'quick' ? '\n**This was a quick run: it shows that everything works, and its figures are not to be quoted.**\n' : ''}
${busyNote(results)}Figures of different machines do not compare, and neither do figures with different durability: a contestant that keeps its events in memory
is here to show what an interface costs, not to be beaten. \`bench/baseline.json\` keeps the figures of this run for the next one to compare with.

## The machine

${machineTable(results)}

## Targets

What we hold ourselves to. "Must" is the least that a release may do, "aim" what we work towards.

${verdictsTable(results)}

## Workloads

Events are small business events of about 165 bytes as records.

${sections.join('\n')}`;
}

/** A load above this says that others were at work. */
const calmLoadMax = 1;

function busyNote({ machine }: RunResults): string {
  if (machine.loadAverage <= calmLoadMax) return '';
  return `
**The machine was busy with other work: its load average was ${machine.loadAverage.toFixed(1)} before the run. The rates are far below what it can
do, the ratios wide; run the command again on a calm machine before quoting any.**

`;
}
