/** Runs a workload: its fixtures first, then its variants in turn (A B C A B C …), so that a machine's moods meet them all alike. */

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { judge, mediansOf, type VariantResults, type WorkloadResults } from './results.ts';
import { runTask, type Task } from './task.ts';
import type { Figures, Fixture, Scale, Variant, Workload } from './workload.ts';

export interface Bench {
  readonly scale: Scale;
  readonly repetitions: number;
  /** Holds everything that the run writes. */
  readonly directory: string;
  readonly profileDirectory: string | undefined;
  /** Whether the packages in `bench/peers` are at hand. */
  readonly hasPeers: boolean;
  readonly progress: (text: string) => void;
}

const buildLimitMs = 20 * 60_000;
const measureLimitMs = 3 * 60_000;

export class Schedule {
  readonly #bench: Bench;
  /** Folders of the fixtures that stand. */
  readonly #fixtures: Record<string, string> = {};
  #measuredCount = 0;

  constructor(bench: Bench) {
    this.#bench = bench;
  }

  async run(workload: Workload): Promise<WorkloadResults> {
    const { scale, hasPeers, repetitions } = this.#bench;
    const variants = workload.variants(scale).filter((variant) => hasPeers || variant.needsPeers !== true);
    const failures = await this.#buildFixtures(workload, variants);
    const timesOf = ({ repetitionsMax = repetitions }: Variant): number => Math.min(repetitions, repetitionsMax);
    const measured = new Map<string, Figures[]>(variants.map(({ name }) => [name, []]));
    for (let repetition = 1; repetition <= repetitions; repetition++) {
      for (const variant of variants) {
        if (failures.has(variant.name) || repetition > timesOf(variant)) continue;
        this.#bench.progress(`${workload.name}: ${variant.name}, ${repetition} of ${timesOf(variant)}`);
        try {
          measured.get(variant.name)?.push(await this.#measure(workload, variant));
        } catch (error) {
          failures.set(variant.name, messageOf(error));
        }
      }
    }
    const results = variants.map(({ name, durability }): VariantResults => {
      const measurements = measured.get(name) ?? [];
      const failure = failures.get(name);
      return {
        name,
        durability,
        medians: mediansOf(measurements),
        measurements,
        ...(failure !== undefined && { failure }),
      };
    });
    return {
      name: workload.name,
      title: workload.title,
      explanation: workload.explanation,
      variants: results,
      verdicts: workload.targets(scale).flatMap((target) => judge(target, results) ?? []),
    };
  }

  /** Removes fixtures that no later workload needs. */
  release(later: readonly Workload[]): void {
    const needed = new Set(
      later.flatMap((workload) => workload.fixtures?.(this.#bench.scale).map(({ name }) => name) ?? []),
    );
    for (const [name, directory] of Object.entries(this.#fixtures)) {
      if (needed.has(name)) continue;
      rmSync(directory, { recursive: true, force: true });
      delete this.#fixtures[name];
    }
  }

  /** Builds what is missing. Answers the variants that cannot be measured because a fixture failed, with the reason. */
  async #buildFixtures(workload: Workload, variants: readonly Variant[]): Promise<Map<string, string>> {
    const failures = new Map<string, string>();
    const wanted = new Set(variants.flatMap(({ fixtures = [] }) => fixtures));
    for (const fixture of workload.fixtures?.(this.#bench.scale) ?? []) {
      if (!wanted.has(fixture.name) || this.#fixtures[fixture.name] !== undefined) continue;
      try {
        await this.#build(workload, fixture);
      } catch (error) {
        for (const { name, fixtures = [] } of variants) {
          if (fixtures.includes(fixture.name)) failures.set(name, messageOf(error));
        }
      }
    }
    return failures;
  }

  async #build(workload: Workload, fixture: Fixture): Promise<void> {
    const directory = join(this.#bench.directory, fixture.name);
    mkdirSync(directory);
    this.#bench.progress(`${workload.name}: preparing ${fixture.name}`);
    try {
      await this.#runBuild(workload, fixture, directory);
    } catch (error) {
      // Half a fixture is none: whoever needs it next builds it anew.
      rmSync(directory, { recursive: true, force: true });
      throw error;
    }
    this.#fixtures[fixture.name] = directory;
  }

  async #runBuild(workload: Workload, fixture: Fixture, directory: string): Promise<void> {
    await runTask(this.#task(workload, { kind: 'build', name: fixture.name, directory }), {
      timeLimitMs: buildLimitMs,
      profileDirectory: undefined,
      progress: (text) => this.#bench.progress(`${workload.name}: preparing ${fixture.name}: ${text}`),
    });
  }

  async #measure(workload: Workload, variant: Variant): Promise<Figures> {
    const directory = join(this.#bench.directory, `measurement-${++this.#measuredCount}`);
    mkdirSync(directory);
    try {
      return await runTask(this.#task(workload, { kind: 'measure', name: variant.name, directory }), {
        timeLimitMs: measureLimitMs,
        profileDirectory: this.#bench.profileDirectory,
        progress: (text) => this.#bench.progress(`${workload.name}: ${variant.name}: ${text}`),
      });
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }

  #task(workload: Workload, own: Pick<Task, 'kind' | 'name' | 'directory'>): Task {
    return { ...own, workload: workload.name, scale: this.#bench.scale.name, fixtures: this.#fixtures };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
