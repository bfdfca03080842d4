/**
 * The queue of one entity: commands for it are decided one after the other, each on the state that the ones before it leave,
 * also while their events are still on the way to the disk. Their answers are released in order, after the commit.
 *
 *     decide A ── append A ──────────────────── committed ── answer A
 *       └ decide B on A's state ── append B behind A ── committed ── answer B
 *
 * An append that was decided so names the event that it rests on and is refused unless exactly that event came before it;
 * then the command is decided anew on what the store holds.
 */

import { decisionOf, type Decider } from '../core/decider.ts';
import { conflictError } from '../core/errors.ts';
import type { Event, Recorded } from '../core/event.ts';
import { foldEvents } from '../core/fold.ts';
import { wantsSnapshot } from '../core/snapshot-policy.ts';
import { resultOf, type StoreAnswer, type InternalAppend, type KeyedAnswer, type Written } from '../store/append.ts';
import { encodeEvents } from '../store/encode.ts';
import { foldStream, loadEntity, writeSnapshot, type Baseline } from '../store/load-state.ts';
import type { Store } from '../store/store.ts';
import { describeOutcome, isEmpty, Refusal, sent, type Basis, type Decision } from './decision.ts';
import type { HandleResult } from './handle.ts';
import { fail, HeldBack, recordedError, type Job } from './job.ts';
import { NotCommittedYet, pendingEvents, type PendingEvents } from '../store/pending-events.ts';

/** How many decisions of one entity may be on the way at once. */
const onTheWayMax = 256;
const retriesDefault = 3;

/** Handles the commands of one entity in their order. */
export class EntityQueue<State, Command, Events extends Event> {
  readonly #store: Store;
  readonly #decider: Decider<State, Command, Events>;
  readonly #streamId: string;
  /** Not decided yet. */
  #jobs: Job<State, Command, Events>[] = [];
  /** Decided, on the way; oldest first. */
  readonly #onTheWay: Job<State, Command, Events>[] = [];
  /** To be decided anew, once nothing is on the way any more. */
  #again: Job<State, Command, Events>[] = [];
  /** What the store held at the last look: where reading goes on, never an answer by itself. */
  #baseline: Baseline<State> | undefined;
  /** The state behind what is on the way. */
  #ahead: Basis<State> | undefined;
  /** Counts what failed on the way: a decision made on something that failed since is void. */
  #failures = 0;
  #lastSettled: Promise<unknown> = Promise.resolve();
  #isRunning = false;
  /** Set when the fold asks for what only the commit decides: then every decision waits for the one before it. */
  #isPatient = false;

  constructor(store: Store, decider: Decider<State, Command, Events>, streamId: string) {
    this.#store = store;
    this.#decider = decider;
    this.#streamId = streamId;
  }

  /** Whether nothing waits and nothing is on the way. */
  get isIdle(): boolean {
    return !this.#isRunning && this.#onTheWay.length === 0;
  }

  /** Queues a command; it is decided in its turn. */
  add(job: Job<State, Command, Events>): void {
    this.#jobs.push(job);
    this.#start();
  }

  /** Gives a command up, unless its append is on the way: what became of that is then its answer. */
  withdraw(job: Job<State, Command, Events>): void {
    if (this.#onTheWay.includes(job)) return;
    job.isWithdrawn = true;
    job.reject(job.options.signal?.reason);
  }

  #start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#run();
  }

  async #run(): Promise<void> {
    for (;;) {
      if (this.#again.length > 0) await this.#putBackInFront();
      const job = this.#jobs.shift();
      if (job === undefined) break;
      if (job.isWithdrawn) continue;
      try {
        job.options.signal?.throwIfAborted();
        await this.#handle(job);
      } catch (error) {
        fail(job, error);
      }
    }
    this.#isRunning = false;
  }

  async #putBackInFront(): Promise<void> {
    await this.#allSettled();
    this.#jobs = [...this.#again, ...this.#jobs];
    this.#again = [];
  }

  async #allSettled(): Promise<void> {
    while (this.#onTheWay.length > 0) await this.#lastSettled;
  }

  async #handle(job: Job<State, Command, Events>): Promise<void> {
    const hasToWait =
      this.#isPatient ||
      this.#onTheWay.length >= onTheWayMax ||
      this.#isKeyOnTheWay(job.options.key) ||
      this.#ahead === undefined;
    if (hasToWait && this.#onTheWay.length > 0) await this.#allSettled();
    const known = job.options.key === undefined ? undefined : await this.#knownAnswer(job);
    if (known !== undefined) await this.#allSettled();
    // While this was waiting, one in front of it may have failed or have to be decided anew, and goes first.
    if (this.#again.length > 0 || (this.#ahead === undefined && this.#onTheWay.length > 0)) {
      this.#jobs.unshift(job);
      return;
    }
    if (known !== undefined) return await this.#answerAgain(job, known);
    const basis = this.#ahead ?? (await this.#look(job.options.signal));
    const failures = this.#failures;
    const decision = await this.#decide(job, basis);
    if (job.isWithdrawn) return;
    // Nothing is awaited between this and the append: what failed before it is known by now.
    if (job.recording?.isHeldBack() === true) throw new HeldBack();
    // While this was being prepared, what it rests on may have failed.
    if (failures !== this.#failures) this.#jobs.unshift(job);
    else {
      const outcome = decision instanceof Refusal || decision === undefined ? decision : this.#send(job, decision);
      if (outcome !== sent) await this.#answerWithoutEvents(job, { basis, refusal: outcome, failures });
    }
  }

  /** The answer to a command under the same key is on its way; wait for it rather than decide beside it. */
  #isKeyOnTheWay(key: string | undefined): boolean {
    return key !== undefined && this.#onTheWay.some((other) => other.options.key === key);
  }

  async #knownAnswer({ options: { key }, contentDigest }: Job<State, Command, Events>): Promise<Written | undefined> {
    if (key === undefined) return undefined;
    const { engine } = this.#store.context;
    const known: KeyedAnswer | undefined = await engine.answerOf(key);
    if (known !== undefined && known.digest !== contentDigest) resultOf(engine, { kind: 'keyReused', key });
    return known?.written;
  }

  /** The first answer to a command that comes again: its events, and the state that they left. */
  async #answerAgain(
    job: Job<State, Command, Events>,
    written: Written,
    decision?: Decision<State, Events>,
  ): Promise<void> {
    const { context } = this.#store;
    if (decision !== undefined && job.recording !== undefined) {
      job.recording.onWritten(written, 'duplicate', describeOutcome(decision));
      const { state, version } = decision.basis;
      const { checkpoint } = resultOf(context.engine, { kind: 'duplicate', written });
      job.resolve({ events: [], state, version, checkpoint, isDuplicate: true });
      return;
    }
    const { firstVersion: fromVersion = 1, lastVersion: toVersion = 0 } =
      written.streams.find((stream) => stream.streamId === this.#streamId) ?? {};
    const events = await this.#store.readStream<Events>(this.#streamId, { fromVersion, toVersion }).toArray();
    const { state } = await loadEntity(context, this.#decider, this.#streamId, { toVersion });
    const { checkpoint } = resultOf(context.engine, { kind: 'duplicate', written });
    job.resolve({ events, state, version: toVersion, checkpoint, isDuplicate: true });
  }

  /** What the store holds now. The remembered state is only where reading begins. */
  async #look(signal: AbortSignal | undefined): Promise<Basis<State>> {
    const { context } = this.#store;
    const baseline = this.#baseline;
    const loaded =
      baseline === undefined
        ? await loadEntity(context, this.#decider, this.#streamId, { signal })
        : await foldStream(context, this.#decider, this.#streamId, { baseline, signal });
    this.#baseline = loaded;
    return { state: loaded.state, version: loaded.version, predecessorId: undefined };
  }

  /** Decides a command and encodes what was decided; undefined when there is nothing to do. */
  async #decide(
    job: Job<State, Command, Events>,
    basis: Basis<State>,
  ): Promise<Decision<State, Events> | Refusal | undefined> {
    const { state, version } = basis;
    const {
      command,
      options: { expectedVersion },
    } = job;
    if (expectedVersion !== undefined && expectedVersion !== version) {
      return new Refusal(
        conflictError([{ kind: 'version', streamId: this.#streamId, expected: expectedVersion, actual: version }]),
        'events',
      );
    }
    const decided = this.#askDecider(command, state);
    if (decided instanceof Refusal) return this.#withoutEvents(job, basis, decided);
    try {
      return decided.length === 0
        ? this.#withoutEvents(job, basis, undefined)
        : await this.#encode(job, basis, decided);
    } catch (error) {
      return new Refusal(error, 'events');
    }
  }

  #askDecider(command: Command, state: State): readonly Events[] | Refusal {
    try {
      return decisionOf(this.#decider.decide(command, state));
    } catch (error) {
      return new Refusal(error, 'decider');
    }
  }

  /** A refusal, or nothing to do: where the command is kept, that is a decision to be written as well. */
  #withoutEvents(
    { recording }: Job<State, Command, Events>,
    basis: Basis<State>,
    refusal: Refusal | undefined,
  ): Decision<State, Events> | Refusal | undefined {
    if (recording === undefined || (refusal !== undefined && !recording.isRejection(refusal.error))) return refusal;
    return {
      basis,
      encoded: [],
      pending: { ahead: [], committed: () => [] },
      next: { state: basis.state },
      ...(refusal !== undefined && { rejection: recordedError(refusal.error) }),
    };
  }

  /** A refusal, or nothing to do. It is the answer only if what it was decided on comes true. */
  async #answerWithoutEvents(
    job: Job<State, Command, Events>,
    decided: { readonly basis: Basis<State>; readonly refusal: Refusal | undefined; readonly failures: number },
  ): Promise<void> {
    const { basis, refusal, failures } = decided;
    if (basis.predecessorId !== undefined) await this.#allSettled();
    if (failures !== this.#failures || (await this.#isOutrun(basis))) {
      this.#jobs.unshift(job);
      return;
    }
    // Another process may have carried out the same command since its key was looked up.
    const known = await this.#knownAnswer(job);
    if (known !== undefined) await this.#answerAgain(job, known);
    else if (refusal !== undefined) fail(job, refusal.error);
    else
      job.resolve({
        events: [],
        state: basis.state,
        version: basis.version,
        checkpoint: await this.#store.head(),
        isDuplicate: false,
      });
  }

  /** Whether somebody else wrote behind a state that was assumed, perhaps before the command was even given. */
  async #isOutrun({ predecessorId, version }: Basis<State>): Promise<boolean> {
    if (predecessorId === undefined) return false;
    return (await this.#store.streamInfo(this.#streamId)).version !== version;
  }

  async #encode(
    job: Job<State, Command, Events>,
    basis: Basis<State>,
    events: readonly Events[],
  ): Promise<Decision<State, Events>> {
    const { context } = this.#store;
    const encoding = encodeEvents(context, {
      streamId: this.#streamId,
      events,
      metadata: job.options.metadata,
      isReservedAllowed: false,
    });
    const encoded = encoding instanceof Promise ? await encoding : encoding;
    const decoding = pendingEvents<Events>(context, encoded, { streamId: this.#streamId, version: basis.version });
    const pending = decoding instanceof Promise ? await decoding : decoding;
    return { basis, encoded, pending, next: this.#foldAhead(basis, pending) };
  }

  /** The state behind the events. A fold that fails on them fails here, before anything is written. */
  #foldAhead({ state }: Basis<State>, { ahead }: PendingEvents<Events>): { readonly state: State } | undefined {
    try {
      if (ahead !== undefined) return { state: this.#fold(state, ahead) };
    } catch (error) {
      if (!(error instanceof NotCommittedYet)) throw error;
    }
    this.#isPatient = true;
    return undefined;
  }

  #fold(state: State, events: readonly Recorded<Events>[]): State {
    return foldEvents(this.#decider, state, events);
  }

  /** Sends the append on its way, or says why it could not go. */
  #send(job: Job<State, Command, Events>, decision: Decision<State, Events>): typeof sent | Refusal {
    const { basis, encoded, next } = decision;
    let answer: Promise<StoreAnswer>;
    try {
      answer = this.#store.appendInternal(this.#appendOf(job, decision));
    } catch (error) {
      return new Refusal(error, 'events');
    }
    this.#onTheWay.push(job);
    // Behind a decision without events there is no event to name as the predecessor: the next one waits for its answer.
    this.#ahead =
      next === undefined || isEmpty(decision)
        ? undefined
        : { state: next.state, version: basis.version + encoded.length, predecessorId: encoded.at(-1)?.id };
    const earlier = this.#lastSettled;
    this.#lastSettled = this.#receive(job, decision, { answer, earlier });
    return sent;
  }

  #appendOf(job: Job<State, Command, Events>, decision: Decision<State, Events>): InternalAppend {
    const { recording, contentDigest } = job;
    const { key, keyRetentionMs, signal } = job.options;
    const { basis, encoded } = decision;
    const entity = {
      streamId: this.#streamId,
      encoded,
      expectedVersion: basis.version,
      ...(basis.predecessorId !== undefined && { predecessorId: basis.predecessorId }),
    };
    if (recording !== undefined)
      return {
        isReservedAllowed: true,
        streams: [entity, recording.streamFor(describeOutcome(decision))],
        key: recording.key,
        contentDigest: recording.digest,
        ...(recording.keyedWrites !== undefined && { keyedWrites: recording.keyedWrites }),
        ...(signal !== undefined && { signal }),
      };
    return {
      isReservedAllowed: false,
      streams: [entity],
      ...(key !== undefined && { key }),
      ...(keyRetentionMs !== undefined && { keyRetentionMs }),
      ...(contentDigest !== undefined && { contentDigest }),
      ...(signal !== undefined && { signal }),
    };
  }

  async #receive(
    job: Job<State, Command, Events>,
    decision: Decision<State, Events>,
    { answer, earlier }: { readonly answer: Promise<StoreAnswer>; readonly earlier: Promise<unknown> },
  ): Promise<void> {
    const [outcome] = await Promise.allSettled([answer, earlier]);
    try {
      if (outcome.status === 'rejected') throw outcome.reason;
      const { value } = outcome;
      if (value.kind === 'appended') {
        const result = this.#committed(decision, value.written);
        job.recording?.onWritten(value.written, 'appended', describeOutcome(decision));
        job.resolve(result);
      } else {
        // The events of this decision were not written by it: what was decided on them is void.
        this.#failAhead();
        // What an earlier answer under its key says, it is told in its turn: behind those that have to be decided anew.
        const isEnded = value.kind === 'conflict' && value.conflicts.some(({ kind }) => kind === 'tombstone');
        const hasToWait =
          value.kind === 'conflict' && !isEnded ? this.#mayTryAgain(job, decision) : this.#again.length > 0;
        if (hasToWait) this.#again.push(job);
        else if (value.kind === 'duplicate') await this.#answerAgain(job, value.written, decision);
        else resultOf(this.#store.context.engine, value);
      }
    } catch (error) {
      this.#failAhead();
      fail(job, error);
    } finally {
      // Only now, so that whoever waits until nothing is on the way is answered behind this one.
      this.#onTheWay.splice(this.#onTheWay.indexOf(job), 1);
      if (this.#onTheWay.length === 0) this.#ahead = undefined;
      if (this.#again.length > 0) this.#start();
    }
  }

  #failAhead(): void {
    this.#failures += 1;
    this.#ahead = undefined;
  }

  #mayTryAgain(job: Job<State, Command, Events>, { basis }: Decision<State, Events>): boolean {
    // That an append fails because the one before it failed is no conflict of this command's own.
    if (basis.predecessorId !== undefined) return true;
    if (job.options.expectedVersion !== undefined) return false;
    job.conflicts += 1;
    return job.conflicts <= (job.options.retries ?? retriesDefault);
  }

  /** The answer after the commit. The state also becomes the place to read on from. */
  #committed(
    { basis, encoded, pending, next }: Decision<State, Events>,
    written: Written,
  ): HandleResult<State, Events> {
    const { engine } = this.#store.context;
    const events = pending.committed(written);
    const state = next === undefined ? this.#fold(basis.state, events) : next.state;
    const version = basis.version + encoded.length;
    const { snapshots } = this.#decider;
    let snapshotVersion = this.#baseline?.snapshotVersion ?? 0;
    if (wantsSnapshot(snapshots, { snapshotVersion, version, state, events })) {
      this.#store.inBackground(writeSnapshot(this.#store.context, this.#decider, this.#streamId, { state, version }));
      snapshotVersion = version;
    }
    if (version > (this.#baseline?.version ?? 0)) this.#baseline = { state, version, snapshotVersion };
    return {
      events,
      state,
      version,
      checkpoint: resultOf(engine, { kind: 'appended', written }).checkpoint,
      isDuplicate: false,
    };
  }
}
