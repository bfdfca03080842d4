/**
 * Which folder may import which. The arrows point one way, so that the core stays pure, browsers can run the store, and an
 * engine can be read without the others.
 */

import { posix } from 'node:path';
import type { Node } from '@babel/types';
import { lineOf, referencesOf, visitNodes } from './syntax.ts';
import type { Complaint, Reference, Source } from './syntax.ts';

const library = 'packages/hindsightdb/src/';
const kit = 'packages/hindsight-kit/src/';
const configLoader = `${kit}cli/config/load-config.ts`;

const features = [
  'history',
  'timers',
  'projections',
  'reactions',
  'outbox',
  'patterns',
  'audit',
  'privacy',
  'analytics',
];

/** What each folder of the library may import besides itself. A folder without an entry is refused: decide first, then add it. */
const allowed: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ['core', []],
  ['engine', ['core']],
  ['engines', ['core', 'engine']],
  ['store', ['core', 'engine']],
  ['consumers', ['core', 'store']],
  ...features.map((feature) => [feature, ['core', 'store', 'consumers']] satisfies [string, string[]]),
  // Commands ask gateways and may be due later; process managers send commands.
  // What they would decide otherwise is told as history tells it.
  ['commands', ['core', 'store', 'consumers', 'reactions', 'timers', 'history']],
  ['processes', ['core', 'store', 'consumers', 'reactions', 'timers', 'commands']],
  ['testing', ['core', 'engine', 'store', 'history']],
  [
    'conformance',
    ['core', 'engine', 'store', 'consumers', 'projections', 'reactions', 'timers', 'commands', 'processes'],
  ],
]);

/** Folders whose code runs in browsers too. */
const portable = ['core/', 'engine/', 'store/', 'testing/', 'engines/http/'];

/** Names that only Node has. Elsewhere they throw, unless `typeof` asks first or they are looked up through `globalThis`. */
const namesOfNode = new Set([
  'process',
  'Buffer',
  'setImmediate',
  'clearImmediate',
  'require',
  '__dirname',
  '__filename',
  'global',
]);

/** The outside world, which is handed to the core by whoever calls it. */
const namesOfTheWorld = new Set([
  'performance',
  'crypto',
  'setTimeout',
  'setInterval',
  'queueMicrotask',
  'fetch',
  'console',
  'globalThis',
]);

/** What other packages may import of ours, by package name. */
export interface PublicSurface {
  /** `hindsightdb`, `hindsightdb/testing`, … */
  readonly librarySubpaths: readonly string[];
  /** The `dependencies` of hindsight-kit. */
  readonly kitDependencies: readonly string[];
}

/** Every breach of the import rules in one source. */
export function importComplaints(source: Source, surface: PublicSurface): Complaint[] {
  const references = referencesOf(source);
  if (source.path.startsWith(library)) {
    const path = source.path.slice(library.length);
    return [
      ...references.flatMap((reference) => complaintsInLibrary(path, reference)),
      ...worldComplaints(path, source),
      ...rootComplaints(path, source),
    ];
  }
  return references.flatMap((reference) => complaintsOutside(source.path, reference, surface));
}

/** The lazy resolver is one file: two of them would have to agree on which scheme means which engine. */
export function resolverComplaints(sources: readonly Source[]): Complaint[] {
  const resolvers = sources.filter(
    (source) =>
      source.path.startsWith(`${library}store/`) && referencesOf(source).some((reference) => isLazyEngine(reference)),
  );
  if (resolvers.length < 2) return [];
  return [
    {
      line: 1,
      message: `${resolvers.map(({ path }) => path).join(' and ')} both load engines; let the one that opens stores by their address do it.`,
    },
  ];
}

function complaintsInLibrary(path: string, reference: Reference): Complaint[] {
  const { specifier, kind, line } = reference;
  const refuse = (message: string): Complaint[] => [{ line, message }];
  const folder = folderOf(path);

  if (specifier.startsWith('node:')) {
    if (specifier === 'node:sqlite' && kind === 'static') {
      return refuse(
        "imports node:sqlite before anyone can be told that this Node lacks it; ask process.getBuiltinModule?.('node:sqlite') when a store is opened.",
      );
    }
    if (kind !== 'lazy' && portable.some((start) => path.startsWith(start))) {
      return refuse(
        `imports ${specifier}, and browsers run this folder; take what is needed as an argument, and let the engine or the program that has Node hand it in.`,
      );
    }
    return [];
  }
  if (!specifier.startsWith('.')) {
    if (specifier === '')
      return refuse('imports something computed; name the module, so that bundlers and this check can see it.');
    if (kind === 'lazy' && folder === 'engines') return [];
    return refuse(
      `imports the package ${specifier}, and the library depends on none; take the client as an argument and describe what is called of it in an interface.`,
    );
  }

  const target = posix.join(posix.dirname(path), specifier);
  if (target.startsWith('..'))
    return refuse(`imports ${specifier} from outside src/, which is not published; move what is needed into src/.`);
  if (folder === undefined) {
    if (path !== 'index.ts')
      return refuse('lies beside index.ts; put it into the folder of the concept that it belongs to.');
    return isOtherEngine(target)
      ? refuse(
          `reaches ${target}, and whoever imports hindsightdb would load that engine; give the engine a subpath of its own.`,
        )
      : [];
  }
  return complaintsBetweenFolders({ path, folder, target, kind }).map((message) => ({ line, message }));
}

function complaintsBetweenFolders(edge: {
  readonly path: string;
  readonly folder: string;
  readonly target: string;
  readonly kind: Reference['kind'];
}): string[] {
  const { path, folder, target, kind } = edge;
  const targetFolder = folderOf(target);
  if (targetFolder === undefined)
    return [`imports ${target}, the list of what the package exports; import the file that defines it.`];

  if (folder === 'engines' && targetFolder === 'engines') {
    const [, own] = path.split('/');
    const [, other] = target.split('/');
    return own === other
      ? []
      : [
          `imports the engine ${other}; what both need goes as a pure function into engine/, or the resolver hands the one to the other.`,
        ];
  }
  if (folder === targetFolder) return [];
  if (folder === 'store' && targetFolder === 'engines') {
    return kind === 'lazy'
      ? []
      : [
          `imports an engine, so that every store would load it; let the resolver do it with import() when an address asks for it.`,
        ];
  }

  const mayImport = allowed.get(folder);
  if (mayImport === undefined)
    return [`is in ${folder}/, which has no rule; say in test/import-rules.ts what it may import.`];
  if (mayImport.includes(targetFolder)) return [];
  const choice =
    mayImport.length === 0 ? 'nothing but its own files' : `only ${mayImport.map((name) => `${name}/`).join(', ')}`;
  return [
    `imports ${targetFolder}/, and ${folder}/ may import ${choice}; move what is needed down to where both may reach it, or take it as an argument.`,
  ];
}

function complaintsOutside(path: string, reference: Reference, surface: PublicSurface): Complaint[] {
  const { specifier, line } = reference;
  const refuse = (message: string): Complaint[] => [{ line, message }];
  const target = specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : specifier;

  if (path.startsWith('studio/')) {
    if (target.startsWith('packages/') || isPackage(target, 'hindsightdb') || isPackage(target, 'hindsight-kit')) {
      return refuse(`imports ${specifier}; the studio speaks to the server over HTTP alone.`);
    }
    return [];
  }
  // The configuration is the user's own file, and its name is known only when the command runs.
  if (path === configLoader && specifier === '' && reference.kind === 'lazy') return [];
  const isUserOfTheLibrary = path.startsWith(kit) || path.startsWith('examples/');
  if (!isUserOfTheLibrary) return [];
  if (
    target.startsWith('packages/hindsightdb/') ||
    (isPackage(target, 'hindsightdb') && !surface.librarySubpaths.includes(target))
  ) {
    return refuse(
      `imports ${specifier}; use ${surface.librarySubpaths.join(', ')}, which is all that users of the library have.`,
    );
  }
  if (
    !path.startsWith(kit) ||
    specifier.startsWith('node:') ||
    surface.kitDependencies.some((name) => isPackage(specifier, name))
  )
    return [];
  if (!specifier.startsWith('.'))
    return refuse(
      `imports ${specifier}, which is not among the dependencies of hindsight-kit; add it to its package.json, or do without.`,
    );
  return target.startsWith(kit)
    ? []
    : refuse(`imports ${specifier} from outside src/, which is not published; move what is needed into src/.`);
}

function worldComplaints(path: string, source: Source): Complaint[] {
  const isCore = path.startsWith('core/');
  if (!portable.some((start) => path.startsWith(start))) return [];
  const complaints: Complaint[] = [];
  visitNodes(source.tree, (node, around) => {
    const parent = around.at(-1);
    if (
      node.type === 'NewExpression' &&
      isCore &&
      node.callee.type === 'Identifier' &&
      node.callee.name === 'Date' &&
      node.arguments.length === 0
    ) {
      complaints.push({
        line: lineOf(node),
        message: 'reads the clock; the core has none: take the time as an argument.',
      });
    }
    if (
      node.type === 'MemberExpression' &&
      isCore &&
      node.object.type === 'Identifier' &&
      node.property.type === 'Identifier'
    ) {
      const name = `${node.object.name}.${node.property.name}`;
      if (name === 'Date.now')
        complaints.push({
          line: lineOf(node),
          message: 'reads the clock; the core has none: take the time as an argument.',
        });
      if (name === 'Math.random')
        complaints.push({
          line: lineOf(node),
          message: 'draws a random number; take the bytes as an argument, so that a test can own them.',
        });
    }
    if (node.type !== 'Identifier' || parent === undefined) return;
    const isName =
      (parent.type === 'MemberExpression' && parent.property === node && !parent.computed) ||
      (parent.type === 'OptionalMemberExpression' && parent.property === node && !parent.computed) ||
      ('key' in parent && parent.key === node) ||
      parent.type.startsWith('TS');
    if (isName) return;
    if (namesOfNode.has(node.name) && !around.some((outer) => asksFirst(outer, node.name))) {
      complaints.push({
        line: lineOf(node),
        message: `uses ${node.name}, which browsers lack; ask first with typeof ${node.name} === 'undefined' ? … : …, or take it as an argument.`,
      });
    } else if (isCore && namesOfTheWorld.has(node.name)) {
      complaints.push({
        line: lineOf(node),
        message: `reaches ${node.name}; the core computes and nothing else: take the value or the function as an argument.`,
      });
    }
  });
  return complaints;
}

function asksFirst(node: Node, name: string): boolean {
  const asks = (part: Node): boolean =>
    part.type === 'UnaryExpression' &&
    part.operator === 'typeof' &&
    part.argument.type === 'Identifier' &&
    part.argument.name === name;
  if (node.type !== 'ConditionalExpression' || node.test.type !== 'BinaryExpression') return asks(node);
  return asks(node.test.left) || asks(node.test.right);
}

function rootComplaints(path: string, source: Source): Complaint[] {
  if (path !== 'index.ts') return [];
  return source.tree.program.body
    .filter(
      (node) =>
        node.type !== 'ExportAllDeclaration' &&
        !(node.type === 'ExportNamedDeclaration' && node.source) &&
        !isEmptyExport(node),
    )
    .map((node) => ({
      line: lineOf(node),
      message: 'defines something; index.ts re-exports only, so put it into the folder of its concept.',
    }));
}

function isEmptyExport(node: Source['tree']['program']['body'][number]): boolean {
  return node.type === 'ExportNamedDeclaration' && node.specifiers.length === 0 && !node.declaration;
}

function folderOf(path: string): string | undefined {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : undefined;
}

function isOtherEngine(target: string): boolean {
  return target.startsWith('engines/') && !target.startsWith('engines/sqlite/');
}

function isLazyEngine(reference: Reference): boolean {
  return reference.kind === 'lazy' && reference.specifier.includes('/engines/');
}

function isPackage(specifier: string, name: string): boolean {
  return specifier === name || specifier.startsWith(`${name}/`);
}
