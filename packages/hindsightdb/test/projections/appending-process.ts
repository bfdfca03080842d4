/** A process that appends with inline views, until it is killed. Started by the tests. */

import { openStore } from '../../src/index.ts';
import { inlineDocuments, inlineTables } from './orders.ts';

const [, , path = '', own = ''] = process.argv;
const store = await openStore(path, { inline: [inlineDocuments(), inlineTables().projection] });
process.stdout.write('runs\n');
const append = async (worker: number): Promise<never> => {
  for (let index = worker; ; index += 3)
    await store.append(`order-${index % 12}`, [
      { type: 'Placed', data: { customer: `${own}${index % 5}`, cents: 5 } },
      { type: 'Paid', data: { cents: (index % 6) + 1 } },
    ]);
};
await Promise.all([0, 1, 2].map(append));
