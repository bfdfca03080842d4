/**
 * Processes accept, decide and answer commands on one file, and are killed and stopped at random, the clients among them, who
 * send everything again that they have no answer to. At the end each command has one outcome, every answer that a client got
 * is that one, and the commands of each entity were decided as if one at a time.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandInfo, type Outcome } from '../../src/commands/index.ts';
import { listLetters } from '../../src/consumers/index.ts';
import { openStore, type Store } from '../../src/index.ts';
import { verifyAccounts } from '../command-log/verify.ts';
import { FaultFolder } from './fault-folder.ts';
import { FaultProcess } from './fault-process.ts';
import type { ClientPlan } from './kept-commands.ts';
import { seededRandom } from './seeded-random.ts';

/** How much is done. */
export interface CommandRounds {
  /** Of each client. */
  readonly commandCount: number;
  readonly clients: number;
  readonly members: number;
  readonly entityCount: number;
  readonly leaseMs: number;
  /** How many commands of a client are on their way at once. */
  readonly atOnce: number;
  /** A process is struck after a random time up to this, again and again. */
  readonly strikeWithinMs: number;
  /** After so long the last scheduled commands are due. */
  readonly dueWithinMs: number;
  readonly seed: number;
}

/** What was done. */
export interface CommandCounts {
  kills: number;
  stops: number;
  answers: number;
  /** By kind. */
  outcomes: Record<string, number>;
  /** How many of the commands were scheduled. */
  scheduled: number;
}

/** Runs it all. Throws where anything is not as it should be. */
export async function commandRounds(rounds: CommandRounds): Promise<CommandCounts> {
  const { clients, commandCount, seed } = rounds;
  using folder = new FaultFolder();
  const counts: CommandCounts = { kills: 0, stops: 0, answers: 0, outcomes: {}, scheduled: 0 };
  // Tables are made before anybody is killed: the first one to open the file does it.
  await (await openStore(folder.storePath)).close();
  const plans = Array.from({ length: clients }, (_, client) => planOf(rounds, client));
  const processes = [
    ...Array.from({ length: rounds.members }, () => new Struck(() => startMember(folder, rounds))),
    ...plans.map((plan) => new Struck(() => startClient(folder, plan))),
  ];
  const asking = processes.slice(rounds.members);
  let isOver = false;
  const striking = strike(rounds, processes, { counts, isOver: () => isOver });
  // What fails here is told below; the clients would be waited for in vain.
  striking.catch(() => undefined);
  try {
    await Promise.race([Promise.all(asking.map(async (each) => await each.finished)), neverUnlessFailed(striking)]);
    isOver = true;
    await striking;
    await using store = await openStore(folder.storePath);
    await check(store, { folder, plans, counts });
    assert.equal(counts.scheduled > 0, true);
    assert.deepEqual((await store.check()).findings, []);
    assert.equal(
      Object.values(counts.outcomes).reduce((sum, count) => sum + count, 0),
      clients * commandCount,
    );
  } catch (cause) {
    throw new Error(`seed ${seed}: ${String(cause)}; ${processes.map(({ errors }) => errors).join('')}`, { cause });
  } finally {
    isOver = true;
    await striking.catch(() => undefined);
    await Promise.all(processes.map(async (each) => await each.end()));
  }
  return counts;
}

/** A process that is started again whenever it is killed. */
class Struck {
  readonly #start: () => FaultProcess;
  #process: FaultProcess;
  #errors = '';
  #isFinished = false;
  readonly #finished = Promise.withResolvers<void>();

  constructor(start: () => FaultProcess) {
    this.#start = start;
    this.#finished.promise.catch(() => undefined);
    this.#process = start();
    this.#listen(this.#process);
  }

  get errors(): string {
    return this.#errors + this.#process.errors;
  }

  /** Resolves when the program has said that it is done. Rejects when it ended by itself without saying so. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  get isFinished(): boolean {
    return this.#isFinished;
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.signal(signal);
  }

  async kill(): Promise<void> {
    const killed = this.#process;
    killed.signal('SIGKILL');
    const { signal } = await killed.ended();
    if (this.#isFinished) return;
    assert.equal(signal, 'SIGKILL', `A process ended by itself: ${killed.errors}`);
    this.#errors += killed.errors;
    this.#process = this.#start();
    this.#listen(this.#process);
  }

  async end(): Promise<void> {
    this.#process.signal('SIGCONT');
    await this.#process[Symbol.asyncDispose]();
  }

  #listen(started: FaultProcess): void {
    void (async () => {
      for (let line = await started.nextLine(); line !== undefined; line = await started.nextLine()) {
        if (line !== 'done') continue;
        this.#isFinished = true;
        this.#finished.resolve();
        return;
      }
      const { signal, code } = await started.ended();
      if (signal === null) this.#finished.reject(new Error(`A process ended with ${code}: ${started.errors}`));
    })();
  }
}

async function neverUnlessFailed(work: Promise<void>): Promise<never> {
  await work;
  return await new Promise<never>(() => {});
}

async function strike(
  { strikeWithinMs, leaseMs, seed }: CommandRounds,
  processes: readonly Struck[],
  { counts, isOver }: { readonly counts: CommandCounts; readonly isOver: () => boolean },
): Promise<void> {
  const random = seededRandom(seed);
  while (!isOver()) {
    await wait(random.below(strikeWithinMs));
    const struck = processes[random.below(processes.length)];
    assert.ok(struck);
    if (struck.isFinished || isOver()) continue;
    if (random.chance(0.2)) {
      // Longer than its lease: others go on with its slices before it does.
      struck.signal('SIGSTOP');
      await wait(leaseMs * 2);
      struck.signal('SIGCONT');
      counts.stops += 1;
    } else {
      await struck.kill();
      counts.kills += 1;
    }
  }
}

async function check(
  store: Store,
  of: { readonly folder: FaultFolder; readonly plans: readonly ClientPlan[]; readonly counts: CommandCounts },
): Promise<void> {
  const { folder, plans, counts } = of;
  const { outcomes } = await verifyAccounts(store, { open: 'none' });
  for (const kind of outcomes.values()) counts.outcomes[kind] = (counts.outcomes[kind] ?? 0) + 1;
  for (const { client, count } of plans) {
    const first = new Map<string, Outcome>();
    // A kill may have cut the last line of a life off; the next life does not begin in the middle of it.
    for (const line of readFileSync(join(folder.path, `answers-${client}`), 'utf8')
      .trimEnd()
      .split('\n')) {
      // Written by the clients of this test.
      const answer = JSON.parse(line) as Outcome;
      const known = first.get(answer.commandId);
      if (known === undefined) first.set(answer.commandId, answer);
      else assert.deepEqual(answer, known, `two answers to ${answer.commandId}`);
      counts.answers += 1;
    }
    assert.equal(first.size, count, `client ${client} has answers to ${first.size} of ${count} commands`);
    for (const [id, answer] of first) {
      const info = await commandInfo(store, id);
      assert.deepEqual(info?.outcome, answer, `what a client was told of ${id}, beside the log`);
      if (info.command.dueAt !== undefined) counts.scheduled += 1;
    }
  }
  for await (const letter of listLetters(store, 'account-commands'))
    assert.fail(`There is a letter: ${JSON.stringify(letter)}`);
  for (const prefix of ['timer/', 'due/'])
    assert.deepEqual(await store.context.engine.keyedScan({ prefix, limit: 5 }), [], 'timers that are left');
}

function planOf({ commandCount, entityCount, atOnce, dueWithinMs, seed }: CommandRounds, client: number): ClientPlan {
  return { client, count: commandCount, entityCount, atOnce, seed, startMs: Date.now() + 500, dueWithinMs };
}

function startMember(folder: FaultFolder, { leaseMs }: CommandRounds): FaultProcess {
  return FaultProcess.start({ program: 'command-member.ts', programArguments: [folder.path, String(leaseMs)] });
}

function startClient(folder: FaultFolder, plan: ClientPlan): FaultProcess {
  return FaultProcess.start({ program: 'command-client.ts', programArguments: [folder.path, JSON.stringify(plan)] });
}

async function wait(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}
