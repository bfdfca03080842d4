/**
 * Runs the command. `bin/hindsight.js` imports this file once it knows that this Node can.
 */

import { readFileSync } from 'node:fs';
import { createProgram } from './program.ts';
import { reportFailure } from './report-failure.ts';
import { outliveReader } from './terminal/output.ts';
import { processWorld } from './world.ts';

// The package's own description lies two folders up, both in the sources and in what is published.
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};

// Said of a project's own package.json, which is no matter of whoever looks into a store.
process.removeAllListeners('warning');
process.on('warning', (warning) => {
  if ('code' in warning && warning.code === 'MODULE_TYPELESS_PACKAGE_JSON') return;
  process.stderr.write(`${warning.name}: ${warning.message}\n`);
});

const world = processWorld();
outliveReader(world.stdout);
const args = process.argv.slice(2);
let ended = 0;
try {
  const program = createProgram({ world, end: (exitCode) => (ended = exitCode) }, version);
  await program.parseAsync(args, { from: 'user' });
} catch (error) {
  ended = reportFailure(error, world, { isJson: args.includes('--json') });
}
process.exitCode = ended;
