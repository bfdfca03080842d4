/**
 * Where process managers keep what they remember beside their steps, in the keyed store. `docs/formats/keyed.md` describes it for
 * people.
 *
 *     issued/<name>/<nnnn>/<instance>/<version>   a step whose commands may not be submitted yet
 *
 * The fence of a slice is that of reactions; pending timers are entries of the group `process/<name>/<nnnn>`.
 */

/** The key under which a step is appended, whoever appends it. */
export function stepKey(process: string, stepId: string): string {
  return `$step/${process}/${stepId}`;
}

/** The digest behind that key: all appends of a step are the same write, of which the first one counts. */
export const stepDigest = 'step';

/** Notes of steps whose commands may not be submitted yet: of a slice, or of one of its instances. */
export function issuedPrefix(process: string, slice: number, instance?: string): string {
  const ofSlice = `issued/${process}/${digits(slice, 4)}/`;
  return instance === undefined ? ofSlice : `${ofSlice}${encodeURIComponent(instance)}/`;
}

/** The note of a step, by the version that it has in the instance's stream. */
export function issuedKey(
  process: string,
  slice: number,
  step: { readonly instance: string; readonly version: number },
): string {
  return `${issuedPrefix(process, slice, step.instance)}${digits(step.version, 16)}`;
}

/** The instance and the version that a note names. */
export function stepOfIssuedKey(key: string): { readonly instance: string; readonly version: number } {
  const [instance = '', version] = key.split('/').slice(-2);
  return { instance: decodeURIComponent(instance), version: Number(version) };
}

/** The group of the timers of a slice. */
export function timerGroup(process: string, slice: number): string {
  return `process/${process}/${digits(slice, 4)}`;
}

/** The id of a timer within its group. Names of timers hold no slash, and keys may. */
export function timerId(instance: string, timer: string): string {
  return `${timer}/${instance}`;
}

/** The instance whose timer it is. */
export function instanceOfTimer(id: string): string {
  return id.slice(id.indexOf('/') + 1);
}

function digits(count: number, width: number): string {
  return String(count).padStart(width, '0');
}
