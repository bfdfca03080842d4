/**
 * The tree of causes and consequences as lines:
 *
 *       order-75            2026-03-01 08:59:58Z  ann  PlaceOrder, command
 *       └─ order-75@1       2026-03-01 09:00:00Z  ann  OrderPlaced
 *          ├─ payment-9@1   2026-03-01 09:00:01Z       PaymentRequested
 *     ▶    │  └─ payment-9@2  2026-03-01 09:00:07Z     PaymentReceived
 *          └─ mail-3@1      2026-03-01 09:00:02Z       MailSent
 */

import type { CausationNode, CausationTree } from 'hindsightdb/history';
import type { CommandContext } from '../context.ts';
import type { Palette } from '../terminal/palette.ts';
import { tableLines } from '../terminal/table.ts';
import { safeText } from '../terminal/text-width.ts';
import { actorText, eventTimeText } from './value-text.ts';

/** A node of the tree on its own. */
export interface FlatNode {
  readonly node: CausationNode;
  readonly depth: number;
  readonly causeId: string | undefined;
  /** For each level above whether its branch goes on below this node; the last is the node's own. */
  readonly goesOn: readonly boolean[];
}

/** Deeper levels are counted and not drawn: a chain of thousands has no room beside its names. */
const depthDrawnMax = 16;

/** The nodes of a tree, each before what followed from it. No recursion: a chain may be as long as the log. */
export function* flatTree({ roots }: CausationTree): Generator<FlatNode> {
  const waiting: FlatNode[] = [];
  const add = (nodes: readonly CausationNode[], parent: FlatNode | undefined): void => {
    for (const [index, node] of [...nodes.entries()].toReversed())
      waiting.push({
        node,
        depth: parent === undefined ? 0 : parent.depth + 1,
        causeId: parent?.node.id,
        goesOn: parent === undefined ? [] : [...parent.goesOn, index < nodes.length - 1].slice(-depthDrawnMax),
      });
  };
  add(roots, undefined);
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    yield at;
    add(at.node.effects, at);
  }
}

/** A line for each node, the asked one marked. */
export function treeLines({ palette, widthMax }: CommandContext, tree: CausationTree): readonly string[] {
  const rows = [...flatTree(tree)].map((flat) => {
    const { node } = flat;
    const { event } = node;
    const mark = event !== undefined && event.id === tree.event.id ? '▶ ' : '  ';
    if (event === undefined) return [`${mark}${branchText(flat)}${safeText(node.id)}`, '', '', 'no event of this log'];
    const { command } = node;
    // A command is called as it was sent, and not as the store keeps it.
    const place = command === undefined ? `${event.streamId}@${event.version}` : command.streamId;
    const type = command === undefined ? event.type : `${command.type}${what(command)}`;
    const name = `${mark}${branchText(flat)}${safeText(place)}`;
    return [name, eventTimeText(event, widthMax), actorText(event), safeText(type)];
  });
  const hasActors = rows.some(([, , actor]) => actor !== '');
  const columns = [
    { title: '', paint: paintName(palette) },
    { title: '', paint: palette.faint },
    ...(hasActors ? [{ title: '' }] : []),
    { title: '', paint: palette.type },
  ];
  const cells = hasActors ? rows : rows.map(([name = '', time = '', , type = '']) => [name, time, type]);
  return tableLines(columns, cells, { widthMax }).slice(1);
}

function what({ outcome }: NonNullable<CausationNode['command']>): string {
  return outcome === undefined ? ', command' : ` ${outcome}`;
}

function branchText({ depth, goesOn }: FlatNode): string {
  const above = goesOn.slice(0, -1).map((isOpen) => (isOpen ? '│  ' : '   '));
  const skipped = depth > goesOn.length ? `(${depth - goesOn.length}) ` : '';
  const own = depth === 0 ? '' : goesOn.at(-1) === true ? '├─ ' : '└─ ';
  return skipped + above.join('') + own;
}

function paintName(palette: Palette): (text: string) => string {
  return (text) => {
    const [, mark = '', branch = '', name = text] = /^(▶ |  )((?:\(\d+\) )?[│├└─ ]*)(.*)$/s.exec(text) ?? [];
    return `${mark.trim() === '' ? mark : palette.warning(mark)}${palette.faint(branch)}${palette.name(name)}`;
  };
}
