/**
 * Closing and aborting: what was accepted is finished, what comes after is refused, what is withdrawn is not written.
 */

import type { AppendAnswer, Engine } from '../../engine/contract.ts';
import { defineArea, type Area } from '../area.ts';
import { checkReason, equal, fail, holds, outcomeOf, present, refuses, within } from '../assertions.ts';
import { show } from '../difference.ts';
import { oneStream } from '../event-maker.ts';
import { everything, wide } from '../readings.ts';
import { writtenOf, type LogUnderTest } from '../log-under-test.ts';

/** Closing and aborting. */
export const closing: Area = defineArea('closing and aborting', {
  'closing finishes the appends that were accepted': async (log) => {
    const batches = Array.from({ length: 50 }, (_, index) =>
      oneStream(`order-${index % 3}`, log.make.many(2), { keyedWrites: [{ key: `entry-${index}`, value: '1' }] }),
    );
    const appends = batches.map((batch) => outcomeOf(() => log.engine.append(batch)));
    const closed = log.engine.close();
    const answers = await Promise.all(appends);
    for (const [index, batch] of batches.entries()) {
      const answer = present(answers[index], 'The answer');
      if (answer.kind === 'rejected')
        fail(`An append that was accepted before the close was refused with ${show(answer.reason)}.`);
      writtenOf(batch, answer.value);
    }
    await closed;
    if (!log.isDurable) return;
    await log.reopen();
    equal((await log.wholeLog()).length, 100, 'The number of events after opening again');
    equal((await log.picture()).keyed.length, 50, 'The number of entries after opening again');
  },

  'closing finishes the writes to the keyed store that were accepted': async (log) => {
    const writes = Array.from({ length: 20 }, (_, index) =>
      log.engine.keyedWrite([{ key: `entry-${index}`, value: String(index) }]),
    );
    const closed = log.engine.close();
    for (const answer of await Promise.all(writes))
      equal(answer, [], 'The answer to a write that was accepted before the close');
    await closed;
    if (!log.isDurable) return;
    await log.reopen();
    equal((await log.picture()).keyed.length, 20, 'The number of entries after opening again');
  },

  'every operation on a closed log is refused with CLOSED': async (log) => {
    await log.append('order-1', log.make.many(1));
    await log.engine.close();
    for (const [name, operation] of Object.entries(operations(log)))
      await refuses(`${name} on a closed log`, () => operation(log.engine), 'CLOSED');
  },

  'operations that were begun before the close are answered or refused with CLOSED, and never left open': async (
    log,
  ) => {
    await log.append('order-1', log.make.many(5));
    const begun = Object.entries(operations(log)).map(
      ([name, operation]) => [name, outcomeOf(() => operation(log.engine))] as const,
    );
    const closed = log.engine.close();
    for (const [name, pending] of begun) {
      const outcome = await within(log.patienceMs, `The end of ${name}, begun before the close,`, pending);
      if (outcome.kind === 'rejected' && !['beginCopy', 'appendRecorded', 'endCopy'].includes(name))
        checkReason(name, outcome.reason, 'CLOSED');
    }
    await within(log.patienceMs, 'The end of close()', closed);
  },

  'closing twice, also at once, does no harm': async (log) => {
    await log.append('order-1', log.make.many(1));
    await Promise.all([log.engine.close(), log.engine.close()]);
    await log.engine.close();
    await refuses(
      'An append after the closes',
      () => log.engine.append(oneStream('order-1', log.make.many(1))),
      'CLOSED',
    );
  },

  'a closed log still says what it is and what it can do': async (log) => {
    const [identity, capabilities] = [log.engine.identity, log.engine.capabilities];
    await log.engine.close();
    equal([log.engine.identity, log.engine.capabilities], [identity, capabilities], 'Identity and capabilities');
  },

  'listening on a closed log does no harm': async (log) => {
    await log.engine.close();
    const outcome = await outcomeOf(async () => log.engine.wake(() => undefined));
    if (outcome.kind === 'fulfilled') outcome.value();
    else checkReason('Listening', outcome.reason, 'CLOSED');
  },

  'an append whose signal was aborted before is refused with the reason and not written': async (log) => {
    const reason = new Error('The reason.');
    await log.expectNoTrace(async () => {
      const outcome = await outcomeOf(() =>
        log.engine.append(
          oneStream('order-1', log.make.many(2), {
            key: { key: 'k', digest: 'd' },
            keyedWrites: [{ key: 'a', value: '1' }],
          }),
          { signal: AbortSignal.abort(reason) },
        ),
      );
      if (outcome.kind === 'fulfilled') fail(`An append that was aborted before was answered ${show(outcome.value)}.`);
      holds(
        outcome.reason === reason,
        `An aborted append was refused with ${show(outcome.reason)} and not with the reason of its signal.`,
      );
    });
    equal(await log.engine.answerOf('k'), undefined, 'What is remembered under the key of the aborted append');
  },

  'an append with a signal that is never aborted is written': async (log) => {
    const controller = new AbortController();
    equal(
      (await log.engine.append(oneStream('order-1', log.make.many(1)), { signal: controller.signal })).kind,
      'appended',
      'The answer',
    );
    controller.abort();
    equal(await log.versionOf('order-1'), 1, 'The version of the stream, after an abort that came too late');
  },

  'an append that is aborted on its way is either written and answered, or refused and not written': async (log) => {
    const controllers = Array.from({ length: 60 }, () => new AbortController());
    const events = controllers.map(() => log.make.one());
    const pending = controllers.map(({ signal }, index) =>
      outcomeOf(() => log.engine.append(oneStream('order-1', events.slice(index, index + 1)), { signal })),
    );
    controllers.forEach((controller, index) => {
      if (index % 3 !== 0) controller.abort(new Error('Withdrawn.'));
    });
    const outcomes = await Promise.all(pending);
    const written = (await log.stream('order-1')).map(({ record }) => record);
    const expected = events.filter((_, index) => isAppended(outcomes[index])).map(({ record }) => record);
    equal(written, expected, 'The events of the appends that were answered as written, in their order');
    outcomes.forEach((outcome, index) => {
      if (index % 3 === 0)
        holds(isAppended(outcome), `Append ${index}, which nobody aborted, ended with ${show(outcome)}.`);
    });
  },
});

function isAppended(outcome: Awaited<ReturnType<typeof outcomeOf<AppendAnswer>>> | undefined): boolean {
  return outcome?.kind === 'fulfilled' && outcome.value.kind === 'appended';
}

/** One call of every operation that a log has. */
function operations(log: LogUnderTest): Readonly<Record<string, (engine: Engine) => Promise<unknown>>> {
  return {
    append: (engine) => engine.append(oneStream('order-1', log.make.many(1))),
    'append without events': (engine) => engine.append(oneStream('order-1', [])),
    readStream: (engine) => engine.readStream({ streamId: 'order-1', direction: 'forward', fromVersion: 1, ...wide }),
    readLog: (engine) => engine.readLog({ partition: 0, direction: 'forward', from: 0, filter: everything, ...wide }),
    heads: (engine) => engine.heads(),
    eventAt: (engine) => engine.eventAt(0, 1),
    positionAtTime: (engine) => engine.positionAtTime(0, 1),
    streamInfo: (engine) => engine.streamInfo('order-1'),
    listStreams: (engine) => engine.listStreams({ includeReserved: true, limit: 1 }),
    answerOf: (engine) => engine.answerOf('k'),
    keyedGet: (engine) => engine.keyedGet('a'),
    keyedScan: (engine) => engine.keyedScan({ prefix: '', limit: 1 }),
    keyedWrite: (engine) => engine.keyedWrite([{ key: 'a', value: '1' }]),
    beginCopy: (engine) => engine.beginCopy(),
    appendRecorded: (engine) => engine.appendRecorded([]),
    endCopy: (engine) => engine.endCopy(),
    statistics: (engine) => engine.statistics(),
    ...(log.engine.sql && {
      'sql.query': async (engine) => await engine.sql?.query({ sql: 'SELECT 1', parameters: [] }),
      'sql.write': async (engine) => await engine.sql?.write({ keyedWrites: [], statements: [] }),
    }),
  };
}
