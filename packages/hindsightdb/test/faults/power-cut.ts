/**
 * Cutting the power at every moment of a recorded run: rebuilds what the disk may hold then, and lets a check open it.
 *
 * The moments are those just before each change of the disk, each end of a sync, and the end of the record. For
 * each of them the images are:
 *
 *     whole    everything written is there           none     only what is certain is there
 *     empty    the files' names, without their data   names    everything, but only the first names
 *     lost     everything but one change              zeroed   the same, the file has grown over it all the same
 *     torn     one write is there in its first sectors only
 *     subset   of each uncertain change a seeded part: whole, lost, torn or scattered sectors
 *
 * disk-model.ts says what is uncertain. With more images than `imagesMax`, a seeded sample is taken: of every kind, and
 * above all of the worst images right after something was told.
 * An image knows what the program had told the world before the cut (its marks): that is what the check holds it to.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { DiskModel, type Choice, type NameRule, type Survival, type UncertainChange } from './disk-model.ts';
import { marksFileName, type DiskOperation } from './fault-record.ts';
import { planImages, sampleImages, sectorsOf, type ImageKind, type PlannedImage } from './power-cut-plan.ts';
import { seededRandom, type SeededRandom } from './seeded-random.ts';

export type PowerCutOptions = {
  readonly operations: readonly DiskOperation[];
  /** The recorded folder's real path; images hold the same files. */
  readonly folder: string;
  /** What the folder held before the record began, from `captureFolder`. Default: nothing. */
  readonly start?: ReadonlyMap<string, Buffer>;
  readonly names?: NameRule;
  readonly seed: number;
  readonly imagesMax: number;
  /** The number of the operation before which the first cut is made. Default 0. */
  readonly firstCut?: number;
  /** Seeded subsets for each moment. Default 3. */
  readonly subsetsPerCut?: number;
  /** How many images are checked at the same time. Default 1. */
  readonly atOnceMax?: number;
};

/** A folder as a power cut may have left it. It is removed after the check. */
export type PowerCutImage = {
  readonly folder: string;
  /** Every line that the program had told the world before the cut. */
  readonly told: readonly string[];
  readonly kind: ImageKind;
  /** Where the power was cut and what was lost, in words. */
  readonly description: string;
};

/**
 * Opens the images one after another and answers how many there were of each kind. The first image that fails the
 * check ends the run with an error that describes it and names the seed.
 */
export async function forEachPowerCut(
  options: PowerCutOptions,
  check: (image: PowerCutImage) => Promise<void> | void,
): Promise<Record<ImageKind, number>> {
  const { operations, folder, seed, imagesMax, atOnceMax = 1, firstCut = 0, subsetsPerCut = 3 } = options;
  const plan = planImages({ operations, model: newModel(options), firstCut, subsetsPerCut });
  const planned = sampleImages(plan, imagesMax, seededRandom(seed));
  const counts = { whole: 0, none: 0, empty: 0, names: 0, lost: 0, zeroed: 0, torn: 0, subset: 0 };
  const model = newModel(options);
  const told: string[] = [];
  const underWay = new Set<Promise<void>>();
  let applied = 0;
  try {
    for (const image of planned) {
      for (; applied < image.cut; applied++) {
        const operation = operations[applied];
        if (operation === undefined) break;
        model.apply(operation, applied);
        if (operation.kind === 'mark') told.push(...operation.lines);
      }
      const description = `${describe(image, operations)}; FAULT_SEED=${seed}`;
      const files = model.render(choiceOf(image, model, seed));
      const checking = checkImage({ files, folder, description }, (imageFolder) =>
        check({ folder: imageFolder, told: told.slice(), kind: image.kind, description }),
      );
      underWay.add(checking);
      void checking.finally(() => underWay.delete(checking)).catch(() => undefined);
      counts[image.kind]++;
      if (underWay.size >= atOnceMax) await Promise.race(underWay);
    }
    await Promise.all(underWay);
  } finally {
    await Promise.allSettled(underWay);
  }
  return counts;
}

type RenderedImage = {
  readonly files: ReadonlyMap<string, Buffer>;
  readonly folder: string;
  readonly description: string;
};

async function checkImage(
  { files, folder, description }: RenderedImage,
  check: (imageFolder: string) => Promise<void> | void,
): Promise<void> {
  const imageFolder = mkdtempSync(join(tmpdir(), 'power-cut-'));
  try {
    writeFolder(imageFolder, folder, files);
    await check(imageFolder);
  } catch (cause) {
    throw new Error(`${description}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  } finally {
    rmSync(imageFolder, { recursive: true, force: true });
  }
}

/** The content of a folder's files by path. No process may have a database open there that this process opens too. */
export function captureFolder(folder: string): Map<string, Buffer> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && entry.name !== marksFileName,
  );
  return new Map(files.map((entry) => join(entry.parentPath, entry.name)).map((path) => [path, readFileSync(path)]));
}

/** What the folder holds by the record, when nothing is lost: equal to the real folder, or the record has missed something. */
export function recordedFolder(options: PowerCutOptions): Map<string, Buffer> {
  const model = newModel(options);
  options.operations.forEach((operation, number) => model.apply(operation, number));
  return model.render({ change: () => ({ kind: 'whole' }), name: () => true });
}

function newModel(options: PowerCutOptions): DiskModel {
  return new DiskModel(options.names ?? 'journaled', options.start ?? new Map());
}

const whole: Survival = { kind: 'whole' };
const lost: Survival = { kind: 'lost' };

function choiceOf(image: PlannedImage, model: DiskModel, seed: number): Choice {
  const { cut, kind, detail, sectors } = image;
  const all = (): boolean => true;
  const only = (survival: Survival): Choice => ({
    change: (number) => (number === detail ? survival : whole),
    name: all,
  });
  switch (kind) {
    case 'whole':
      return { change: () => whole, name: all };
    case 'none':
      return { change: () => lost, name: () => false };
    case 'empty':
      return { change: () => lost, name: all };
    case 'names': {
      const first = new Set(model.uncertainNames().slice(0, detail));
      return { change: () => whole, name: (number) => first.has(number) };
    }
    case 'lost':
      return only(lost);
    case 'zeroed':
      return only({ kind: 'zeroed' });
    case 'torn':
      return only({ kind: 'sectors', has: (sector) => sector < sectors });
    case 'subset':
      return subset(model, seededRandom(seed ^ Math.imul(cut + 1, 0x9e3779b1) ^ detail));
    default:
      return kind satisfies never;
  }
}

function subset(model: DiskModel, random: SeededRandom): Choice {
  // Each subset has a leaning of its own, or all of them would lose about half.
  const leaning = random.pick([0.15, 0.5, 0.85]);
  const survivals = new Map(
    model
      .uncertainChanges()
      .map((change) => [change.number, random.chance(leaning) ? whole : lostInPart(change, random)]),
  );
  const names = model.uncertainNames();
  const firstNames = random.below(names.length + 1);
  const surviving = new Set(
    names.filter((_, index) => (model.namesAreOrdered ? index < firstNames : random.chance(leaning))),
  );
  return { change: (number) => survivals.get(number) ?? whole, name: (number) => surviving.has(number) };
}

function lostInPart(change: UncertainChange, random: SeededRandom): Survival {
  const { first, last } = sectorsOf(change);
  const way = random.below(3);
  if (way === 0 || change.kind === 'truncate' || first === last) return lost;
  if (way === 1) {
    const boundary = first + random.below(last - first + 1);
    return { kind: 'sectors', has: (sector) => sector < boundary };
  }
  const scattered = new Set(
    Array.from({ length: last - first + 1 }, (_, index) => first + index).filter(() => random.chance(0.5)),
  );
  return { kind: 'sectors', has: (sector) => scattered.has(sector) };
}

function describe(image: PlannedImage, operations: readonly DiskOperation[]): string {
  const before = operations[image.cut];
  const where = before === undefined ? 'the end of the record' : `operation ${image.cut} (${summary(before)})`;
  const changed = operations[image.detail];
  const about =
    image.kind === 'lost' || image.kind === 'zeroed' || image.kind === 'torn'
      ? ` of operation ${image.detail}${changed === undefined ? '' : ` (${summary(changed)})`}`
      : '';
  const extent =
    image.kind === 'torn'
      ? ` before sector ${image.sectors}`
      : image.kind === 'names' || image.kind === 'subset'
        ? ` ${image.detail}`
        : '';
  return `power cut before ${where}, image "${image.kind}"${extent}${about}`;
}

function summary(operation: DiskOperation): string {
  if (operation.kind === 'mark') return 'mark';
  const name = operation.path.slice(operation.path.lastIndexOf('/') + 1);
  if (operation.kind === 'write') return `write ${operation.data.length} bytes at ${operation.offset} of ${name}`;
  if (operation.kind === 'truncate') return `truncate ${name} to ${operation.size} bytes`;
  return `${operation.kind} ${name}`;
}

function writeFolder(imageFolder: string, folder: string, files: ReadonlyMap<string, Buffer>): void {
  for (const [path, content] of files) {
    const target = join(imageFolder, relative(folder, path));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, content);
  }
}
