/** Errors as they are kept. */

import { reasonOf } from '../core/text.ts';
import type { RecordedError } from './command.ts';

/** How much of an error's message is kept. */
const messageLengthMax = 4000;

/** An error as an outcome keeps it. */
export function recordedError(error: unknown): RecordedError {
  const message = reasonOf(error).slice(0, messageLengthMax);
  if (!(error instanceof Error)) return { name: 'Error', message };
  const code: unknown = Reflect.get(error, 'code');
  return { name: error.name, message, ...(typeof code === 'string' && { code }) };
}
