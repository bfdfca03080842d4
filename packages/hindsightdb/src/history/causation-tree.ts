/**
 * The tree of causes and consequences, put together from events that belong together.
 */

import type { RecordedEvent } from '../core/event.ts';
import { commandIn, undecidedIn, type CausingCommand } from './kept-commands.ts';

/** A cause, and what followed from it. */
export interface CausationNode {
  /** The id of the event, or of what caused events without being one: a command that was not kept, or something outside. */
  readonly id: string;
  /** The event; undefined where the log has none of this id. */
  readonly event: RecordedEvent | undefined;
  /** The command that was kept, where the event holds one, or holds that nothing was decided on it. */
  readonly command?: CausingCommand;
  /** What it led to, in the order in which it was recorded. */
  readonly effects: readonly CausationNode[];
}

/** What an event is part of. */
export interface CausationTree {
  /** The event that was asked for. */
  readonly event: RecordedEvent;
  /** The events that led to it, one to another, the first cause first. Empty where none is known. */
  readonly causes: readonly RecordedEvent[];
  /** Everything of the family: first causes with what followed from them. Several where only a correlation connects them. */
  readonly roots: readonly CausationNode[];
  /** How many events the tree holds. */
  readonly eventCount: number;
  /** There are more events than were asked for; the tree is not whole. */
  readonly isCutOff: boolean;
}

interface GrowingNode extends CausationNode {
  readonly effects: GrowingNode[];
}

/** Puts the tree together. Events in a circle of causes, which only forged ids can make, each stand for themselves. */
export function treeOf(
  target: RecordedEvent,
  family: readonly RecordedEvent[],
  { isCutOff }: { readonly isCutOff: boolean },
): CausationTree {
  const events = family.toSorted(byPlace);
  const commands = new Map(
    events.flatMap((event) => {
      const command = commandIn(event);
      return command === undefined ? [] : [[event.id, command] as const];
    }),
  );
  const nodes = new Map<string, GrowingNode>(events.map((event) => [event.id, nodeOf(event, commands)]));
  const roots = new Set<GrowingNode>();
  for (const event of events) {
    const node = nodes.get(event.id);
    if (node === undefined) continue;
    const cause = causeOf(event);
    if (cause === undefined || isOwnEffect(event.id, cause, nodes)) roots.add(node);
    else {
      const causeNode = nodes.get(cause) ?? { id: cause, event: undefined, effects: [] };
      nodes.set(cause, causeNode);
      if (causeNode.event === undefined) roots.add(causeNode);
      causeNode.effects.push(node);
    }
  }
  return { event: target, causes: causesOf(target, nodes), roots: [...roots], eventCount: events.length, isCutOff };
}

function nodeOf(event: RecordedEvent, commands: ReadonlyMap<string, CausingCommand>): GrowingNode {
  const undecided = undecidedIn(event);
  const type = commands.get(causeOf(event) ?? '')?.type;
  const command = undecided === undefined || type === undefined ? commandIn(event) : { ...undecided, type };
  return { id: event.id, event, ...(command !== undefined && { command }), effects: [] };
}

function causeOf({ id, metadata }: RecordedEvent): string | undefined {
  const { causationId } = metadata;
  return typeof causationId === 'string' && causationId !== id ? causationId : undefined;
}

/** Whether an event is among the causes of its own cause. */
function isOwnEffect(id: string, cause: string, nodes: ReadonlyMap<string, CausationNode>): boolean {
  const seen = new Set<string>();
  for (let at: string | undefined = cause; at !== undefined && !seen.has(at);) {
    if (at === id) return true;
    seen.add(at);
    const event: RecordedEvent | undefined = nodes.get(at)?.event;
    at = event === undefined ? undefined : causeOf(event);
  }
  return false;
}

function causesOf(target: RecordedEvent, nodes: ReadonlyMap<string, CausationNode>): readonly RecordedEvent[] {
  const causes: RecordedEvent[] = [];
  const seen = new Set([target.id]);
  for (let at = causeOf(target); at !== undefined && !seen.has(at);) {
    seen.add(at);
    const event = nodes.get(at)?.event;
    if (event === undefined) break;
    causes.unshift(event);
    at = causeOf(event);
  }
  return causes;
}

function byPlace(left: RecordedEvent, right: RecordedEvent): number {
  if (left.recordedAt !== right.recordedAt) return left.recordedAt < right.recordedAt ? -1 : 1;
  return left.partition - right.partition || left.position - right.position;
}
