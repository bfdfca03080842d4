/** Rules about tests. */

import type { CallExpression, Node } from '@babel/types';
import { lineOf, referencesOf, visitNodes } from '../syntax.ts';
import type { Complaint, Source } from '../syntax.ts';
import { isTest } from './house-rule.ts';
import type { HouseRule } from './house-rule.ts';

const somewhere = 'test/x.test.ts';
const asserting = "import assert from 'node:assert/strict';\n";

/** A call of `test`, `it`, `suite` or `describe`, or of one of their members. */
interface TestCall {
  readonly node: CallExpression;
  readonly callee: string;
  readonly member?: string;
  readonly name?: string;
  readonly around: readonly Node[];
}

export const testRules: readonly HouseRule[] = [
  {
    name: 'a test file asserts, strictly',
    complaints: ({ path, source }) => {
      if (source === undefined || !isTest(path)) return [];
      const specifiers = referencesOf(source).map(({ specifier }) => specifier);
      if (specifiers.includes('node:assert'))
        return [{ line: 1, message: 'imports node:assert, whose equal is loose; import node:assert/strict.' }];
      if (specifiers.includes('node:assert/strict') || specifiers.includes('fast-check')) return [];
      // What a test does may lie in a file beside it, which asserts then.
      if (specifiers.some((specifier) => specifier.startsWith('.') && !/\/src\/|requirement\.ts$/.test(specifier)))
        return [];
      return [{ line: 1, message: 'asserts nothing; import node:assert/strict and say what must hold.' }];
    },
    offenders: [
      { path: somewhere, text: "import { test } from 'node:test'; test('a store opens', () => {});" },
      {
        path: somewhere,
        text: "import { open } from '../src/store/open.ts'; test('a store opens', () => { open(); });",
      },
      { path: 'test/x.slow.ts', text: "import assert from 'node:assert'; assert.ok(1);" },
    ],
    example: { path: somewhere, text: asserting },
  },
  {
    name: 'a file of tests has a name and a place where the runner finds it',
    complaints: ({ path, source }) => {
      const isFound = isTest(path) && /^(?:(?:packages|examples)\/[^/]+\/)?test\//.test(path);
      if (source === undefined || isFound) return [];
      return testCallsIn(source)
        .filter(({ around, callee }) => around.length === 3 && callee !== 't' && callee !== 'context')
        .slice(0, 1)
        .map(({ node }) => ({
          line: lineOf(node),
          message: 'has tests that nobody runs; call it *.test.ts, or *.slow.ts when it is long, in a folder test.',
        }));
    },
    offenders: [
      { path: 'test/x.ts', text: "test('a store opens', () => {});" },
      { path: 'packages/hindsightdb/src/core/x.test.ts', text: "suite('a store', () => {});" },
    ],
    example: { path: 'test/x.ts', text: "export function openings() { test('a store opens', () => {}); }" },
  },
  {
    name: 'no test is switched off, left for later or preferred',
    complaints: ({ path, source }) => {
      if (source === undefined || !isTest(path)) return [];
      return testCallsIn(source).flatMap((call) => {
        const complaints: Complaint[] = [];
        if (call.member !== undefined && /^(?:skip|todo|only)$/.test(call.member)) {
          complaints.push({
            line: lineOf(call.node),
            message: `is marked ${call.member}; let it run, or take it out.`,
          });
        }
        for (const option of optionsOf(call.node)) {
          complaints.push({
            line: lineOf(call.node),
            message: `is marked ${option}; let it run. Where the machine may lack something, write skip: unlessPresent(…) of test/requirement.ts.`,
          });
        }
        return complaints;
      });
    },
    offenders: [
      { path: somewhere, text: "test.skip('a store opens', () => {});" },
      { path: somewhere, text: "suite.only('a store', () => {});" },
      { path: somewhere, text: "test('a store opens', { skip: true }, () => {});" },
      { path: somewhere, text: "test('a store opens', { skip: process.platform === 'linux' }, () => {});" },
      { path: somewhere, text: "test('a store opens', { todo: 'later' }, () => {});" },
      { path: somewhere, text: "test('a store opens', (t) => { t.skip(); });" },
    ],
    example: {
      path: somewhere,
      text: "test('a store opens', { skip: unlessPresent(java), timeout: 1000 }, () => { list.skip(1); });",
    },
  },
  {
    name: 'the name of a test states a promise, once',
    complaints: ({ path, source }) => {
      if (source === undefined || !isTest(path)) return [];
      const seen = new Map<Node | undefined, Set<string>>();
      return testCallsIn(source).flatMap(({ node, callee, name, around }) => {
        if (name === undefined || name === '') return [];
        const place = around.findLast((outer) => outer.type === 'BlockStatement');
        const names = seen.get(place) ?? new Set();
        seen.set(place, names);
        const complaints: Complaint[] = [];
        if (names.has(name))
          complaints.push({
            line: lineOf(node),
            message: `is the second test called "${name}"; say what is different about it.`,
          });
        names.add(name);
        if (callee !== 'test' && callee !== 'it') return complaints;
        if (/^should\b/i.test(name))
          complaints.push({
            line: lineOf(node),
            message: `hopes with "${name}"; state what is the case, like "a refused append leaves no trace".`,
          });
        if (/^test\b|\bworks\b/i.test(name))
          complaints.push({
            line: lineOf(node),
            message: `promises nothing with "${name}"; state what is the case, like "a refused append leaves no trace".`,
          });
        return complaints;
      });
    },
    offenders: [
      { path: somewhere, text: "test('should open', () => {});" },
      { path: somewhere, text: "suite('a store', () => { it('works', () => {}); });" },
      { path: somewhere, text: "test('a store opens', () => {}); test('a store opens', () => {});" },
    ],
    example: {
      path: somewhere,
      text: "suite('a', () => { test('it opens', () => {}); }); suite('b', () => { test('it opens', () => {}); }); pattern.test('should');",
    },
  },
  {
    name: 'chance in a test has a seed that can be given again',
    complaints: ({ path, source }) => {
      if (source === undefined || !/(?:^|\/)test\//.test(path) || path.includes('seed')) return [];
      const complaints: Complaint[] = [];
      visitNodes(source.tree, (node) => {
        if (
          node.type !== 'MemberExpression' ||
          node.object.type !== 'Identifier' ||
          node.property.type !== 'Identifier'
        )
          return;
        if (node.object.name !== 'Math' || node.property.name !== 'random') return;
        complaints.push({
          line: lineOf(node),
          message:
            'draws a number that nobody can draw again; take it from fast-check, or from a seed that a failure prints (a file that makes seeds has seed in its name).',
        });
      });
      return complaints;
    },
    offenders: [{ path: somewhere, text: 'const size = Math.random();' }],
    example: { path: 'bench/run.ts', text: 'const size = Math.random();' },
  },
];

function testCallsIn(source: Source): TestCall[] {
  const calls: TestCall[] = [];
  visitNodes(source.tree, (node, around) => {
    if (node.type !== 'CallExpression') return;
    const [first] = node.arguments;
    const name = first?.type === 'StringLiteral' ? first.value : undefined;
    const call = { node, around: [...around], ...(name === undefined ? {} : { name }) };
    const { callee } = node;
    if (callee.type === 'Identifier' && /^(?:test|it|suite|describe)$/.test(callee.name))
      calls.push({ ...call, callee: callee.name });
    if (
      callee.type !== 'MemberExpression' ||
      callee.object.type !== 'Identifier' ||
      callee.property.type !== 'Identifier'
    )
      return;
    if (/^(?:test|it|suite|describe|t|context)$/.test(callee.object.name))
      calls.push({ ...call, callee: callee.object.name, member: callee.property.name });
  });
  return calls;
}

function optionsOf(call: CallExpression): string[] {
  return call.arguments.flatMap((argument) => {
    if (argument.type !== 'ObjectExpression') return [];
    return argument.properties.flatMap((property) => {
      if (
        property.type !== 'ObjectProperty' ||
        property.key.type !== 'Identifier' ||
        !/^(?:skip|todo|only)$/.test(property.key.name)
      )
        return [];
      const { value } = property;
      const isDeclared =
        value.type === 'CallExpression' &&
        value.callee.type === 'Identifier' &&
        /^(?:unlessPresent|unlessSamples)$/.test(value.callee.name);
      return isDeclared ? [] : [property.key.name];
    });
  });
}
