/** Syntax trees of TypeScript sources, for the checks of this folder. */

import { parse } from '@babel/parser';
import type { Comment, File, Node } from '@babel/types';

/** A parsed source. */
export interface Source {
  readonly path: string;
  readonly text: string;
  readonly tree: File;
  readonly comments: readonly Comment[];
}

/** What `import`, `export … from`, `import()` and `import('…').Type` name. */
export interface Reference {
  readonly specifier: string;
  /** `types`: gone at run time. `lazy`: loaded when it is reached. */
  readonly kind: 'static' | 'types' | 'lazy';
  readonly line: number;
}

/** A complaint about one line. */
export interface Complaint {
  readonly line: number;
  readonly message: string;
}

/** Parses TypeScript. Throws a `SyntaxError` that names the file. */
export function sourceOf(path: string, text: string): Source {
  const tree = parse(text, {
    sourceType: 'module',
    sourceFilename: path,
    plugins: ['typescript'],
    attachComment: false,
  });
  return { path, text, tree, comments: tree.comments ?? [] };
}

/** Calls the function for each node, outermost first, with the nodes around it, innermost last. */
export function visitNodes(tree: Node, visit: (node: Node, around: readonly Node[]) => void): void {
  const around: Node[] = [];
  const step = (node: Node): void => {
    visit(node, around);
    around.push(node);
    for (const value of Object.values(node)) {
      for (const child of Array.isArray(value) ? value : [value]) {
        if (isNode(child)) step(child);
      }
    }
    around.pop();
  };
  step(tree);
}

/** The line on which a node or comment begins, counted from one. */
export function lineOf(node: Pick<Node, 'loc'> | Comment): number {
  return node.loc?.start.line ?? 1;
}

/** The line on which a node or comment ends, counted from one. */
export function lastLineOf(node: Pick<Node, 'loc'> | Comment): number {
  return node.loc?.end.line ?? 1;
}

/** Every module that a source refers to. */
export function referencesOf(source: Source): Reference[] {
  const references: Reference[] = [];
  visitNodes(source.tree, (node) => {
    const reference = referenceOf(node);
    if (reference !== undefined) references.push({ ...reference, line: lineOf(node) });
  });
  return references;
}

/** Whether something found in a tree is a node of it. */
export function isNode(value: unknown): value is Node {
  return (
    typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string' && 'loc' in value
  );
}

function referenceOf(node: Node): Omit<Reference, 'line'> | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
      return { specifier: node.source.value, kind: node.importKind === 'type' ? 'types' : 'static' };
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
      if (node.source === null || node.source === undefined) return undefined;
      return { specifier: node.source.value, kind: node.exportKind === 'type' ? 'types' : 'static' };
    case 'ImportExpression':
      return { specifier: node.source.type === 'StringLiteral' ? node.source.value : '', kind: 'lazy' };
    case 'TSImportType':
      return { specifier: node.source.value, kind: 'types' };
    case 'TSImportEqualsDeclaration':
      return node.moduleReference.type === 'TSExternalModuleReference'
        ? { specifier: literalOf(node.moduleReference.expression), kind: 'static' }
        : undefined;
    default:
      return undefined;
  }
}

function literalOf(node: Node): string {
  return node.type === 'StringLiteral' ? node.value : '';
}
