/** The kit run against the embedded engine, and again, where several handles matter, with each in a process of its own. */

import { suite, test } from 'node:test';
import {
  commandConformanceCases,
  conformanceCases,
  consumerConformanceCases,
  processConformanceCases,
  storeConformanceCases,
  timerConformanceCases,
} from '../../src/conformance/index.ts';
import { handlingCases } from './handling-cases.ts';
import { sqliteProcessFixture } from './process-engine.ts';
import { sqliteFixture } from './sqlite-fixture.ts';

const fixture = sqliteFixture();

/** What several handles, or what crosses to another process, matter for. */
const areasOfHandles = new Set(['sharing', 'durability', 'views of an append', 'SQL', 'SQL of views']);

suite('conformance of the embedded engine', { concurrency: 2 }, () => {
  for (const { area, name, run } of conformanceCases(fixture)) test(`${area}: ${name}`, run);
  for (const { area, name, run } of storeConformanceCases(fixture)) test(`${area}: ${name}`, run);
  for (const { area, name, run } of consumerConformanceCases(fixture)) test(`${area}: ${name}`, run);
  for (const { area, name, run } of commandConformanceCases(fixture)) test(`${area}: ${name}`, run);
  for (const { area, name, run } of timerConformanceCases(fixture)) test(`${area}: ${name}`, run);
  for (const { area, name, run } of processConformanceCases(fixture)) test(`${area}: ${name}`, run);
  for (const { area, name, run } of handlingCases(fixture)) test(`${area}: ${name}`, run);
});

suite('conformance of the embedded engine across processes', () => {
  for (const { area, name, run } of conformanceCases(sqliteProcessFixture()))
    if (areasOfHandles.has(area)) test(`${area}: ${name}`, run);
  for (const { area, name, run } of consumerConformanceCases(sqliteProcessFixture()))
    if (area === 'consumers: slices') test(`${area}: ${name}`, run);
});
