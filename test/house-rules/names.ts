/** Rules about names of files and of things. */

import { posix } from 'node:path';
import type { Node } from '@babel/types';
import { lineOf, visitNodes } from '../syntax.ts';
import type { Complaint, Source } from '../syntax.ts';
import { isPublished, wordsOf } from './house-rule.ts';
import type { HouseRule } from './house-rule.ts';

const emptyNames = /^(?:utils?\d*|utilities|common|misc|helpers?|stuff)$/;
const emptyFileNames = /^(?:shared|base|types|constants)$/;
const generationMarkers = /^(?:v\d+|new|old|legacy|next|final|copy)$/;

/** Words that other systems use for our concepts, with ours. The whole vocabulary is in docs/reference/vocabulary.md. */
const vocabulary: ReadonlyMap<string, string> = new Map([
  ['adapter', 'engine'],
  ['aggregate', 'stream, or fold as the verb'],
  ['backend', 'engine'],
  ['bookmark', 'checkpoint'],
  ['cdc', 'logMiner'],
  ['criteria', 'query'],
  ['dialect', 'engine'],
  ['driver', 'engine'],
  ['fsck', 'check'],
  ['originator', 'stream'],
  ['parked', 'letter'],
  ['payload', 'data'],
  ['poison', 'letter'],
  ['projector', 'projection'],
  ['reactor', 'reaction'],
  ['recorder', 'engine'],
  ['reducer', 'evolve'],
  ['saga', 'processManager'],
  ['scavenge', 'truncate'],
  ['subscriber', 'follower'],
  ['dedupe', 'idempotencyKey'],
  ['deduplication', 'idempotencyKey'],
  ['global position', 'position'],
  ['sequence position', 'position'],
  ['sequence number', 'position or version'],
  ['event number', 'version'],
  ['stream name', 'streamId'],
  ['stream revision', 'version'],
  ['stream position', 'version'],
  ['high water', 'head'],
  ['side effect', 'effect'],
  ['time travel', 'asOf'],
  ['event handler', 'reaction or projection'],
]);

const abbreviations: ReadonlyMap<string, string> = new Map([
  ['arr', 'the noun in the plural'],
  ['cb', 'callback, or what it does'],
  ['cfg', 'config'],
  ['cnt', 'count'],
  ['conn', 'connection'],
  ['ctx', 'context'],
  ['err', 'error'],
  ['evt', 'event'],
  ['idx', 'index'],
  ['len', 'length'],
  ['msg', 'message'],
  ['num', 'number'],
  ['obj', 'the noun'],
  ['opts', 'options'],
  ['pos', 'position'],
  ['prev', 'previous'],
  ['res', 'result or response'],
  ['tmp', 'temporary'],
  ['ts', 'time'],
  ['val', 'value'],
  ['ver', 'version'],
]);

/** A name that the file gives, as opposed to one that it uses. */
interface GivenName {
  readonly name: string;
  readonly line: number;
}

export const nameRules: readonly HouseRule[] = [
  {
    name: 'files are named in kebab-case with the noun that they define',
    complaints: ({ path }) => {
      if (!path.endsWith('.ts') && !path.endsWith('.tsx')) return [];
      const [stem = ''] = posix.basename(path).split('.');
      const folders = posix.dirname(path).split('/');
      const complaints: string[] = [];
      if (!/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(stem))
        complaints.push(`is not in kebab-case; write ${wordsOf(stem.replaceAll('-', '_')).join('-')}.`);
      const empty = emptyFileNames.test(stem) ? stem : [stem, ...folders].find((name) => emptyNames.test(name));
      if (empty !== undefined)
        complaints.push(
          `says nothing with "${empty}"; name the noun that it defines, and split it where it defines several.`,
        );
      if (stem.split('-').some((word) => generationMarkers.test(word))) {
        complaints.push('names a generation; name what is different about it, or replace the old file.');
      }
      return complaints.map((message) => ({ line: 1, message }));
    },
    offenders: [
      { path: 'packages/hindsightdb/src/core/streamId.ts', text: '' },
      { path: 'packages/hindsightdb/src/core/stream_id.ts', text: '' },
      { path: 'packages/hindsightdb/src/core/utils.ts', text: '' },
      { path: 'packages/hindsightdb/src/helpers/text.ts', text: '' },
      { path: 'packages/hindsightdb/src/core/types.ts', text: '' },
      { path: 'packages/hindsightdb/src/core/record-v2.ts', text: '' },
      { path: 'test/legacy-record.test.ts', text: '' },
    ],
    example: { path: 'packages/hindsightdb/src/core/murmur2.ts', text: '' },
  },
  {
    name: 'names come from the vocabulary',
    complaints: ({ path, source }) =>
      source === undefined || !isPublished(path)
        ? []
        : namesGivenIn(source).flatMap(({ name, line }) => {
            const words = ` ${wordsOf(name).join(' ')} `;
            const found = [...vocabulary].find(([word]) => words.includes(` ${word} `) || words.includes(` ${word}s `));
            return found === undefined
              ? []
              : [{ line, message: `names something ${name}; the word here is ${found[1]}.` }];
          }),
    offenders: [
      { path: 'packages/hindsightdb/src/store/load.ts', text: 'export function aggregateStream() {}' },
      { path: 'packages/hindsightdb/src/engine/contract.ts', text: 'interface PostgresAdapter {}' },
      { path: 'packages/hindsightdb/src/engine/contract.ts', text: 'interface Event { globalPosition: number }' },
      { path: 'packages/hindsightdb/src/core/decider.ts', text: 'export const reducers = [];' },
      { path: 'packages/hindsightdb/src/core/decider.ts', text: 'function decide(streamRevision: number) {}' },
    ],
    example: {
      path: 'packages/hindsightdb/src/core/decider.ts',
      text: 'const head = foreign.globalPosition; export const aggregated = 1;',
    },
  },
  {
    name: 'names are whole words',
    complaints: ({ path, source }) =>
      source === undefined || !isPublished(path)
        ? []
        : namesGivenIn(source).flatMap(({ name, line }) => {
            const found = wordsOf(name).find((word) => abbreviations.has(word));
            return found === undefined
              ? []
              : [{ line, message: `abbreviates in ${name}; write ${abbreviations.get(found)} instead of ${found}.` }];
          }),
    offenders: [
      { path: 'packages/hindsightdb/src/core/event.ts', text: 'const lastEvt = 1;' },
      { path: 'packages/hindsightdb/src/core/event.ts', text: 'function read(opts: object) {}' },
    ],
    example: { path: 'packages/hindsightdb/src/core/event.ts', text: 'const lastEvent = options.ctx;' },
  },
  {
    name: 'durations end in their unit',
    complaints: ({ path, source }) =>
      source === undefined || !isPublished(path)
        ? []
        : membersGivenIn(source)
            .filter(({ name }) => /(?:timeout|delay|interval|duration|ttl)$/i.test(name))
            .map(({ name, line }) => ({
              line,
              message: `calls a duration ${name}; write ${name}Ms, so that nobody has to guess the unit.`,
            })),
    offenders: [
      { path: 'packages/hindsightdb/src/store/open.ts', text: 'interface Options { timeout: number }' },
      { path: 'packages/hindsightdb/src/store/open.ts', text: 'function wait(retryDelay: number) {}' },
    ],
    example: {
      path: 'packages/hindsightdb/src/store/open.ts',
      text: 'interface Options { timeoutMs: number; at: Interval }',
    },
  },
  {
    name: 'types carry no prefix and type parameters are words',
    complaints: ({ path, source }) => {
      if (source === undefined || !isPublished(path)) return [];
      const complaints: Complaint[] = [];
      visitNodes(source.tree, (node) => {
        if (
          (node.type === 'TSInterfaceDeclaration' || node.type === 'TSTypeAliasDeclaration') &&
          /^[IT][A-Z][a-z]/.test(node.id.name)
        ) {
          complaints.push({
            line: lineOf(node),
            message: `prefixes the type ${node.id.name}; write ${node.id.name.slice(1)}.`,
          });
        }
        if (node.type === 'TSTypeParameter') {
          const { name } = node.name;
          if (name.length === 1 || /^T[A-Z]/.test(name)) {
            complaints.push({
              line: lineOf(node),
              message: `calls a type parameter ${name}; write the word, like State or Command.`,
            });
          }
        }
      });
      return complaints;
    },
    offenders: [
      { path: 'packages/hindsightdb/src/core/event.ts', text: 'interface IEvent {}' },
      { path: 'packages/hindsightdb/src/core/event.ts', text: 'type TEvent = string;' },
      { path: 'packages/hindsightdb/src/core/event.ts', text: 'type Box<T> = { value: T };' },
      { path: 'packages/hindsightdb/src/core/event.ts', text: 'function box<TState>(value: TState) {}' },
    ],
    example: {
      path: 'packages/hindsightdb/src/core/event.ts',
      text: 'interface Item {} type Tag = string; type Box<State> = { value: State };',
    },
  },
];

function namesGivenIn(source: Source): GivenName[] {
  const names: GivenName[] = [];
  visitNodes(source.tree, (node, around) => {
    if (node.type === 'Identifier' && givesName(node, around.at(-1)))
      names.push({ name: node.name, line: lineOf(node) });
    if (node.type === 'PrivateName' && around.at(-1)?.type.startsWith('Class'))
      names.push({ name: node.id.name, line: lineOf(node) });
  });
  return names;
}

function membersGivenIn(source: Source): GivenName[] {
  const names: GivenName[] = [];
  visitNodes(source.tree, (node, around) => {
    const parent = around.at(-1);
    if (node.type !== 'Identifier' || parent === undefined) return;
    const isMember = (parent.type === 'TSPropertySignature' || parent.type === 'ClassProperty') && parent.key === node;
    const isParameter =
      'params' in parent && Array.isArray(parent.params) && parent.params.some((parameter) => parameter === node);
    if (isMember || (isParameter && node.typeAnnotation)) names.push({ name: node.name, line: lineOf(node) });
  });
  return names;
}

function givesName(node: Node, parent: Node | undefined): boolean {
  switch (parent?.type) {
    case 'VariableDeclarator':
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ClassDeclaration':
    case 'TSInterfaceDeclaration':
    case 'TSTypeAliasDeclaration':
    case 'TSDeclareFunction':
      return parent.id === node || ('params' in parent && parent.params.some((parameter) => parameter === node));
    case 'ArrowFunctionExpression':
    case 'ObjectMethod':
      return parent.params.some((parameter) => parameter === node);
    case 'ClassMethod':
    case 'ClassPrivateMethod':
    case 'TSDeclareMethod':
      return parent.key === node || parent.params.some((parameter) => parameter === node);
    case 'ClassProperty':
    case 'TSPropertySignature':
    case 'TSMethodSignature':
      return parent.key === node;
    default:
      return false;
  }
}
