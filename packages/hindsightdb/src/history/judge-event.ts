/** Judging stored events: does each decode, upcast and satisfy the schema of its type? */

import { HindsightError } from '../core/errors.ts';
import { removedType, type RecordedEvent } from '../core/event.ts';
import { typeOfRecord } from '../core/record.ts';
import { reasonOf } from '../core/text.ts';
import { decodeStored, upcastAll } from '../store/decode.ts';
import { complaintsOf } from '../store/encode.ts';
import type { StoredEvent } from '../store/engine-types.ts';
import type { StoreContext } from '../store/settings.ts';
import { findingAt, type HistoryFinding } from './history-finding.ts';

/** What is wrong with the events of a page. Contents that were removed are not missed. */
export async function judgeEvents(
  context: StoreContext,
  page: readonly StoredEvent[],
): Promise<readonly HistoryFinding[]> {
  const findings: HistoryFinding[] = [];
  for (const { stored, event, error } of await decodedEach(context, page)) {
    if (event === undefined)
      findings.push(findingAt(stored, { kind: 'undecodable', type: typeOf(stored), message: innerReason(error) }));
    else if (event.type !== removedType) findings.push(...(await judgeDecoded(context, event)));
  }
  return findings;
}

/** A stored event, and what it decodes to or why it does not. */
interface Decoded {
  readonly stored: StoredEvent;
  readonly event?: RecordedEvent | undefined;
  readonly error?: unknown;
}

/** A page is decoded at once, as a read does it; only where that fails, event by event. */
async function decodedEach(context: StoreContext, page: readonly StoredEvent[]): Promise<readonly Decoded[]> {
  try {
    const events = await decodeStored(context, page);
    return page.map((stored, index) => ({ stored, event: events[index] }));
  } catch {
    const each: Decoded[] = [];
    for (const stored of page) {
      try {
        const [event] = await decodeStored(context, [stored]);
        each.push({ stored, event });
      } catch (error) {
        each.push({ stored, error });
      }
    }
    return each;
  }
}

async function judgeDecoded(context: StoreContext, event: RecordedEvent): Promise<readonly HistoryFinding[]> {
  let upcast: readonly RecordedEvent[];
  try {
    upcast = upcastAll(context, [event]);
  } catch (error) {
    return [findingAt(event, { kind: 'upcast', type: event.type, message: innerReason(error) })];
  }
  const findings: HistoryFinding[] = [];
  for (const each of upcast) {
    const found = await complaintOf(context, each);
    if (found !== undefined) findings.push(findingAt(event, { ...found, type: each.type }));
  }
  return findings;
}

async function complaintOf(
  { definitions, strictTypes }: StoreContext,
  { type, data }: RecordedEvent,
): Promise<Pick<HistoryFinding, 'kind' | 'message'> | undefined> {
  const definition = definitions.get(type);
  if (definition === undefined) {
    if (!strictTypes || type.startsWith('$')) return undefined;
    return { kind: 'undeclared', message: `The event type ${JSON.stringify(type)} is not declared.` };
  }
  if (definition.schema === undefined) return undefined;
  try {
    const { issues } = await definition.schema['~standard'].validate(data);
    return issues === undefined ? undefined : { kind: 'invalid', message: complaintsOf(issues) };
  } catch (error) {
    return { kind: 'invalid', message: `Its schema failed: ${reasonOf(error)}` };
  }
}

/** Why something failed, without the place that the finding names anyway. */
function innerReason(error: unknown): string {
  return reasonOf(error instanceof HindsightError && error.cause !== undefined ? error.cause : error);
}

function typeOf({ record }: StoredEvent): string {
  try {
    return typeOfRecord(record);
  } catch {
    return '';
  }
}
