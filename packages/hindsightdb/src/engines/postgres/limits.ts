/** How large things may be on PostgreSQL. */

import { embeddedLimits, type Limits } from '../../core/limits.ts';

/** What the engine on PostgreSQL takes: ids, tags and types have to fit into an entry of an index together. */
export const postgresLimits: Limits = {
  ...embeddedLimits,
  recordBytesMax: 16 * 1024 * 1024,
  appendBytesMax: 64 * 1024 * 1024,
};
