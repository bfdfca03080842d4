/** The writer of another process: appends to the store of a folder and sends back when each event was acknowledged. */

import { openHindsight } from '../contestants/hindsight.ts';
import { fullScale, quickScale } from '../run/workload.ts';
import { writeWithPauses } from './live-follow.ts';
import { sampleEvent } from './sample-events.ts';

const [directory, scaleName] = process.argv.slice(2);
const store = await openHindsight(directory);
const answered = await writeWithPauses(
  (turn) => store.append('order-1', [sampleEvent(turn, 0)]),
  scaleName === 'quick' ? quickScale : fullScale,
);
await store.close();
process.send?.(answered);
process.disconnect?.();
