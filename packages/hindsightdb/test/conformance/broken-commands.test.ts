/** The kit is tested against command logs, timers and process managers that break one promise each. */

import {
  commandConformanceCases,
  processConformanceCases,
  timerConformanceCases,
} from '../../src/conformance/index.ts';
import { testBroken } from './broken-runtimes.ts';
import { commandsBroken } from './broken/commanding.ts';
import { timersBroken } from './broken/ringing.ts';
import { processesBroken } from './broken/stepping.ts';

testBroken('command logs', commandConformanceCases, commandsBroken);
testBroken('timers', timerConformanceCases, timersBroken);
testBroken('process managers', processConformanceCases, processesBroken);
