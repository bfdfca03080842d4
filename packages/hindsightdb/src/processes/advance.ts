/**
 * One step, computed: the handler of an input, and what its actions make of the instance. Reads no clock and no store, so that the
 * live process manager and the simulation take the same steps.
 */

import { argumentError, HindsightError, rangeError } from '../core/errors.ts';
import { jsonTextOf } from '../core/json.ts';
import { describe } from '../core/text.ts';
import { isoOfMicros, microsOf, orderedMicrosOf } from '../core/time.ts';
import type { Gateway } from '../reactions/gateway.ts';
import { assertObject } from '../store/argument-checks.ts';
import { assertOfCategory } from '../store/load-state.ts';
import type { Issue, ProcessAction, SetTimer, Timing } from './action.ts';
import { causeOf, rejectionOf, stepIdOf, timeOf, type ProcessInput } from './input.ts';
import { handledWith, instanceAfter, type Instance } from './instance.ts';
import { plainState, type Process, type ProcessContext } from './process.ts';
import type { IssuedCommand, PendingTimer, StepData } from './step.ts';

/** A step that is to be recorded. */
export interface Step {
  readonly id: string;
  readonly data: StepData;
  readonly causationId: string;
  readonly correlationId: string | undefined;
  /** The time of the input: ISO 8601. */
  readonly at: string;
  /** The instance after it. */
  readonly after: Instance;
}

/** How questions of handlers are answered: for an input, under an id and the stream that it concerns. */
export interface Asking {
  readonly ask: <Question, Answer>(
    gateway: Gateway<Question, Answer>,
    question: Question,
    about: { readonly for: string; readonly streamId: string },
  ) => Promise<Answer>;
  readonly signal: AbortSignal;
}

/** How many actions an input may lead to. */
const actionsMax = 1000;

/** The step that an input leads an instance to; undefined where it leads to none. Throws what the handler throws. */
export async function advance(
  process: Process,
  instance: Instance,
  input: ProcessInput,
  asking: Asking,
): Promise<Step | undefined> {
  const id = stepIdOf(process.name, instance.key, input);
  const state = presentState(process, instance);
  const actions = await actionsOf(process, input, contextFor(process, { ...instance, state }, input, { id, asking }));
  // A timer that has fired is pending no more, whatever its handler wants.
  if (actions.length === 0 && input.kind === 'log') return undefined;
  return stepOfActions(process, { ...instance, state }, input, { id, actions });
}

/** The state that a handler is given: a copy, which it may spoil. */
function presentState(process: Process, { state, codeVersion }: Instance): unknown {
  const copy = structuredClone(state);
  if (codeVersion === undefined || codeVersion >= process.version || process.migrate === undefined) return copy;
  return plainState(process.migrate(copy, codeVersion));
}

function contextFor(
  { name }: Process,
  { key, state, timers }: Instance,
  input: ProcessInput,
  { id, asking }: { readonly id: string; readonly asking: Asking },
): ProcessContext {
  const about =
    input.kind === 'timer'
      ? { for: id, streamId: `${name}-${key}` }
      : { for: input.events[0].id, streamId: input.events[0].streamId };
  return {
    key,
    state,
    timers: Object.fromEntries(
      Object.entries(timers)
        .filter(([timer]) => input.kind !== 'timer' || timer !== input.timer)
        .map(([timer, { dueAt }]) => [timer, dueAt]),
    ),
    at: timeOf(input),
    ask: (gateway, question) => asking.ask(gateway, question, about),
    signal: asking.signal,
  };
}

async function actionsOf(
  process: Process,
  input: ProcessInput,
  context: ProcessContext,
): Promise<readonly ProcessAction[]> {
  const actions: ProcessAction[] = [];
  if (input.kind === 'timer') actions.push(...listed(await timerHandler(process, input.timer)(context)));
  else
    for (const event of input.events) {
      const rejection = rejectionOf(event);
      const wanted =
        rejection === undefined
          ? process.on.get(event.type)?.(event, context)
          : process.rejected.get(rejection.type)?.(rejection, context);
      actions.push(...listed(await wanted));
    }
  if (actions.length <= actionsMax) return actions;
  throw rangeError('LIMIT_EXCEEDED', `An input may lead to ${actionsMax} actions at most, not ${actions.length}.`);
}

function timerHandler({ name, version, timers }: Process, timer: string): (context: ProcessContext) => unknown {
  const handler = timers.get(timer);
  if (handler !== undefined) return handler;
  throw new HindsightError(
    'PROCESS_MISMATCH',
    `Version ${version} of the process manager ${name} does not declare the timer ${JSON.stringify(timer)}, which is due. Declare it again until no instance waits for it.`,
    { details: { process: name, timer } },
  );
}

const kinds: ReadonlySet<unknown> = new Set<ProcessAction['kind']>([
  'setTimer',
  'cancelTimer',
  'become',
  'issue',
  'endProcess',
]);

function listed(answer: unknown): readonly ProcessAction[] {
  const given: readonly unknown[] = answer === undefined ? [] : Array.isArray(answer) ? answer : [answer];
  return given.map((each) => {
    // Only the functions beside the types make objects of these kinds, and their arguments are checked where they are used.
    if (typeof each === 'object' && each !== null && kinds.has(Reflect.get(each, 'kind'))) return each as ProcessAction;
    throw argumentError(
      'INVALID_ARGUMENT',
      `A handler must return actions such as setTimer() or issue() make, several of them or nothing, not ${describe(each)}.`,
    );
  });
}

function stepOfActions(
  process: Process,
  instance: Instance,
  input: ProcessInput,
  { id, actions }: { readonly id: string; readonly actions: readonly ProcessAction[] },
): Step {
  const correlationId =
    input.kind === 'timer'
      ? input.pending.correlationId
      : (input.events[0].metadata.correlationId ?? input.events[0].id);
  const timers = new Map(Object.entries(instance.timers));
  if (input.kind === 'timer') timers.delete(input.timer);
  const commands: IssuedCommand[] = [];
  let { state } = instance;
  let isEnded = false;
  for (const action of actions)
    switch (action.kind) {
      case 'become':
        state = plainState(action.state);
        break;
      case 'setTimer':
        timers.set(declaredTimer(process, action.timer), pendingTimer(action, input, { setBy: id, correlationId }));
        break;
      case 'cancelTimer':
        timers.delete(declaredTimer(process, action.timer));
        break;
      case 'issue':
        commands.push(issued(process, action, `${id}.${commands.length + 1}`));
        break;
      case 'endProcess':
        isEnded = true;
        break;
      default:
        action satisfies never;
    }
  const data: StepData = {
    on: causeOf(input),
    ...(state !== undefined && { state }),
    commands,
    timers: isEnded ? {} : Object.fromEntries(timers),
    ...(isEnded && { ended: true }),
    version: process.version,
    handled: input.kind === 'timer' ? instance.handled : handledWith(instance.handled, input.events[0]),
  };
  return {
    id,
    data,
    causationId: input.kind === 'timer' ? input.pending.setBy : input.events[0].id,
    correlationId,
    at: timeOf(input),
    after: instanceAfter(instance.key, data, instance.streamVersion + 1),
  };
}

function declaredTimer({ name, timers }: Process, timer: string): string {
  if (timers.has(timer)) return timer;
  throw argumentError(
    'INVALID_ARGUMENT',
    `The process manager ${name} declares no timer ${describe(timer)}; name it in timers, with what is done when it fires.`,
  );
}

function pendingTimer(
  { timer, timing }: SetTimer,
  input: ProcessInput,
  { setBy, correlationId }: Pick<PendingTimer, 'setBy'> & { readonly correlationId: string | undefined },
): PendingTimer {
  const dueAt = isoOfMicros(dueMicros(timer, timing, timeOf(input)));
  return { dueAt, setBy, ...(correlationId !== undefined && { correlationId }) };
}

function dueMicros(timer: string, timing: Timing, at: string): number {
  assertObject(`The timing of the timer ${timer}`, timing);
  if ('at' in timing) {
    const micros = microsOf('at', timing.at);
    if (Number.isSafeInteger(micros)) return micros;
    throw rangeError('INVALID_ARGUMENT', `The timer ${timer} cannot be due in ${String(timing.at)}.`);
  }
  const { afterMs, from = at } = timing;
  const micros = microsOf('from', from) + Math.round(afterMs * 1000);
  if (typeof afterMs === 'number' && Number.isSafeInteger(micros)) return micros;
  throw rangeError(
    'INVALID_ARGUMENT',
    `afterMs of the timer ${timer} must be a number of milliseconds, not ${describe(afterMs)}.`,
  );
}

function issued({ name, commands: declared }: Process, { commands, command }: Issue, id: string): IssuedCommand {
  assertObject('The commands of issue()', commands);
  if (declared.get(commands.name) !== commands)
    throw argumentError(
      'INVALID_ARGUMENT',
      `The process manager ${name} does not declare the commands ${describe(commands.name)} that it issues; name them in commands.`,
    );
  assertObject('The command of issue()', command);
  if ('id' in command)
    throw argumentError('INVALID_ARGUMENT', 'A command that is issued is given its id; leave it out.');
  const { type, streamId, data, metadata, dueAt } = command;
  if (typeof type !== 'string' || !commands.schemas.has(type))
    throw argumentError('INVALID_ARGUMENT', `${commands.name} declares no command ${describe(type)}.`);
  if (typeof streamId !== 'string')
    throw argumentError('INVALID_ARGUMENT', `streamId of a command must be a text, not ${describe(streamId)}.`);
  // What can never be submitted must not get into a step, which stands for good.
  assertOfCategory(commands.category, streamId);
  if (metadata !== undefined) assertObject('metadata of a command', metadata);
  return {
    id,
    commands: commands.name,
    type,
    streamId,
    data: JSON.parse(jsonTextOf(`The data of the command ${type}`, data ?? null)),
    ...(metadata !== undefined && { metadata }),
    ...(dueAt !== undefined && { dueAt: isoOfMicros(orderedMicrosOf('dueAt', dueAt)) }),
  };
}
