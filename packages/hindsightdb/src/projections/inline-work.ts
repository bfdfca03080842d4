/**
 * An inline view of an open store: what each append writes to it, and the work in the background that makes it complete.
 * See docs/decisions/0016.
 */

import type { RecordedEvent } from '../core/event.ts';
import type { InlineHost, InlineViewWork, PreparedView, UnplacedEvent } from '../store/inline-view.ts';
import { DocumentTurns } from './document-turns.ts';
import { catchUpBuild, completeBuild, follows, handlerError, inlineBuild, type InlineBuild } from './inline-build.ts';
import { progressKey } from './inline-progress.ts';
import { PendingFact } from './pending-fact.ts';
import type { Projection } from './projection.ts';
import { viewWrites } from './view-build.ts';
import { openBuild, versionOf } from './view-builds.ts';
import { readPointer } from './view-pointer.ts';

/** What other processes did to the view is looked for this often. */
const lookEveryMs = 250;
/** A view that is behind after so long, because somebody appended without it, is brought up to date. */
const idleMs = 100;

/** Opens an inline view: builds it where it is not complete, at once where that is little. */
export async function openInlineView(projection: Projection, host: InlineHost): Promise<InlineViewWork> {
  const work = new InlineWork(projection, host);
  await work.open();
  return work;
}

class InlineWork implements InlineViewWork {
  readonly #projection: Projection;
  readonly #host: InlineHost;
  readonly #turns = new DocumentTurns();
  /** The build that appends carry; undefined while none is complete. */
  #shown: InlineBuild | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #isClosed = false;
  #building: Promise<void> = Promise.resolve();
  #catchingUp: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #endWake = (): void => {};

  constructor(projection: Projection, host: InlineHost) {
    this.#projection = projection;
    this.#host = host;
  }

  async open(): Promise<void> {
    const { engine } = this.#host.store.context;
    const { id, isShown } = await openBuild(engine, this.#projection, 'inline');
    const build = inlineBuild(this.#host.store, this.#projection, id);
    if (isShown) this.#shown = build;
    else {
      // A log that is empty is behind us at once, without a hold: the first append waits for this opening.
      const isEmpty = (await engine.heads()).every((head) => head === 0);
      const building = this.#build(build, isEmpty ? async (work) => await work() : this.#host.hold);
      if (isEmpty) await building;
      else this.#building = building;
    }
    this.#endWake = engine.wake(() => this.#beIdleLater());
    this.#beIdleLater();
  }

  async prepare(events: readonly UnplacedEvent[]): Promise<PreparedView | undefined> {
    await this.#look();
    const build = this.#shown;
    if (build === undefined) return undefined;
    const { filter } = this.#projection;
    const wanted = events.map(pendingEvent).filter((event) => follows(build.filter, filter, event));
    const turn = this.#turns.begin(build.place.source);
    try {
      const place = { ...build.place, source: turn, holdsPending: true as const };
      const { keyedWrites, statements } = await viewWrites(this.#projection, place, wanted);
      for (const { key } of keyedWrites) if (typeof key === 'string') turn.take(key);
      return {
        write: { progressKey: progressKey(build.id), keyedWrites, statements },
        settle: () => turn.end(),
      };
    } catch (error) {
      turn.end();
      throw handlerError(this.#projection, error);
    }
  }

  async catchUp(): Promise<void> {
    this.#catchingUp ??= this.#catchUpOnce().finally(() => (this.#catchingUp = undefined));
    await this.#catchingUp;
  }

  async #catchUpOnce(): Promise<void> {
    const build = this.#shown;
    if (build === undefined || (await catchUpBuild(build)) === 'reached') return;
    // Another build has taken its place.
    this.#lookedAt = Number.NEGATIVE_INFINITY;
    await this.#look();
  }

  /** Now and then: which build is shown. */
  async #look(): Promise<void> {
    if (performance.now() - this.#lookedAt < lookEveryMs) return;
    const { store } = this.#host;
    const { name, version } = this.#projection;
    const known = versionOf(await readPointer(store.context.engine, name), this.#projection);
    this.#lookedAt = performance.now();
    const build = known?.shown ?? undefined;
    if (build === undefined) this.#shown = undefined;
    else if (this.#shown?.id.build !== build)
      this.#shown = inlineBuild(store, this.#projection, { name, version, build });
  }

  /** Builds until the view is shown. What fails is tried again: somebody may mend the log's state, or the disk. */
  async #build(build: InlineBuild, hold: InlineHost['hold']): Promise<void> {
    while (!this.#isClosed) {
      try {
        const showing = await completeBuild(build, { hold, isStopped: () => this.#isClosed });
        if (showing === 'shown') this.#lookedAt = Number.NEGATIVE_INFINITY;
        await this.#look();
        return;
      } catch {
        // Readers are told that the view is not complete, and rebuildProjection tells why.
        await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
      }
    }
  }

  #beIdleLater(): void {
    if (this.#isClosed || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      // What cannot be applied now is tried again with the next append, which is told why.
      void this.catchUp().catch(() => undefined);
    }, idleMs);
    this.#timer.unref?.();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#endWake();
    clearTimeout(this.#timer);
    await this.#building;
    await this.#catchingUp?.catch(() => undefined);
  }
}

/** An event as the handlers of an inline projection see it. */
function pendingEvent({ event, stream, index }: UnplacedEvent): RecordedEvent {
  const place = { stream, event: index };
  const pending: unknown = {
    ...event,
    position: new PendingFact('position', place),
    version: new PendingFact('version', place),
    recordedAt: new PendingFact('recordedAt', place),
  };
  // The handlers of an inline projection are typed by what these three are; the others see recorded events.
  return pending as RecordedEvent;
}
