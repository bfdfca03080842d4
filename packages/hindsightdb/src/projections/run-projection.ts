/**
 * Running a projection asynchronously: view and checkpoint are one transaction, so that each event is in the view exactly
 * once. The build that is shown is kept up to date; when another one takes its place, that one is.
 */

import type { Checkpoint } from '../core/checkpoint.ts';
import { isHindsightError } from '../core/errors.ts';
import { isSameState, type ConsumerState } from '../consumers/consumer-state.ts';
import type { ConsumerLag } from '../consumers/lag.ts';
import type { WaitOptions } from '../consumers/wait-for.ts';
import { assertFunction, assertObject, assertOptionalSignal, assertWhole } from '../store/argument-checks.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import { wakeable, type Wakeable } from '../store/wakeable.ts';
import { startBuild, type BuildOptions, type BuildParts, type BuildRun } from './build-run.ts';
import { assertProjection, type Projection, type ReaderOf, type View } from './projection.ts';
import { openBuild, shownBuild, type FoundBuild } from './view-builds.ts';
import { viewOf } from './view-reader.ts';
import { timeoutError } from './wait-for-view.ts';

/** How a projection is run in this process. */
export interface RunProjectionOptions extends BuildOptions {
  /** The store that keeps the view and the checkpoint. Default: the one whose log is followed. */
  readonly viewsIn?: AnyStore;
  /** Stops it, as `stop()` does. */
  readonly signal?: AbortSignal;
  /** Called whenever the state changes. */
  readonly onState?: (state: ConsumerState) => void;
}

/** What another process did to the view is looked for this often. */
const lookEveryMs = 250;

/**
 * Runs a projection: its view is built where there is none, shown when it is complete, and kept up to date from then on.
 * Several processes may run it; one of them works and the others stand by. Resolves when it runs.
 *
 * Throws `VIEW_CHANGED` when this version was built with other tables or indexes, `CONSUMER_DIVERGED` when the log is not the
 * one that the view was made of, and `UNSUPPORTED` for SQL tables where the store has no SQL.
 */
export async function runProjection<Kind extends View>(
  store: AnyStore,
  projection: Projection<Kind>,
  options: RunProjectionOptions = {},
): Promise<RunningProjection<Kind>> {
  contextOf(store);
  assertProjection(projection);
  assertObject('options', options);
  const { viewsIn: home = store, signal, onState } = options;
  contextOf(home);
  assertOptionalSignal(signal);
  assertFunction('onState', onState, { isOptional: true });
  signal?.throwIfAborted();
  const parts = { store, home, projection, options };
  const found = await openBuild(home.context.engine, projection, 'asynchronous');
  const running = new RunningProjection(parts, projection);
  await running.begin(found);
  return running;
}

/** A projection that runs. Made by `runProjection`. */
export class RunningProjection<Kind extends View = View> {
  /** The view, for reading. Throws `VIEW_NOT_BUILT` until it is complete; `waitFor` waits for that. */
  readonly view: ReaderOf<Kind>;
  readonly #parts: BuildParts & { readonly options: RunProjectionOptions };
  readonly #stopping = new AbortController();
  readonly #waiting: Wakeable;
  #run: BuildRun | undefined;
  #state: ConsumerState = { kind: 'standby' };
  #ended: Promise<void> = Promise.resolve();
  /** Whether readers saw the build at the last look; until then each commit is a reason to look. */
  #isKnownShown = false;

  /** Use `runProjection`. */
  constructor(parts: BuildParts & { readonly options: RunProjectionOptions }, projection: Projection<Kind>) {
    this.#parts = parts;
    this.view = viewOf(parts.home, projection);
    this.#waiting = wakeable(this.#stopping.signal);
  }

  /** What it is doing in this process. */
  get state(): ConsumerState {
    return this.#state;
  }

  /** The name of the consumer that keeps the present build, for operating it. */
  get consumerName(): string {
    return this.#run?.consumer.name ?? '';
  }

  /** Resolves when it has ended, by `stop()`, its signal or the end of the store. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** Called by `runProjection`: starts the consumer of the build that was found. */
  async begin(found: FoundBuild): Promise<void> {
    this.#run = await this.#start(found);
    this.#parts.options.signal?.addEventListener('abort', this.#stopBySignal, { once: true });
    this.#ended = this.#supervise(this.#run);
    if (this.#parts.options.signal?.aborted === true) await this.stop();
  }

  /** How far it is behind the end of the log. */
  async lag(): Promise<ConsumerLag> {
    if (this.#run === undefined) throw new Error('A projection that runs has a build.');
    return await this.#run.consumer.lag();
  }

  /**
   * Resolves when the view shows everything up to the checkpoint, in whatever process it is kept: for a request that wants to
   * read what it has just written. Waits for the first build too. Throws `WAIT_TIMEOUT`, and `CONSUMER_FAILED` when the
   * projection has stopped because of a failure.
   */
  async waitFor(checkpoint: Checkpoint, options: WaitOptions = {}): Promise<void> {
    assertObject('options', options);
    const { timeoutMs = 10_000, signal } = options;
    assertWhole('timeoutMs', timeoutMs, { min: 0, max: 2 ** 31 - 1 });
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const left = Math.max(0, deadline - performance.now());
      try {
        await this.#run?.consumer.waitFor(checkpoint, {
          timeoutMs: Math.ceil(Math.min(left, lookEveryMs)),
          ...(signal !== undefined && { signal }),
        });
        if (await this.#isShown()) return;
        this.#waiting.wake();
        await pause(5);
      } catch (error) {
        if (!isHindsightError(error, 'WAIT_TIMEOUT')) throw error;
      }
      if (left <= 0) throw timeoutError(this.#parts.projection, timeoutMs);
    }
  }

  /** Stops: what is at hand is finished and recorded, and another process may go on. Calling it again changes nothing. */
  async stop(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    this.#stopping.abort();
    await this.#run?.consumer.stop(options);
    await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  readonly #stopBySignal = (): void => void this.stop();

  /** Whether the build of this run is the one that readers see. */
  async #isShown(): Promise<boolean> {
    const { home, projection } = this.#parts;
    try {
      return (await shownBuild(home.context.engine, projection)).build === this.#run?.id.build;
    } catch (error) {
      if (isHindsightError(error, 'VIEW_NOT_BUILT')) return false;
      throw error;
    }
  }

  async #start({ id }: FoundBuild): Promise<BuildRun> {
    return await startBuild(this.#parts, id, {
      onProgress: () => {
        if (!this.#isKnownShown && this.#run?.progress?.isCaughtUp === true) this.#waiting.wake();
      },
      onState: (state) => {
        // A build that was replaced stops; the projection does not.
        if (state.kind !== 'stopped') this.#setState(state);
      },
    });
  }

  async #supervise(first: BuildRun): Promise<void> {
    let run = first;
    try {
      while (!this.#stopping.signal.aborted) {
        const fate = await this.#fateOf(run);
        if (fate === 'ended') break;
        await run.consumer.stop();
        if (this.#stopping.signal.aborted) break;
        const next = await this.#startNext();
        if (next === undefined) break;
        run = next;
        this.#run = next;
      }
      await run.consumer.stop();
    } finally {
      this.#parts.options.signal?.removeEventListener('abort', this.#stopBySignal);
      this.#waiting.end();
      this.#setState({ kind: 'stopped' });
    }
  }

  /** Waits until the build was replaced, or the run has ended. Shows the build in between when it is complete. */
  async #fateOf(run: BuildRun): Promise<'ended' | 'replaced'> {
    let isEnded = false;
    void run.consumer.ended.then(() => {
      isEnded = true;
      this.#waiting.wake();
    });
    for (;;) {
      this.#waiting.arm();
      if (this.#stopping.signal.aborted) return 'ended';
      try {
        const fate = await run.look();
        this.#isKnownShown = fate === 'shown';
        if (fate === 'replaced') return 'replaced';
        // Its consumer was removed, and not because another build has taken its place.
        if (isEnded) return 'ended';
      } catch (error) {
        if (isHindsightError(error, 'CLOSED')) return 'ended';
        this.#setState({ kind: 'retrying', error });
      }
      await this.#waiting.wait(lookEveryMs);
    }
  }

  /** Takes up the build that has taken the place of the last one, as soon as that can be; undefined when it is too late. */
  async #startNext(): Promise<BuildRun | undefined> {
    for (;;) {
      try {
        return await this.#start(
          await openBuild(this.#parts.home.context.engine, this.#parts.projection, 'asynchronous'),
        );
      } catch (error) {
        if (this.#stopping.signal.aborted || isHindsightError(error, 'CLOSED')) return undefined;
        this.#setState({ kind: 'retrying', error });
        await pause(lookEveryMs);
      }
    }
  }

  #setState(state: ConsumerState): void {
    const isSame = isSameState(state, this.#state);
    this.#state = state;
    const { onState } = this.#parts.options;
    // In a turn of its own: what it throws is its caller's fault and stops nothing here.
    if (!isSame && onState !== undefined) queueMicrotask(() => onState(state));
  }
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
