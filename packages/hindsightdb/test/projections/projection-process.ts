/** A process that keeps a view, until it is killed. Started by the tests. */

import { openStore } from '../../src/index.ts';
import { runProjection } from '../../src/projections/index.ts';
import { orderDocuments, orderTables } from './orders.ts';

const store = await openStore(process.argv[2] ?? '');
const options = { leaseMs: 150, batchSizeMax: 20 };
await Promise.all([
  runProjection(store, orderDocuments(), options),
  runProjection(store, orderTables().projection, options),
]);
process.stdout.write('runs\n');
