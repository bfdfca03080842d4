/** Several processes write to one store at once, and followers in others see exactly the log: no hole, no repetition, in order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openStore } from '../../src/index.ts';
import { FaultFolder } from './fault-folder.ts';
import { FaultProcess } from './fault-process.ts';
import {
  assertAcknowledged,
  assertCheckFindsNothing,
  assertReadsAgree,
  readSoundLog,
  type Acknowledged,
} from './log-soundness.ts';

const appendsOfLane = Number(process.env['LOAD_APPENDS'] ?? 60);

for (const { processes, lanes } of [
  { processes: 2, lanes: 8 },
  { processes: 4, lanes: 4 },
]) {
  test(`${processes} processes with ${lanes} writers each write one sound log, and every follower sees exactly it`, async () => {
    using folder = new FaultFolder();
    const writers = Array.from({ length: processes }, (_, index) =>
      FaultProcess.start({
        program: 'load-writer.ts',
        programArguments: [folder.path, `p${index}`, String(lanes), String(appendsOfLane)],
      }),
    );
    const followers: FaultProcess[] = [];
    const follow = (from: string, pageSize: string): number =>
      followers.push(
        FaultProcess.start({ program: 'log-follower.ts', programArguments: [folder.path, from, pageSize] }),
      );
    follow('start', '1');
    follow('start', '1000');
    const answers = writers.map(acknowledgedBy);
    // These begin in the middle of the load, wherever it happens to be.
    await writers[0]?.lineBeginning('ready').catch(() => undefined);
    follow('now', '7');
    follow('20', '50');
    const acknowledged = (await Promise.all(answers)).flat();
    for (const writer of writers) assert.equal((await writer.ended()).code, 0, writer.errors);

    await using store = await openStore(folder.storePath);
    const events = await readSoundLog(store);
    assertAcknowledged(events, acknowledged);
    await assertReadsAgree(store, events);
    await assertCheckFindsNothing(store, events);
    const head = events.at(-1)?.position ?? 0;
    for (const follower of followers) follower.send(`until ${head}`);
    for (const follower of followers) await assertFollowed(follower, events);
  });
}

async function acknowledgedBy(writer: FaultProcess): Promise<Acknowledged[]> {
  const told: Acknowledged[] = [];
  for (let line = await writer.nextLine(); line !== undefined; line = await writer.nextLine()) {
    if (line.startsWith('told ')) told.push(JSON.parse(line.slice('told '.length)) as Acknowledged);
    else assert.match(line, /^(ready|done)$/, writer.errors);
  }
  return told;
}

async function assertFollowed(
  follower: FaultProcess,
  events: readonly { readonly position: number; readonly id: string }[],
): Promise<void> {
  const from = Number((await follower.lineBeginning('following ')).slice('following '.length));
  const seen: string[] = [];
  for (let line = await follower.nextLine(); line !== undefined && line !== 'done'; line = await follower.nextLine())
    seen.push(line);
  assert.equal((await follower.ended()).code, 0, follower.errors);
  const expected = events.filter(({ position }) => position > from).map(({ position, id }) => `seen ${position} ${id}`);
  assert.deepEqual(seen, expected, `the follower that began behind ${from} saw something else than the log`);
}
