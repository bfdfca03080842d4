/** Rules about types and what classes hide. */

import type { Node } from '@babel/types';
import { isNode, lastLineOf, lineOf, visitNodes } from '../syntax.ts';
import type { Complaint, Source } from '../syntax.ts';
import { isPublished } from './house-rule.ts';
import type { HouseRule } from './house-rule.ts';

const somewhere = 'packages/hindsightdb/src/core/event.ts';

export const typeRules: readonly HouseRule[] = [
  {
    name: 'no cast goes by way of unknown or any',
    complaints: ({ source }) =>
      source === undefined
        ? []
        : found(source, (node) =>
            isCast(node) && isCast(node.expression)
              ? 'casts twice, which silences every check; narrow with a type guard, or describe the value as unknown and test it.'
              : undefined,
          ),
    offenders: [
      { path: somewhere, text: 'const text = value as unknown as string;' },
      { path: 'test/x.test.ts', text: 'const text = <string>(<unknown>value);' },
    ],
    example: { path: somewhere, text: 'const text = value as string;' },
  },
  {
    name: 'no comment silences the compiler, and only a test may expect an error of it',
    complaints: ({ path, source }) =>
      (source?.comments ?? [])
        .filter(
          (comment) =>
            /^[\s/*]*@ts-(?:ignore|nocheck)/.test(comment.value) ||
            (isPublished(path) && /^[\s/*]*@ts-expect-error/.test(comment.value)),
        )
        .map((comment) => ({
          line: lineOf(comment),
          message: 'silences the compiler; give the value a type that is true.',
        })),
    offenders: [
      { path: somewhere, text: '// @ts-ignore\nfoo();' },
      { path: somewhere, text: '// @ts-expect-error it is fine\nfoo();' },
      { path: 'test/x.test.ts', text: '/* @ts-nocheck */' },
    ],
    example: { path: 'test/x.test.ts', text: '// @ts-expect-error a stream id is no number\nopen(1);' },
  },
  {
    name: 'a cast comes with the reason why it is safe',
    complaints: ({ path, source }) => {
      if (source === undefined || !isPublished(path)) return [];
      const reasons = source.comments.filter((comment) => !comment.value.startsWith('*'));
      const complaints: Complaint[] = [];
      visitNodes(source.tree, (node, around) => {
        if (!isCast(node) && node.type !== 'TSNonNullExpression') return;
        const statement = around.findLast((outer) => isStatementLike(outer)) ?? node;
        const hasReason = reasons.some(
          (comment) => lastLineOf(comment) >= lineOf(statement) - 1 && lineOf(comment) <= lastLineOf(node),
        );
        if (hasReason) return;
        const message = node.type === 'TSNonNullExpression' ? 'asserts with ! that something is there' : 'casts';
        complaints.push({
          line: lineOf(node),
          message: `${message} without a reason; put a comment above or beside it that says why it is safe, or narrow the type.`,
        });
      });
      return complaints;
    },
    offenders: [
      { path: somewhere, text: 'const text = value as string;' },
      { path: somewhere, text: '// Far away.\n\nconst text = value!;' },
      {
        path: somewhere,
        text: '/** A doc comment tells the user something, not the reader. */\nconst text = value as string;',
      },
    ],
    example: {
      path: somewhere,
      text: '// The regular expression has one group.\nconst text = match[1] as string;\nconst list = [] as const;\nconst x = y!; // Set above.',
    },
  },
  {
    name: 'no parameter is a boolean',
    complaints: ({ path, source }) => {
      if (source === undefined || !isPublished(path)) return [];
      return found(source, (node) => {
        if (!('params' in node) || !Array.isArray(node.params)) return undefined;
        const flag = node.params.find((parameter) => isBoolean(parameter));
        return flag === undefined
          ? undefined
          : 'takes a boolean, which says nothing where it is passed; take an option with a name, or write two functions.';
      });
    },
    offenders: [
      { path: somewhere, text: 'function read(path: string, isBackward: boolean) {}' },
      { path: somewhere, text: 'const read = (isBackward = false) => 1;' },
      { path: somewhere, text: 'interface Reader { read(isBackward?: boolean): void }' },
    ],
    example: {
      path: somewhere,
      text: 'function read(options: { readonly isBackward: boolean }): boolean { return true; }',
    },
  },
  {
    name: 'classes hide with # and not with a word that is erased',
    complaints: ({ source }) =>
      source === undefined
        ? []
        : found(source, (node) =>
            'accessibility' in node && typeof node.accessibility === 'string' && !isPrivateConstructor(node)
              ? `is ${node.accessibility} for the compiler alone; write a #name for what is hidden and nothing for what is not.`
              : undefined,
          ),
    offenders: [
      { path: somewhere, text: 'class Store { private path = 1; }' },
      { path: somewhere, text: 'class Store { protected open() {} }' },
      { path: somewhere, text: 'class Store { public readonly path: string; }' },
    ],
    example: { path: somewhere, text: 'class Store { #path = 1; readonly size = 2; private constructor() {} }' },
  },
  {
    name: 'enums and namespaces, which Node cannot erase, are not used',
    complaints: ({ source }) =>
      source === undefined
        ? []
        : found(source, (node) =>
            node.type === 'TSEnumDeclaration' || (node.type === 'TSModuleDeclaration' && !node.declare)
              ? 'cannot be erased; write a union of string literals, or a module.'
              : undefined,
          ),
    offenders: [
      { path: somewhere, text: 'enum Kind { a, b }' },
      { path: 'test/x.test.ts', text: 'namespace Kinds { export const a = 1; }' },
    ],
    example: { path: somewhere, text: "type Kind = 'a' | 'b'; declare module 'x' {}" },
  },
];

function found(source: Source, complaintAbout: (node: Node) => string | undefined): Complaint[] {
  const complaints: Complaint[] = [];
  visitNodes(source.tree, (node) => {
    const message = complaintAbout(node);
    if (message !== undefined) complaints.push({ line: lineOf(node), message });
  });
  return complaints;
}

function isCast(node: Node): node is Extract<Node, { type: 'TSAsExpression' | 'TSTypeAssertion' }> {
  if (node.type !== 'TSAsExpression' && node.type !== 'TSTypeAssertion') return false;
  const { typeAnnotation } = node;
  return !(
    typeAnnotation.type === 'TSTypeReference' &&
    typeAnnotation.typeName.type === 'Identifier' &&
    typeAnnotation.typeName.name === 'const'
  );
}

/** Only a word can keep others from calling a constructor. */
function isPrivateConstructor(node: Node): boolean {
  return node.type === 'ClassMethod' && node.kind === 'constructor' && node.accessibility === 'private';
}

function isStatementLike(node: Node): boolean {
  return (
    node.type.endsWith('Statement') ||
    node.type.endsWith('Declaration') ||
    node.type === 'ClassProperty' ||
    node.type === 'ClassPrivateProperty'
  );
}

function isBoolean(parameter: unknown): boolean {
  if (!isNode(parameter)) return false;
  if (parameter.type === 'AssignmentPattern')
    return parameter.right.type === 'BooleanLiteral' || isBoolean(parameter.left);
  const annotation = parameter.type === 'Identifier' ? parameter.typeAnnotation : undefined;
  return annotation?.type === 'TSTypeAnnotation' && annotation.typeAnnotation.type === 'TSBooleanKeyword';
}
