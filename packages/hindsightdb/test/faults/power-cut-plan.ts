/**
 * Which images a record calls for: for every moment at which the power may go, and for every kind of loss, chosen down to
 * a bounded number.
 */
import { sectorBytes, type DiskModel, type UncertainChange } from './disk-model.ts';
import type { DiskOperation } from './fault-record.ts';
import type { SeededRandom } from './seeded-random.ts';

/** What an image holds; power-cut.ts says what each kind means. */
export type ImageKind = 'whole' | 'none' | 'empty' | 'names' | 'lost' | 'zeroed' | 'torn' | 'subset';
/** One image: before which operation the power is cut, and what is lost. `detail` and `sectors` are as the kind needs them. */
export type PlannedImage = {
  readonly cut: number;
  readonly kind: ImageKind;
  readonly detail: number;
  readonly sectors: number;
};

/** All images that a record calls for. */
export type Plan = {
  /** The worst images at the cuts that come first after something was told: whoever tells too early is caught here. */
  readonly telling: readonly PlannedImage[];
  readonly others: readonly PlannedImage[];
};

/** What is planned for. */
export type PlanOptions = {
  readonly operations: readonly DiskOperation[];
  /** A model of the disk at the start of the record; it is brought to its end. */
  readonly model: DiskModel;
  readonly firstCut: number;
  readonly subsetsPerCut: number;
};

/** Plans the images of every cut from the first one on. */
export function planImages({ operations, model, firstCut, subsetsPerCut }: PlanOptions): Plan {
  const telling: PlannedImage[] = [];
  const others: PlannedImage[] = [];
  let hasTold = false;
  const planHere = (cut: number): void => {
    for (const image of planCut(model, cut, subsetsPerCut))
      (hasTold && image.kind === 'none' ? telling : others).push(image);
    hasTold = false;
  };
  operations.forEach((operation, number) => {
    if (number >= firstCut && changesWhatMayBeLost(operation)) planHere(number);
    if (operation.kind === 'mark') hasTold = true;
    model.apply(operation, number);
  });
  planHere(operations.length);
  return { telling, others };
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
  for (const change of spread(changes, cut)) images.push(...planChange(change, image));
  // With a single uncertain change, the images above are all there are.
  if (changes.length + names.length > 1)
    for (let subset = 0; subset < subsetsPerCut; subset++) images.push(image('subset', subset));
  return images;
}

/** Up to so many of the uncertain changes of one cut are lost one by one; a checkpoint leaves thousands at once. */
const changesOfCutMax = 40;

/** A bounded number of the changes, spread evenly, and others at each cut. */
function spread(changes: readonly UncertainChange[], cut: number): UncertainChange[] {
  const step = Math.ceil(changes.length / changesOfCutMax);
  return changes.filter((_, index) => index % step === cut % step);
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

/** The numbers of the first and the last sector that a write touches. */
export function sectorsOf({ offset, bytes }: UncertainChange): { readonly first: number; readonly last: number } {
  return { first: Math.floor(offset / sectorBytes), last: Math.floor((offset + bytes - 1) / sectorBytes) };
}

/** A bounded choice in the order of the cuts: up to half of it telling, the rest from every kind in turn. */
export function sampleImages({ telling, others }: Plan, imagesMax: number, random: SeededRandom): PlannedImage[] {
  const chosen = shuffle(telling, random).slice(0, Math.max(imagesMax / 2, imagesMax - others.length));
  const kinds = [...Map.groupBy(others, ({ kind }) => kind).values()].map((images) => shuffle(images, random));
  const roundsMax = Math.max(0, ...kinds.map((images) => images.length));
  for (let round = 0; round < roundsMax && chosen.length < imagesMax; round++) {
    for (const images of kinds) {
      const image = images[round];
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
