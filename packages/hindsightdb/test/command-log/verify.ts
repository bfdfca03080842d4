/**
 * Whether a command log is sound: every command has one outcome, and the commands of an entity were decided as if one at a time.
 * It reads the log alone and decides everything again, by other code than that which is tested.
 */

import assert from 'node:assert/strict';
import type { RecordedEvent } from '../../src/core/event.ts';
import type { Store } from '../../src/store/store.ts';
import { evolveAccount, type Account, type AccountEvent } from '../commands/accounts.ts';
import { recordedAs } from '../../src/store/decode.ts';
import { decideRecord, type AccountRecord } from './account-commands.ts';

/** What a sound log held. */
export interface Verified {
  readonly commandIds: ReadonlySet<string>;
  readonly outcomes: ReadonlyMap<string, string>;
  readonly eventCount: number;
}

interface Kept {
  readonly id: string;
  readonly event: RecordedEvent;
}

/** Throws unless the log is sound. `isOpenAllowed`: commands may still be undecided. */
export async function verifyAccounts(store: Store, options: { readonly open: 'none' | 'some' }): Promise<Verified> {
  const commandIds = new Set<string>();
  const outcomes = new Map<string, string>();
  let eventCount = 0;
  const byEntity = new Map<string, { commands: RecordedEvent[]; events: RecordedEvent[] }>();
  for await (const event of store.readLog({ includeReserved: true })) {
    const entity = event.streamId.replace('$command.', '');
    const known = byEntity.get(entity) ?? { commands: [], events: [] };
    byEntity.set(entity, known);
    (entity === event.streamId ? known.events : known.commands).push(event);
  }
  for (const [entity, { commands, events }] of byEntity) {
    verifyEntity(entity, commands, events, { commandIds, outcomes });
    eventCount += events.length;
  }
  if (options.open === 'none') for (const id of commandIds) assert.ok(outcomes.has(id), `command ${id} has no outcome`);
  return { commandIds, outcomes, eventCount };
}

function verifyEntity(
  entity: string,
  commands: readonly RecordedEvent[],
  events: readonly RecordedEvent[],
  seen: { readonly commandIds: Set<string>; readonly outcomes: Map<string, string> },
): void {
  const accepted = new Map<string, Kept>();
  const inTurn: string[] = [];
  const came = new Set<string>();
  const explained = new Map<number, string>();
  let lastOn = 0;
  for (const event of commands) {
    if (event.type === '$commandRefused') continue;
    const data = event.data as Record<string, unknown>;
    const isKept = ['$commandAccepted', '$commandScheduled', '$commandHandled'].includes(event.type);
    const id = isKept ? event.id : String(data['command']);
    if (isKept) {
      assert.ok(!seen.commandIds.has(id), `command ${id} was accepted twice`);
      seen.commandIds.add(id);
      accepted.set(id, { id, event });
      if (event.type === '$commandAccepted') inTurn.push(id);
      if (event.type !== '$commandHandled') continue;
    } else if (event.type === '$commandDue') {
      const due = Date.parse(String(Reflect.get(Object(accepted.get(id)?.event.data), 'dueAt')));
      assert.equal(accepted.get(id)?.event.type, '$commandScheduled', `command ${id} came due, and was not scheduled`);
      assert.ok(Date.parse(event.recordedAt) >= due, `command ${id} came due before its time`);
      assert.ok(!came.has(id) && !seen.outcomes.has(id), `command ${id} came due twice, or though it was over`);
      came.add(id);
      inTurn.push(id);
      continue;
    }
    const outcome = (isKept ? data['outcome'] : data) as Record<string, unknown>;
    assert.ok(accepted.has(id), `an outcome for ${id}, which was not accepted`);
    assert.ok(!seen.outcomes.has(id), `command ${id} has two outcomes`);
    seen.outcomes.set(id, String(outcome['kind']));
    const isDecision = outcome['kind'] === 'decided' || outcome['kind'] === 'rejected';
    if (isDecision && isKept) assert.deepEqual(inTurn, [], `command ${id} went before ${inTurn.join()} of ${entity}`);
    if (isDecision && !isKept) assert.equal(inTurn[0], id, `command ${id} of ${entity} was decided out of its turn`);
    if (inTurn.includes(id)) inTurn.splice(inTurn.indexOf(id), 1);
    if (!isDecision) continue;
    const on = Number(outcome['on']);
    assert.ok(on >= lastOn, `command ${id} was decided on version ${on}, behind one on ${lastOn}`);
    lastOn = on;
    verifyDecision({ entity, id, on, outcome, event: accepted.get(id)?.event, events, explained });
  }
}

function verifyDecision(of: {
  readonly entity: string;
  readonly id: string;
  readonly on: number;
  readonly outcome: Record<string, unknown>;
  readonly event: RecordedEvent | undefined;
  readonly events: readonly RecordedEvent[];
  readonly explained: Map<number, string>;
}): void {
  const { entity, id, on, outcome, event, events, explained } = of;
  const state = recordedAs<AccountEvent>(events.slice(0, on)).reduce<Account>(evolveAccount, { balance: 0, notes: [] });
  const record = event?.data as Record<string, unknown>;
  let decided: readonly AccountEvent[] | undefined;
  try {
    decided = decideRecord({ ...record, id, streamId: entity } as AccountRecord, state);
  } catch {
    decided = undefined;
  }
  const written = events.slice(on, on + Number(outcome['events'] ?? 0));
  if (outcome['kind'] === 'rejected') assert.equal(decided, undefined, `command ${id} was rejected, and need not be`);
  else if (record['type'] !== 'Stumble')
    assert.deepEqual(
      written.map(({ type, data }) => ({ type, data })),
      decided,
      `command ${id} is decided otherwise on version ${on}`,
    );
  for (const each of written) {
    assert.equal(each.metadata.causationId, id);
    assert.ok(!explained.has(each.version), `version ${each.version} of ${entity} is of two commands`);
    explained.set(each.version, id);
  }
}
