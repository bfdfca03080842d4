/**
 * Several processes run one process manager and decide its commands while events are appended, and are killed and stopped at
 * random: whatever happens, the steps of each instance are those that the log leads to, and each command is submitted once.
 */
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { listLetters } from '../../src/consumers/index.ts';
import { openStore, type Store } from '../../src/index.ts';
import { invoiceCommands } from '../processes/billing.ts';
import {
  issuedCommands,
  obedient,
  recordedSteps,
  simulatedSteps,
  submittedCommands,
  tell,
  tellings,
  type Telling,
} from '../processes/tellings.ts';
import { FaultFolder } from './fault-folder.ts';
import { FaultProcess } from './fault-process.ts';
import { seededRandom } from './seeded-random.ts';

/** How much is done. */
export interface ProcessManagerRounds {
  readonly eventCount: number;
  readonly instanceCount: number;
  readonly members: number;
  readonly slices: number;
  readonly leaseMs: number;
  readonly strikeWithinMs: number;
  readonly seed: number;
}

/** What was done. */
export interface ProcessManagerCounts {
  kills: number;
  stops: number;
  steps: number;
  fired: number;
  commands: number;
}

function startMember(folder: FaultFolder, { slices, leaseMs }: ProcessManagerRounds): FaultProcess {
  const programArguments = [folder.path, String(slices), String(leaseMs)];
  return FaultProcess.start({ program: 'process-manager-member.ts', programArguments });
}

/** Runs it all. Throws where a step is not what the log leads to. */
export async function processManagerRounds(rounds: ProcessManagerRounds): Promise<ProcessManagerCounts> {
  const { seed } = rounds;
  using folder = new FaultFolder();
  await using store = await openStore(folder.storePath);
  const members = Array.from({ length: rounds.members }, () => startMember(folder, rounds));
  const counts: ProcessManagerCounts = { kills: 0, stops: 0, steps: 0, fired: 0, commands: 0 };
  let isTelling = true;
  const striking = strike(rounds, { members, folder, counts, isOver: () => !isTelling });
  try {
    await tellAll(store, rounds);
    isTelling = false;
    await striking;
    await assertSteps(store, counts);
  } catch (cause) {
    throw new Error(`seed ${seed}: ${String(cause)}; ${members.map((member) => member.errors).join('')}`, { cause });
  } finally {
    isTelling = false;
    await striking.catch(() => undefined);
    await Promise.all(members.map((member) => member[Symbol.asyncDispose]()));
  }
  return counts;
}

async function tellAll(store: Store, { eventCount, instanceCount, seed }: ProcessManagerRounds): Promise<void> {
  const random = seededRandom(seed + 1);
  const sample: readonly Telling[] = fc.sample(tellings({ gapMsMax: 6, afterMsMax: 400 }), {
    numRuns: eventCount,
    seed,
  });
  for (const telling of sample) {
    await tell(store, { ...telling, key: `${telling.key}-${random.below(instanceCount)}` });
    await wait(telling.gapMs);
  }
}

/** Waits until everything is handled that the log leads to, then compares. */
async function assertSteps(store: Store, counts: ProcessManagerCounts): Promise<void> {
  const process = obedient();
  const deadline = performance.now() + 60_000;
  const farAhead = new Date(Date.now() + 24 * 3_600_000);
  let before = -1;
  for (; performance.now() < deadline; await wait(300)) {
    const recorded = await recordedSteps(store);
    const found = countOf(recorded);
    const isSubmitted = countOf(await submittedCommands(store)) >= countOf(issuedCommands(recorded));
    const isAsSimulated = found >= countOf(await simulatedSteps(store, process, farAhead));
    if (found === before && isSubmitted && isAsSimulated) break;
    before = found;
  }
  for await (const letter of listLetters(store, process.name))
    assert.fail(`There is a letter: ${JSON.stringify(letter)}`);
  for await (const letter of listLetters(store, invoiceCommands.name))
    assert.fail(`There is a letter: ${JSON.stringify(letter)}`);
  const recorded = await recordedSteps(store);
  assert.deepEqual(recorded, await simulatedSteps(store, process, farAhead));
  const submitted = await submittedCommands(store);
  assert.deepEqual(submitted, issuedCommands(recorded));
  counts.steps = countOf(recorded);
  counts.fired = Object.values(recorded)
    .flat()
    .filter(({ on }) => JSON.stringify(on).includes('"timer"')).length;
  counts.commands = countOf(submitted);
}

async function strike(
  rounds: ProcessManagerRounds,
  run: {
    readonly members: FaultProcess[];
    readonly folder: FaultFolder;
    readonly counts: ProcessManagerCounts;
    readonly isOver: () => boolean;
  },
): Promise<void> {
  const { strikeWithinMs, leaseMs, seed } = rounds;
  const { members, folder, counts, isOver } = run;
  const random = seededRandom(seed);
  while (!isOver()) {
    await wait(random.below(strikeWithinMs));
    const index = random.below(members.length);
    const member = members[index];
    assert.ok(member);
    if (random.chance(0.3)) {
      // Longer than its lease: others go on with its slices before it does.
      member.signal('SIGSTOP');
      await wait(leaseMs * 2);
      member.signal('SIGCONT');
      counts.stops += 1;
      continue;
    }
    member.signal('SIGKILL');
    assert.equal((await member.ended()).signal, 'SIGKILL', `A member ended by itself: ${member.errors}`);
    counts.kills += 1;
    members[index] = startMember(folder, rounds);
  }
}

function countOf(lists: Readonly<Record<string, readonly unknown[]>>): number {
  return Object.values(lists).reduce((sum, list) => sum + list.length, 0);
}

async function wait(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}
