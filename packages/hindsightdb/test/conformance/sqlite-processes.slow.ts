/** The whole kit run against the embedded engine with every handle in a process of its own. */

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

const fixture = sqliteProcessFixture();

suite('conformance of the embedded engine across processes', { concurrency: 2 }, () => {
  for (const { area, name, run } of conformanceCases(fixture)) test(`${area}: ${name}`, run);
  for (const { area, name, run } of storeConformanceCases(fixture)) test(`${area}: ${name}`, run);
  for (const { area, name, run } of consumerConformanceCases(fixture)) test(`${area}: ${name}`, run);
  for (const { area, name, run } of commandConformanceCases(fixture)) test(`${area}: ${name}`, run);
  for (const { area, name, run } of timerConformanceCases(fixture)) test(`${area}: ${name}`, run);
  for (const { area, name, run } of processConformanceCases(fixture)) test(`${area}: ${name}`, run);
  for (const { area, name, run } of handlingCases(fixture)) test(`${area}: ${name}`, run);
});
