/** Rules about the length of files and functions, and about doc comments. */

import type { Node } from '@babel/types';
import { lastLineOf, lineOf, visitNodes } from '../syntax.ts';
import type { Complaint, Source } from '../syntax.ts';
import { isPublished } from './house-rule.ts';
import type { HouseRule } from './house-rule.ts';

const linesPerFileMax = 400;
const linesPerFunctionMax = 70;

/** Files that are longer, each with the reason why splitting it would make it harder to read. */
const longFiles: ReadonlyMap<string, string> = new Map([
  [
    'packages/hindsightdb/src/commands/entity-queue.ts',
    'one state machine, whose steps are understood only side by side',
  ],
  ['packages/hindsightdb/test/store/arguments.test.ts', 'one table of the arguments of every method'],
]);

const somewhere = 'packages/hindsightdb/src/core/event.ts';

export const shapeRules: readonly HouseRule[] = [
  {
    name: 'a file has one idea and at most 400 lines',
    complaints: ({ path, text }) => {
      const count = text.trimEnd().split('\n').length;
      if (!/\.[jt]sx?$/.test(path) || count <= linesPerFileMax || longFiles.has(path)) return [];
      return [
        {
          line: linesPerFileMax + 1,
          message: `has ${count} lines; move one of its ideas to a file of its own, or give the reason in longFiles of this rule.`,
        },
      ];
    },
    offenders: [{ path: somewhere, text: 'one();\n'.repeat(linesPerFileMax + 1) }],
    example: { path: somewhere, text: 'one();\n'.repeat(linesPerFileMax) },
  },
  {
    name: 'a function fits on one screen',
    complaints: ({ path, source }) => {
      if (source === undefined || !isPublished(path)) return [];
      const complaints: Complaint[] = [];
      visitNodes(source.tree, (node) => {
        if (!isFunction(node)) return;
        const count = lastLineOf(node) - lineOf(node) + 1;
        if (count <= linesPerFunctionMax) return;
        complaints.push({
          line: lineOf(node),
          message: `is a function of ${count} lines; let it decide, and move what computes into functions below it.`,
        });
      });
      return complaints;
    },
    offenders: [{ path: somewhere, text: `function long() {\n${'  one();\n'.repeat(linesPerFunctionMax - 1)}}` }],
    example: { path: somewhere, text: `function long() {\n${'  one();\n'.repeat(linesPerFunctionMax - 2)}}` },
  },
  {
    name: 'everything exported has a doc comment',
    complaints: ({ path, source }) =>
      source === undefined || !isPublished(path)
        ? []
        : exportedBy(source)
            .filter((node) => !source.comments.some((comment) => documents(comment, node)))
            .map((node) => ({
              line: lineOf(node),
              message: `exports ${nameOf(node)} without a doc comment; say what it is, then defaults, failures and what is not promised.`,
            })),
    offenders: [
      { path: somewhere, text: 'export const one = 1;' },
      { path: somewhere, text: '/** Far away. */\n\nexport function one() {}' },
      { path: somewhere, text: '// No doc comment.\nexport interface One {}' },
      { path: somewhere, text: '/**\n */\nexport type One = 1;' },
      { path: somewhere, text: '/** A store. */\nexport class Store {\n  append() {}\n}' },
    ],
    example: {
      path: somewhere,
      text: '/** One. */\nexport const one = 1;\n/**\n * A store.\n */\nexport class Store extends Base {\n  constructor() {}\n  #hidden() {}\n  override close() {}\n  /** Appends. */\n  append(): void;\n  append(list: string): void;\n}\nexport * from "./two.ts";\nexport { three } from "./three.ts";\nfunction four() {}',
    },
  },
  {
    name: 'an example in a doc comment is fenced, so that it is compiled',
    complaints: ({ path, source }) =>
      source === undefined || !isPublished(path)
        ? []
        : source.comments
            .filter((comment) => comment.value.startsWith('*') && hasIndentedCode(comment.value))
            .map((comment) => ({
              line: lineOf(comment),
              message: 'indents an example; put it between ```ts and ```.',
            })),
    offenders: [{ path: somewhere, text: '/**\n * Counts.\n *\n *     count(1);\n */\nexport const count = 1;' }],
    example: {
      path: somewhere,
      text: '/**\n * Counts.\n * ```ts\n * if (one) {\n *     count(1);\n * }\n * ```\n * - a list\n *   goes on\n */',
    },
  },
];

function isFunction(node: Node): boolean {
  return /^(?:FunctionDeclaration|FunctionExpression|ArrowFunctionExpression|ObjectMethod|ClassMethod|ClassPrivateMethod)$/.test(
    node.type,
  );
}

/** Exported declarations, and the public methods of exported classes that are not explained by an interface or a base class. */
function exportedBy(source: Source): Node[] {
  const exported: Node[] = [];
  for (const node of source.tree.program.body) {
    if (node.type !== 'ExportNamedDeclaration' || !node.declaration) continue;
    const { declaration } = node;
    if (exported.some((other) => nameOf(other) === nameOf(node) && declaration.type.includes('Function'))) continue;
    exported.push(node);
    if (declaration.type !== 'ClassDeclaration' || (declaration.implements ?? []).length > 0) continue;
    const methods = declaration.body.body.filter(
      (member) =>
        (member.type === 'ClassMethod' || member.type === 'TSDeclareMethod') &&
        member.kind !== 'constructor' &&
        !member.override &&
        !member.computed,
    );
    const seen = new Set<string>();
    for (const method of methods) {
      if (seen.has(nameOf(method))) continue;
      seen.add(nameOf(method));
      exported.push(method);
    }
  }
  return exported;
}

function nameOf(node: Node): string {
  if (node.type === 'ExportNamedDeclaration' && node.declaration) return nameOf(node.declaration);
  if (node.type === 'VariableDeclaration')
    return node.declarations[0] === undefined ? '' : nameOf(node.declarations[0]);
  if ('id' in node && node.id && node.id.type === 'Identifier') return node.id.name;
  if ('key' in node && node.key.type === 'Identifier') return node.key.name;
  return 'something';
}

function documents(comment: Source['comments'][number], node: Node): boolean {
  return comment.value.startsWith('*') && /\w/.test(comment.value) && lastLineOf(comment) === lineOf(node) - 1;
}

/** Whether a comment holds lines that are indented like code and end like it, outside of fences. */
function hasIndentedCode(comment: string): boolean {
  const prose = comment.split(/^\s*\*\s*```.*$/m).filter((_, index) => index % 2 === 0);
  return prose.some((part) => /^\s*\* {4,}\S.*[;{]\s*$/m.test(part));
}
