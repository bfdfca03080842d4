/**
 * The options of `hindsight import` for CloudEvents and for OCEL.
 */

import type { Command } from 'commander';
import type { Limits } from 'hindsightdb';
import { attributeName } from '../formats/cloudevents/attributes.ts';
import { cloudEventsFormat } from '../formats/cloudevents/cloudevents-format.ts';
import type { InputFormat } from '../formats/import/input-format.ts';
import { UsageError } from './failure.ts';

/** The options as commander gathers them. */
export interface ObjectLogOptions {
  readonly category?: string | false;
  readonly streamBy?: string;
  readonly timeZone?: string;
}

/** Adds the options. */
export function addObjectLogOptions(command: Command): Command {
  return command
    .optionsGroup('CloudEvents and OCEL:')
    .option(
      '--stream-by <name>',
      'CloudEvents: the attribute that names the stream; default: subject. OCEL: the object type whose objects do; default: the first object of the event',
    );
}

/** CloudEvents with everything that the options say of them. Throws a `UsageError`. */
export function cloudEventsFormatOf({ streamBy = 'subject', category }: ObjectLogOptions, limits: Limits): InputFormat {
  if (!attributeName.test(streamBy))
    throw new UsageError(`--stream-by ${JSON.stringify(streamBy)} cannot be the name of an attribute.`, [
      'Such names have lower-case letters and digits only, like subject, source or partitionkey.',
    ]);
  return cloudEventsFormat({ streamBy, category: typeof category === 'string' ? category : null }, limits);
}
