/**
 * Whether a command log is sound: each command has at most one outcome, those of an entity were decided in their order, and each
 * decision is what the rules say of the version that it names. It reads the log alone, by the format that is documented.
 */

import type { RecordedEvent } from '../../core/event.ts';
import type { Store } from '../../store/store.ts';
import { equal, fail, holds } from '../assertions.ts';
import { addedBy, type Adding } from './counter.ts';

/** What a sound log says. */
export interface SoundLog {
  /** What became of each command that has an outcome: its kind. */
  readonly outcomes: ReadonlyMap<string, string>;
  /** Commands without an outcome. */
  readonly open: readonly string[];
  /** The entity's events, by the commands behind them; `''` for those that no command wrote. */
  readonly causes: ReadonlyMap<string, readonly string[]>;
}

interface Entity {
  readonly commands: RecordedEvent[];
  readonly events: RecordedEvent[];
}

const prefix = '$command.';
const holding = new Set(['$commandAccepted', '$commandScheduled', '$commandHandled']);

/** Fails unless the log is sound. */
export async function soundCommands(store: Store): Promise<SoundLog> {
  const entities = new Map<string, Entity>();
  for await (const event of store.readLog({ includeReserved: true })) {
    const isOfCommands = event.streamId.startsWith(prefix);
    const entityId = isOfCommands ? event.streamId.slice(prefix.length) : event.streamId;
    const entity = entities.get(entityId) ?? { commands: [], events: [] };
    entities.set(entityId, entity);
    (isOfCommands ? entity.commands : entity.events).push(event);
  }
  const outcomes = new Map<string, string>();
  const open = new Set<string>();
  const causes = new Map<string, readonly string[]>();
  for (const [entityId, entity] of entities) {
    if (entity.commands.length > 0) checkEntity(entityId, entity, { outcomes, open });
    causes.set(
      entityId,
      entity.events.map(({ metadata }) => metadata.causationId ?? ''),
    );
  }
  return { outcomes, open: [...open], causes };
}

/** Walks through the commands of an entity as its log tells of them. */
function checkEntity(
  entityId: string,
  { commands, events }: Entity,
  seen: { readonly outcomes: Map<string, string>; readonly open: Set<string> },
): void {
  const kept = new Map<string, RecordedEvent>();
  /** Accepted or due, and not decided; in their order. */
  const waiting: string[] = [];
  const explained = new Set<number>();
  for (const event of commands) {
    const isKept = holding.has(event.type);
    const id = isKept ? event.id : String(member(event.data, 'command'));
    if (isKept) {
      holds(!seen.open.has(id) && !seen.outcomes.has(id), `Command ${id} was accepted twice.`);
      kept.set(id, event);
      seen.open.add(id);
      if (event.type === '$commandAccepted') waiting.push(id);
      if (event.type !== '$commandHandled') continue;
    } else if (event.type === '$commandDue') {
      waiting.push(id);
      continue;
    }
    const outcome = isKept ? member(event.data, 'outcome') : event.data;
    const kind = String(member(outcome, 'kind'));
    const command = kept.get(id) ?? fail(`There is an outcome of ${id}, which was not accepted before.`);
    holds(!seen.outcomes.has(id), `Command ${id} has two outcomes: ${seen.outcomes.get(id)}, and ${kind}.`);
    seen.outcomes.set(id, kind);
    seen.open.delete(id);
    if (kind === 'decided' || kind === 'rejected') {
      const before = isKept ? waiting : waiting.slice(0, waiting.indexOf(id));
      equal(before, [], `The commands of ${entityId} that waited before ${id}, when that was decided`);
      checkDecision(events, { id, command, outcome, kind, explained });
    }
    if (waiting.includes(id)) waiting.splice(waiting.indexOf(id), 1);
  }
  for (const { version, metadata } of events)
    if (metadata.causationId !== undefined)
      holds(
        explained.has(version),
        `Version ${version} of ${entityId} is of ${metadata.causationId}, and no outcome names it.`,
      );
}

/** Decides a command again, on the version that its outcome names. */
function checkDecision(
  events: readonly RecordedEvent[],
  of: {
    readonly id: string;
    readonly command: RecordedEvent;
    readonly outcome: unknown;
    readonly kind: string;
    readonly explained: Set<number>;
  },
): void {
  const { id, command, outcome, kind, explained } = of;
  const on = Number(member(outcome, 'on'));
  const total = events.slice(0, on).reduce((sum, { data }) => sum + Number(member(data, 'amount')), 0);
  const written = kind === 'decided' ? events.slice(on, on + Number(member(outcome, 'events'))) : [];
  if (member(command.data, 'type') === 'Add') {
    // The cases send nothing else under this type.
    const expected = addedBy(member(command.data, 'data') as Adding, total);
    equal(kind, expected === undefined ? 'rejected' : 'decided', `The outcome of ${id} on version ${on}`);
    equal(
      written.map(({ type, data }) => ({ type, data })),
      expected ?? [],
      `The events behind ${id}, which was decided on version ${on}`,
    );
  }
  for (const { version, metadata } of written) {
    equal(metadata.causationId, id, `The cause of version ${version}`);
    holds(!explained.has(version), `Version ${version} is of two commands, one of them ${id}.`);
    explained.add(version);
  }
}

/** A member of something that was read. */
function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
