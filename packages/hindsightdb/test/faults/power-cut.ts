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
 * disk-model.ts says what is uncertain. With more images than `imagesMax`, a seeded sample of every kind is taken.
 * An image knows what the program had told the world before the cut (its marks): that is what the check holds it to.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import {
  DiskModel,
  sectorBytes,
  type Choice,
  type NameRule,
  type Survival,
  type UncertainChange,
} from './disk-model.ts';
import { marksFileName, type DiskOperation } from './fault-record.ts';
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

type ImageKind = 'whole' | 'none' | 'empty' | 'names' | 'lost' | 'zeroed' | 'torn' | 'subset';
type PlannedImage = {
  readonly cut: number;
  readonly kind: ImageKind;
  readonly detail: number;
  readonly sectors: number;
};

/**
 * Opens the images one after another and answers how many there were of each kind. The first image that fails the
 * check ends the run with an error that describes it and names the seed.
 */
export async function forEachPowerCut(
  options: PowerCutOptions,
  check: (image: PowerCutImage) => Promise<void> | void,
): Promise<Record<ImageKind, number>> {
  const { operations, folder, seed, imagesMax, atOnceMax = 1 } = options;
  const counts = { whole: 0, none: 0, empty: 0, names: 0, lost: 0, zeroed: 0, torn: 0, subset: 0 };
  const model = newModel(options);
  const told: string[] = [];
  const underWay = new Set<Promise<void>>();
  let applied = 0;
  try {
    for (const image of sample(plan(options), imagesMax, seededRandom(seed))) {
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

function plan(options: PowerCutOptions): PlannedImage[] {
  const { operations, subsetsPerCut = 3 } = options;
  const model = newModel(options);
  const images: PlannedImage[] = [];
  operations.forEach((operation, number) => {
    if (changesWhatMayBeLost(operation)) images.push(...planCut(model, number, subsetsPerCut));
    model.apply(operation, number);
  });
  images.push(...planCut(model, operations.length, subsetsPerCut));
  return images;
}

function changesWhatMayBeLost({ kind }: DiskOperation): boolean {
  return kind !== 'open' && kind !== 'syncBegin' && kind !== 'syncFailed' && kind !== 'mark';
}

function planCut(model: DiskModel, cut: number, subsetsPerCut: number): PlannedImage[] {
  const changes = model.uncertainChanges();
  const names = model.uncertainNames();
  const image = (kind: ImageKind, detail = 0, sectors = 0): PlannedImage => ({ cut, kind, detail, sectors });
  const images = [image('whole')];
  if (changes.length + names.length === 0) return images;
  images.push(image('none'));
  if (names.length > 0 && changes.length > 0) images.push(image('empty'));
  for (let count = 0; count < names.length; count++) images.push(image('names', count));
  for (const change of changes) images.push(...planChange(change, image));
  // With a single uncertain change, the images above are all there are.
  if (changes.length + names.length > 1)
    for (let subset = 0; subset < subsetsPerCut; subset++) images.push(image('subset', subset));
  return images;
}

function planChange(
  change: UncertainChange,
  image: (kind: ImageKind, detail: number, sectors?: number) => PlannedImage,
): PlannedImage[] {
  const images = [image('lost', change.number)];
  if (change.kind === 'truncate') return images;
  images.push(image('zeroed', change.number));
  const { first, last } = sectorsOf(change);
  for (let boundary = first + 1; boundary <= last; boundary++) images.push(image('torn', change.number, boundary));
  return images;
}

function sectorsOf({ offset, bytes }: UncertainChange): { readonly first: number; readonly last: number } {
  return { first: Math.floor(offset / sectorBytes), last: Math.floor((offset + bytes - 1) / sectorBytes) };
}

/** A bounded choice that takes from every kind in turn, in the order of the cuts. */
function sample(images: readonly PlannedImage[], imagesMax: number, random: SeededRandom): PlannedImage[] {
  if (images.length <= imagesMax) return [...images];
  const groups = [...Map.groupBy(images, ({ kind }) => kind).values()].map((group) => shuffle(group, random));
  const chosen: PlannedImage[] = [];
  for (let round = 0; chosen.length < imagesMax; round++) {
    for (const group of groups) {
      const image = group[round];
      if (image !== undefined && chosen.length < imagesMax) chosen.push(image);
    }
  }
  return chosen.toSorted((left, right) => left.cut - right.cut);
}

function shuffle<Value>(values: readonly Value[], random: SeededRandom): Value[] {
  return values
    .map((value) => ({ value, key: random.below(0x4000_0000) }))
    .toSorted((left, right) => left.key - right.key)
    .map(({ value }) => value);
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
