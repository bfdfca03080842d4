/**
 * A program that sends commands, each again and again until it has its outcome, by ways that it chooses anew for every try, and
 * writes each answer that it gets into a file. Started again after a kill, it goes on with what it has no answer to.
 *
 * Arguments: folder, the plan as JSON. It prints `done` when everything is answered.
 */
import { openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { cancelCommand, execute, submit, waitForOutcome, type Outcome } from '../../src/commands/index.ts';
import { isHindsightError, openStore } from '../../src/index.ts';
import { seededRandom } from './seeded-random.ts';
import { keptCommands, plannedCommand, type ClientPlan, type PlannedCommand } from './kept-commands.ts';

const [folder = '', planText = ''] = process.argv.slice(2);
// Written by the test that starts this program.
const plan = JSON.parse(planText) as ClientPlan;
/** How long an answer may take, whatever is killed meanwhile. */
const patienceMs = 60_000;
const path = join(folder, `answers-${plan.client}`);
const output = openSync(path, 'a+');
const answered = answersBefore();
// Started again after a kill, it chooses otherwise than before.
const random = seededRandom(plan.seed + plan.client + answered.size);
process.stdin
  .resume()
  .once('close', () => process.exit(1))
  .unref();
const store = await openStore(join(folder, 'store.db'));
const commands = keptCommands(1000);

let next = 0;
await Promise.all(
  Array.from({ length: plan.atOnce }, async () => {
    for (let number = next++; number < plan.count; number = next++) {
      const planned = plannedCommand(plan, number);
      // What has its answer is asked for once more now and then: it must be the same.
      if (answered.has(planned.id) && !random.chance(0.02)) continue;
      record(await answerOf(planned));
      if (random.chance(0.03)) record(await answerOf(planned));
      if (random.chance(0.01)) await writeBeside(planned.command.streamId);
    }
  }),
);
await store.close();
console.log('done');
process.exit();

/** Asks until there is an answer. One that never comes ends the program. */
async function answerOf(planned: PlannedCommand): Promise<Outcome> {
  const beganAt = performance.now();
  for (;;) {
    try {
      return await ask(planned);
    } catch (error) {
      const isPassing = (['WAIT_TIMEOUT', 'OVERLOADED', 'OUTCOME_UNKNOWN', 'STORE_BUSY'] as const).some((code) =>
        isHindsightError(error, code),
      );
      if (!isPassing || performance.now() - beganAt > patienceMs) throw error;
    }
  }
}

async function ask({ id, command, isTakenBack }: PlannedCommand): Promise<Outcome> {
  const { dueAt } = command;
  const isLate = dueAt === undefined || Date.parse(dueAt) < Date.now() - 50;
  const timeoutMs = 2000;
  if (isLate && random.chance(0.5)) return await execute(store, commands, command, { timeoutMs });
  await submit(store, commands, command);
  if (isTakenBack && random.chance(0.7)) {
    await new Promise((resolve) => setTimeout(resolve, random.below(20)));
    return (await cancelCommand(store, id)).outcome;
  }
  return await waitForOutcome(store, id, { timeoutMs });
}

/** What somebody else writes to an entity: decisions in between are made anew. */
async function writeBeside(streamId: string): Promise<void> {
  try {
    await store.append(streamId, [{ type: 'Deposited', data: { amount: 1 } }]);
  } catch (error) {
    if (!isHindsightError(error, 'OVERLOADED') && !isHindsightError(error, 'OUTCOME_UNKNOWN')) throw error;
  }
}

function record(outcome: Outcome): void {
  // Written at once: what was answered before a kill has left the process.
  writeSync(output, `${JSON.stringify(outcome)}\n`);
}

function answersBefore(): ReadonlySet<string> {
  const lines = readFileSync(path, 'utf8').split('\n');
  return new Set(lines.filter((line) => line !== '').map((line) => String(Reflect.get(JSON.parse(line), 'commandId'))));
}
