/** Parts of process managers by themselves: what meets when two are at work, and what handlers may ask. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecordedEvent } from '../../src/index.ts';
import { become, defineProcess, setTimer, advanceProcess, simulateProcess } from '../../src/processes/index.ts';
import type { LogInput } from '../../src/processes/input.ts';
import { InstanceWork } from '../../src/processes/instance-work.ts';
import { Issuing } from '../../src/processes/issuing.ts';
import { defineGateway } from '../../src/reactions/index.ts';
import { comparePlaces } from '../../src/timers/timer-keys.ts';
import { TimerOrder } from '../../src/processes/timer-order.ts';
import { settableClock } from '../../src/testing/index.ts';
import { inMemory, openNew } from '../open-stores.ts';
import { allOf, stepsIn } from './stepping.ts';
import * as fc from 'fast-check';

const collecting = defineProcess({
  name: 'collecting',
  startAt: 'beginning',
  initialState: [] as readonly number[],
  on: { Counted: ({ data }: RecordedEvent<'Counted', number>, { state }) => become([...state, data]) },
});

function inputOf(event: RecordedEvent | undefined): LogInput {
  assert.ok(event);
  return { kind: 'log', events: [event] };
}

test('whoever was deposed without knowing goes on from what others have recorded', async (t) => {
  const store = await openNew(t, inMemory);
  await store.append(
    'a-1',
    [1, 2, 3, 4].map((data) => ({ type: 'Counted', data })),
  );
  const [first, second, third, fourth] = (await store.readLog().toArray()).map(inputOf);
  const worker = (): InstanceWork => {
    const issuing = new Issuing(store, collecting, 0);
    return new InstanceWork({ store, process: collecting, slice: 0, issuing, signal: t.signal });
  };
  const [deposed, holder] = [worker(), worker()];
  assert.ok(first && second && third && fourth);
  await deposed.take('a-1', [first]);
  await holder.take('a-1', [first, second, third]);
  await deposed.take('a-1', [second, fourth]);
  await holder.take('a-1', [third, fourth]);
  assert.deepEqual(
    (await stepsIn(store, 'collecting', 'a-1')).map(({ data }) => data.state),
    [[1], [1, 2], [1, 2, 3], [1, 2, 3, 4]],
  );
});

test('what a handler asks a gateway is recorded for its input, and a simulation is given the same answer', async (t) => {
  const clock = settableClock();
  const store = await openNew(t, inMemory, { now: clock.now });
  let asked = 0;
  const rates = defineGateway({ name: 'rates', ask: (currency: string) => `${currency} ${(asked += 1)}` });
  const asking = defineProcess({
    name: 'asking',
    startAt: 'beginning',
    initialState: '',
    on: {
      Counted: async (_event, { ask }) => [become(await ask(rates, 'EUR')), setTimer('again', { afterMs: 1000 })],
    },
    timers: { again: async ({ ask, state }) => become(`${state}, ${await ask(rates, 'EUR')}`) },
  });
  await store.append('a-1', [{ type: 'Counted', data: 1 }]);
  await advanceProcess(store, asking);
  clock.advanceMs(1000);
  await advanceProcess(store, asking);
  const states = (await stepsIn(store, 'asking', 'a-1')).map(({ data }) => data.state);
  assert.deepEqual(states, ['EUR 1', 'EUR 1, EUR 2']);
  const options = { until: clock.iso, answersOf: store };
  const simulated = await allOf(simulateProcess(asking, store.readLog(), options));
  assert.deepEqual(
    simulated.map(({ state }) => state),
    states,
  );
  assert.equal(asked, 2);
  await assert.rejects(allOf(simulateProcess(asking, store.readLog())), { code: 'GATEWAY_UNANSWERED' });
});

test('a state is seen as it will be read, the first one and one that was migrated too', async (t) => {
  const store = await openNew(t, inMemory);
  const seen: unknown[] = [];
  const options = { name: 'dated', startAt: 'beginning', initialState: () => ({ since: new Date(0) }) } as const;
  const note = (_event: RecordedEvent, { state }: { readonly state: unknown }): ReturnType<typeof become> => {
    seen.push(state);
    return become(state);
  };
  await store.append('a-1', [{ type: 'Counted', data: 1 }]);
  await advanceProcess(
    store,
    defineProcess({ ...options, on: { Counted: (event, context) => void note(event, context) } }),
  );
  await store.append('a-1', [{ type: 'Counted', data: 2 }]);
  await advanceProcess(
    store,
    defineProcess({
      ...options,
      on: { Counted: () => setTimer('due', { afterMs: 0 }) },
      timers: { due: () => undefined },
    }),
  );
  await store.append('a-1', [{ type: 'Counted', data: 3 }]);
  const migrate = (): { since: Date } => ({ since: new Date(1) });
  await advanceProcess(
    store,
    defineProcess({ ...options, version: 2, migrate, on: { Counted: (event, context) => void note(event, context) } }),
  );
  assert.deepEqual(seen, [{ since: '1970-01-01T00:00:00.000Z' }, { since: '1970-01-01T00:00:00.001Z' }]);
});

test('a store that takes only declared types takes steps', async (t) => {
  const store = await openNew(t, inMemory, { strictTypes: true, events: { Counted: {} } });
  await store.append('a-1', [{ type: 'Counted', data: 1 }]);
  await advanceProcess(store, collecting);
  assert.equal((await stepsIn(store, 'collecting', 'a-1')).length, 1);
});

test('timers come out of the order of a simulation by their times and instances', () => {
  const entry = fc.record({ due: fc.nat(20), key: fc.constantFrom('a', 'b', 'c') });
  fc.assert(
    fc.property(fc.array(fc.option(entry)), (entries) => {
      const order = new TimerOrder();
      const naive: { due: number; key: string }[] = [];
      for (const each of entries) {
        if (each === null) {
          naive.sort((left, right) => comparePlaces({ at: left.due, id: left.key }, { at: right.due, id: right.key }));
          assert.deepEqual(order.first, naive.shift());
          order.removeFirst();
        } else {
          order.add(each);
          naive.push(each);
        }
      }
    }),
  );
});
