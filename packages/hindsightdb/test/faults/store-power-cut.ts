/**
 * Cutting the power under a store: records a load with its syncs, then opens every image that a cut may leave, and holds
 * each to what the writer and a reader in another process had been told before.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { isHindsightError, openStore, restoreStore, type Store } from '../../src/index.ts';
import { FaultFolder } from './fault-folder.ts';
import type { FaultProcess } from './fault-process.ts';
import { readRecord, type DiskOperation } from './fault-record.ts';
import { assertAcknowledged, readSoundLog, type Acknowledged, type LoggedEvent } from './log-soundness.ts';
import { forEachPowerCut, type PowerCutImage } from './power-cut.ts';
import type { NameRule } from './disk-model.ts';

export type PowerCutRun = {
  readonly seed: number;
  readonly imagesMax: number;
  readonly names: NameRule;
  readonly lanes: number;
  readonly appendsOfLane: number;
  /** The writer's name. Default: `writer`. */
  readonly writer?: string;
};

/** Records a load of one writer and one reader, cuts the power at all of its moments, and answers how many images held. */
export async function cutPowerUnderLoad(run: PowerCutRun): Promise<number> {
  using folder = new FaultFolder();
  return await checkCuts(folder, await recordLoad(folder, run), run);
}

/** Records a load in this folder, under its rules. */
export async function recordLoad(
  folder: FaultFolder,
  { lanes, appendsOfLane, writer: name = 'writer' }: Pick<PowerCutRun, 'lanes' | 'appendsOfLane' | 'writer'>,
): Promise<DiskOperation[]> {
  return await recordWatched(folder, [name, String(lanes), String(appendsOfLane)], () => Promise.resolve());
}

/**
 * Records a load that goes on until the WAL has begun anew. How much that takes is not fixed: a reader who is in the WAL
 * at that moment puts it off until the WAL has grown once more.
 */
export async function recordLoadOverWals(folder: FaultFolder): Promise<DiskOperation[]> {
  return await recordWatched(folder, ['large', '2', '0'], async (writer) => {
    while (walBeginnings(readRecord(folder.recordPath)) < 2) await sleep(20);
    writer.send('stop');
  });
}

/** How often the WAL of a recorded load was begun, the first time included. */
function walBeginnings(operations: readonly DiskOperation[]): number {
  return operations.filter(
    (operation) => operation.kind === 'write' && operation.path.endsWith('-wal') && operation.offset === 0,
  ).length;
}

async function recordWatched(
  folder: FaultFolder,
  load: readonly string[],
  enough: (writer: FaultProcess) => Promise<void>,
): Promise<DiskOperation[]> {
  await using writer = startRecorded(folder, 'load-writer.ts', [...load, 'marks']);
  await writer.lineBeginning('ready');
  await using watcher = startRecorded(folder, 'log-watcher.ts', []);
  await watcher.lineBeginning('ready');
  await enough(writer);
  await writer.lineBeginning('done');
  watcher.send('stop');
  await watcher.lineBeginning('done');
  return readRecord(folder.recordPath);
}

export function startRecorded(folder: FaultFolder, program: string, programArguments: readonly string[]): FaultProcess {
  return folder.start(program, programArguments, { isRecorded: true });
}

/** Opens the images of a record and answers how many held. */
export async function checkCuts(
  folder: FaultFolder,
  operations: readonly DiskOperation[],
  run: Pick<PowerCutRun, 'seed' | 'imagesMax' | 'names'> & { readonly firstCut?: number },
): Promise<number> {
  const { seed, imagesMax, names, firstCut = 0 } = run;
  const counts = await forEachPowerCut(
    {
      operations,
      folder: folder.path,
      seed,
      imagesMax,
      names,
      firstCut,
      subsetsPerCut: 2,
      atOnceMax: availableParallelism(),
    },
    checkImage,
  );
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

async function checkImage({ folder, told }: PowerCutImage): Promise<void> {
  const path = join(folder, 'store.db');
  // Whoever was told anything had a store; before that the cut may have left none, or one that was not finished.
  if (told.length > 0) assert.ok(existsSync(path), 'the store is gone');
  {
    await using store = await openImage(path, told.length === 0);
    const events = await readSoundLog(store);
    assertAcknowledged(events, toldAppends(told));
    assertShown(events, told);
    // The store goes on: an image is not only readable.
    const { position } = await store.append('after-1', [{ type: 'Continued', data: {} }]);
    assert.ok(position > (events.at(-1)?.position ?? 0));
  }
  assertPagesSound(path);
}

/** Opens the store of an image; one on whose disk a sync has failed is marked, and is used again only in a copy. */
async function openImage(path: string, create: boolean): Promise<Store> {
  try {
    return await openStore(path, { create });
  } catch (error) {
    if (!isHindsightError(error, 'SYNC_FAILED')) throw error;
    await restoreStore(path, `${path}.copy`);
    return await openStore(`${path}.copy`, { create });
  }
}

/** What a reader was shown before the cut is still there. */
function assertShown(events: readonly LoggedEvent[], told: readonly string[]): void {
  const ids = new Map(events.map(({ position, id }) => [position, id]));
  for (const line of told) {
    const [what, position = '', id] = line.split(' ');
    if (what === 'seen')
      assert.equal(
        ids.get(Number(position)),
        id,
        `the event at position ${position} was shown to a reader and is lost`,
      );
    if (what === 'head')
      assert.ok(
        Number(position) <= (events.at(-1)?.position ?? 0),
        `a reader was told of the head ${position}, and it is lost`,
      );
  }
}

/** SQLite's own check, here in place of the store's: a thread for each of hundreds of images would take minutes. */
function assertPagesSound(path: string): void {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    assert.equal(database.prepare('PRAGMA integrity_check').get()?.['integrity_check'], 'ok');
  } finally {
    database.close();
  }
}

function toldAppends(told: readonly string[]): Acknowledged[] {
  return told
    .filter((line) => line.startsWith('told '))
    .map((line) => JSON.parse(line.slice('told '.length)) as Acknowledged);
}
