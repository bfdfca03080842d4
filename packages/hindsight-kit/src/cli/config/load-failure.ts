/**
 * Why a configuration could not be loaded, in words that lead on. Node runs TypeScript by taking its annotations away; what
 * needs more than that (enums, parameter properties, paths of a tsconfig) it cannot load, and its own messages do not say so.
 */

/** A failure, explained. */
export interface LoadFailure {
  readonly message: string;
  readonly advice: readonly string[];
}

const erasable =
  'Node runs TypeScript by taking the types away, and this is not a type alone. Set erasableSyntaxOnly in tsconfig.json to have the compiler find such places.';

/** Explains what went wrong when a configuration, or a file that it imports, was loaded. */
export function explainLoadFailure(path: string, cause: unknown): LoadFailure {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const place = placeOf(cause);
  const where = place === undefined || place.startsWith(path) ? '' : `\n  at ${place}`;
  const message = `${place?.startsWith(path) === true ? place : path} cannot be loaded: ${firstLine(reason)}${where}`;
  return { message, advice: adviceFor(codeOf(cause), reason) };
}

function adviceFor(code: string | undefined, reason: string): readonly string[] {
  switch (code) {
    case 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX':
      return [erasable, insteadOf(reason)].filter((line) => line !== undefined);
    case 'ERR_INVALID_TYPESCRIPT_SYNTAX':
      return ['This is no valid TypeScript.'];
    case 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING':
      return ['Node does not take types away below node_modules: import the built JavaScript of that package.'];
    case 'ERR_MODULE_NOT_FOUND':
    case 'ERR_UNSUPPORTED_DIR_IMPORT':
      return adviceForMissing(reason);
    case 'ERR_UNKNOWN_FILE_EXTENSION':
      return ['Node loads .ts, .mts, .js and .mjs; it does not load .tsx or .jsx.'];
    case 'ERR_IMPORT_ATTRIBUTE_MISSING':
      return ["Import JSON like this: import data from './data.json' with { type: 'json' };"];
    default:
      return adviceForSyntax(reason);
  }
}

function insteadOf(reason: string): string | undefined {
  if (/enum/i.test(reason)) return "In place of an enum, write a union of literals: type Kind = 'paid' | 'open';";
  if (/parameter propert/i.test(reason))
    return 'In place of a parameter property, declare the field and assign it in the constructor.';
  if (/namespace|module/i.test(reason)) return 'In place of a namespace, write a module of its own.';
  if (/import.*=|export.*=/i.test(reason)) return 'In place of import x = require(…), write import x from ….';
  return undefined;
}

function adviceForMissing(reason: string): readonly string[] {
  const [, missing = ''] = /Cannot find (?:module|package) '([^']+)'/.exec(reason) ?? [];
  if (/Cannot find package/.test(reason)) {
    return /^[@~#]?\//.test(missing) || missing.startsWith('~') || missing.startsWith('#')
      ? [`Node does not know the paths of a tsconfig: write ${missing} as a relative path with its extension.`]
      : [
          `Install it with: npm install ${missing}`,
          'Where it is one of the paths of a tsconfig, write a relative path with its extension: Node does not know those.',
        ];
  }
  if (/\.[cm]?[jt]s$/.test(missing)) {
    return missing.endsWith('.js')
      ? ['Is the file a .ts? Node wants the extension that the file has: write ./name.ts.']
      : [];
  }
  return [
    "Node wants the whole name of a file: write './name.ts' in place of './name', and './folder/index.ts' in place of './folder'.",
  ];
}

function adviceForSyntax(reason: string): readonly string[] {
  const [, name] = /does not provide an export named '([^']+)'/.exec(reason) ?? [];
  if (name !== undefined)
    return [
      `If ${name} is a type, say so: import type { ${name} } from …, or import { type ${name} } from …. Node cannot tell, and looks for a value.`,
    ];
  if (/Invalid or unexpected token/.test(reason)) return ['Decorators are among what Node cannot load.'];
  if (/require is not defined/.test(reason)) return ['This is an ES module: write import in place of require.'];
  return [];
}

/** The file and line that an error names: a syntax error in the first line of its stack, one that was thrown in a later one. */
function placeOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined;
  const [first = '', ...frames] = cause.stack?.split('\n') ?? [];
  const [, path, line] =
    /^(?:file:\/\/)?(\/.*?):(\d+)$/.exec(first) ?? /file:\/\/(\/[^)]*?):(\d+):\d+/.exec(frames.join('\n')) ?? [];
  return path === undefined ? undefined : `${decodeURIComponent(path)}:${line}`;
}

function codeOf(cause: unknown): string | undefined {
  const code: unknown = typeof cause === 'object' && cause !== null ? Reflect.get(cause, 'code') : undefined;
  return typeof code === 'string' ? code : undefined;
}

function firstLine(text: string): string {
  return (
    text
      .split('\n')
      .find((line) => line.trim() !== '')
      ?.trim() ?? text
  );
}
