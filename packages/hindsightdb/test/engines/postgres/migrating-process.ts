/** A process that brings a schema up to date as soon as it runs, and prints how many migrations it applied. */

import { migratePostgres } from '../../../src/engines/postgres/index.ts';

const [address = '', schema = ''] = process.argv.slice(2);
const applied = await migratePostgres({ address, schema });
console.log(applied.length);
