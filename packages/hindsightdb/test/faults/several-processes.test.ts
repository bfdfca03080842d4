/** Several processes write to one store at once, and followers in others see exactly the log: no hole, no repetition, in order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openStore } from '../../src/index.ts';
import { FaultFolder } from './fault-folder.ts';
import { FaultProcess } from './fault-process.ts';
import { StoreProcess } from './store-process.ts';
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
    await using running = new AsyncDisposableStack();
    const start = (program: string, ...programArguments: string[]): FaultProcess =>
      running.use(FaultProcess.start({ program, programArguments: [folder.path, ...programArguments] }));
    const writers = Array.from({ length: processes }, (_, index) =>
      start('load-writer.ts', `p${index}`, String(lanes), String(appendsOfLane)),
    );
    const followers = [start('log-follower.ts', 'start', '1'), start('log-follower.ts', 'start', '1000')];
    // Two more begin in the middle of the load, wherever it happens to be.
    const followMiddle = (): void => {
      followers.push(start('log-follower.ts', 'now', '7'), start('log-follower.ts', '20', '50'));
    };
    const answers = writers.map((writer, index) =>
      acknowledgedBy(writer, index === 0 ? followMiddle : () => undefined),
    );
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

test('processes that make the same store at the same moment make one store', async () => {
  for (let round = 0; round < 6; round++) {
    using folder = new FaultFolder();
    await using running = new AsyncDisposableStack();
    const processes = Array.from({ length: 4 }, () => running.use(new StoreProcess({})));
    await Promise.all(processes.map((each) => each.open(folder.storePath)));
    await Promise.all(processes.map((each, index) => each.append(`note-${index}`, [{ type: 'Stored', data: index }])));
    const logs = await Promise.all(processes.map((each) => each.read()));
    for (const log of logs) assert.deepEqual(log, logs[0]);
    assert.deepEqual(logs[0]?.map(({ streamId }) => streamId).toSorted(), ['note-0', 'note-1', 'note-2', 'note-3']);
  }
});

/** What the writer tells until it ends. In the middle of it, `inTheMiddle` is called once. */
async function acknowledgedBy(writer: FaultProcess, inTheMiddle: () => void): Promise<Acknowledged[]> {
  const told: Acknowledged[] = [];
  for (let line = await writer.nextLine(); line !== undefined; line = await writer.nextLine()) {
    if (line.startsWith('told ')) told.push(JSON.parse(line.slice('told '.length)) as Acknowledged);
    else assert.match(line, /^(ready|done)$/, writer.errors);
    if (told.length === 30) inTheMiddle();
  }
  assert.ok(told.length > 30, 'the load ended before its middle');
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
