/** Deliberately broken timers: each breaks one promise, and names the cases of the kit that must notice. */

import { libraryTimers, type TimerRuntime } from '../../../src/conformance/index.ts';
import { aheadBy, seenBy, type EngineChange } from './seen-store.ts';

/** Timers with a fault. */
export interface BrokenTimers {
  /** The fault, in words. */
  readonly fault: string;
  readonly runtime: TimerRuntime;
  /** Names of the cases that must fail. */
  readonly failing: readonly string[];
  /** What the message of the first of them must say. */
  readonly because: RegExp;
}

function broken(
  fault: string,
  expected: { readonly failing: readonly string[]; readonly because: RegExp },
  changes: Partial<TimerRuntime>,
): BrokenTimers {
  return { fault, ...expected, runtime: { ...libraryTimers, ...changes } };
}

/** Whoever fires timers sees another engine. */
function firing(alter: EngineChange): Partial<TimerRuntime> {
  const seen = seenBy(alter);
  return {
    fireDue: (store, ...given) => libraryTimers.fireDue(seen(store), ...given),
    runTimers: (store, ...given) => libraryTimers.runTimers(seen(store), ...given),
  };
}

/** Whoever sets timers sees another engine. */
function setting(alter: EngineChange): Partial<TimerRuntime> {
  const seen = seenBy(alter);
  return { setTimer: (store, timer) => libraryTimers.setTimer(seen(store), timer) };
}

/** Timers with faults. */
export const timersBroken: readonly BrokenTimers[] = [
  broken(
    'fire a timer twice',
    {
      failing: [
        'of two that fire the same timers at the same time, each timer is fired by one',
        'a timer that is moved or cancelled while it is fired is not fired as it was',
        'of firing and cancelling at the same time one happens, and whoever cancels is told which',
      ],
      because: /How many both of them fired/,
    },
    firing((engine) => ({
      append: (batch, options) => {
        const { keyedWrites = [], ...rest } = batch;
        return engine.append({ ...rest, keyedWrites: keyedWrites.map(({ key, value }) => ({ key, value })) }, options);
      },
    })),
  ),
  broken(
    'fire a timer in an append of its own, and take it away afterwards',
    {
      failing: ['what was set survives a sudden end, and so does what was fired right before it'],
      because: /What rang/,
    },
    firing((engine) => ({
      append: async (batch, options) => {
        const { keyedWrites = [], ...rest } = batch;
        const answer = await engine.append(rest, options);
        if (answer.kind === 'appended') await engine.keyedWrite(keyedWrites);
        return answer;
      },
    })),
  ),
  broken(
    'lose a timer that is moved',
    {
      failing: [
        'a timer that is moved is fired at its new time, and not at the old one',
        'a timer that is moved or cancelled while it is fired is not fired as it was',
      ],
      because: /How many fired at first|What rang/,
    },
    setting((engine) => ({
      keyedWrite: async (writes) => {
        const isMove = writes.some(({ key, value }) => key.startsWith('due/') && value === null);
        return await engine.keyedWrite(
          writes.filter(({ key, value }) => !isMove || !key.startsWith('due/') || value === null),
        );
      },
    })),
  ),
  broken(
    'leave the old time where a timer is moved',
    {
      failing: ['a timer that is moved is fired at its new time, and not at the old one'],
      because: /How many fired at first|What rang|What is left/,
    },
    {
      setTimer: async (store, timer) => {
        const known = await libraryTimers.timerOf(store, timer);
        if (known !== undefined) await libraryTimers.setTimer(store, { ...timer, id: `${timer.id} again` });
        return await (known === undefined
          ? libraryTimers.setTimer(store, timer)
          : ({ outcome: 'moved', dueAt: known.dueAt } as const));
      },
    },
  ),
  broken(
    'fire timers in the order in which they were set',
    {
      failing: ['timers are fired in the order of their times, also those that came due while nobody looked'],
      because: /The order/,
    },
    firing((engine) => ({
      keyedScan: async (request) => {
        const entries = await engine.keyedScan(request);
        return request.prefix.startsWith('due/')
          ? entries.toSorted((left, right) => left.revision - right.revision)
          : entries;
      },
    })),
  ),
  broken(
    'fire timers before their time',
    {
      failing: ['a timer is fired when its time has come, not before, and tells when it was due'],
      because: /before the time/,
    },
    { fireDue: (store, ...given) => libraryTimers.fireDue(aheadBy(3_600_000)(store), ...given) },
  ),
  broken(
    'fire timers that were cancelled',
    {
      failing: [
        'of firing and cancelling at the same time one happens, and whoever cancels is told which',
        'a timer that is moved or cancelled while it is fired is not fired as it was',
      ],
      because: /What rang, and what was cancelled/,
    },
    { cancelTimer: async (store, timer) => (await libraryTimers.timerOf(store, timer)) !== undefined },
  ),
  broken(
    'drop a timer that cannot be fired',
    {
      failing: ['a timer that cannot be fired is tried again and set aside, while others fire; retried it fires'],
      because: /How it stands/,
    },
    firing((engine) => ({
      keyedWrite: (writes) =>
        engine.keyedWrite(
          writes.map((write) => (/^(timer|due|failed)\//.test(write.key) ? { ...write, value: null } : write)),
        ),
    })),
  ),
  broken(
    'do not look again once they have found nothing due',
    {
      failing: ['two that run timers all the time fire each once, in order, also those that are set meanwhile'],
      because: /The firing did not happen/,
    },
    firing((engine) => {
      let isIdle = false;
      return {
        keyedScan: async (request) => {
          if (!request.prefix.startsWith('due/')) return await engine.keyedScan(request);
          const entries = isIdle ? [] : await engine.keyedScan(request);
          isIdle ||= entries.length === 0;
          return entries;
        },
      };
    }),
  ),
];
