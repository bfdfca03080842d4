/**
 * Gateways: asking the world for what a decision needs. The answer is recorded before anybody gets it, under the event or
 * command that it is asked for, so that whoever decides again decides on the same answer.
 */

import { HindsightError } from '../core/errors.ts';
import { canonicalJson, jsonTextOf } from '../core/json.ts';
import { assertNotReplaying } from '../core/replay.ts';
import { sha256Hex } from '../core/sha256.ts';
import { assertName } from '../core/text.ts';
import { assertFunction, assertKeyedName, assertObject, assertOptionalSignal } from '../store/argument-checks.ts';
import { decodeTexts, encodeTexts, type CodedText } from '../store/codec.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import type { KeyedEntry } from '../store/engine-types.ts';
import type { StoreContext } from '../store/settings.ts';

/** What a gateway is given beside the question. */
export interface GatewayContext {
  /** The id of the event or command that the question is asked for. */
  readonly for: string;
  readonly signal: AbortSignal | undefined;
}

/** A way of asking the world. Made by {@link defineGateway}. */
export interface Gateway<Question, Answer> {
  /** Letters, digits and `._@-`. Recorded answers belong to the name. */
  readonly name: string;
  /** Asks the world. Question and answer must have a JSON form. What it throws reaches whoever asks, and nothing is recorded. */
  readonly ask: (question: Question, context: GatewayContext) => Answer | Promise<Answer>;
}

/** For what a question is asked. */
export interface AskOptions {
  /** The id of the event or of the command that needs the answer. The same question for the same id has one answer for good. */
  readonly for: string;
  /** The stream that it concerns, for a codec that encrypts by it. Default: none. */
  readonly streamId?: string;
  readonly signal?: AbortSignal;
}

/**
 * Declares a gateway; the types of question and answer are inferred. Throws a `TypeError` where it is none.
 *
 * ```ts
 * import { defineGateway } from 'hindsightdb/reactions';
 *
 * const rates = defineGateway({
 *   name: 'exchange-rates',
 *   ask: async (question: { from: string; to: string }) => {
 *     const answer = await fetch(`https://rates.example/${question.from}/${question.to}`);
 *     return Number(await answer.text());
 *   },
 * });
 * ```
 */
export function defineGateway<Question, Answer>(gateway: Gateway<Question, Answer>): Gateway<Question, Answer> {
  assertGateway(gateway);
  return gateway;
}

/**
 * Asks a gateway, unless its answer to the same question for the same id is recorded already: then gives that. The answer is
 * durable before it is given out, and is what its JSON form says. Of several who ask at once each may reach the world, and
 * all are given the one answer that was recorded first. Throws `EFFECT_IN_REPLAY` within a fold or a projection's handler.
 */
export async function ask<Question, Answer>(
  store: AnyStore,
  gateway: Gateway<Question, Answer>,
  question: Question,
  options: AskOptions,
): Promise<Answer> {
  const context = contextOf(store);
  assertGateway(gateway);
  assertNotReplaying(`The gateway ${gateway.name}`);
  assertObject('options', options);
  const { for: id, streamId = '', signal } = options;
  assertName('for', id, context.limits.idBytesMax);
  if (streamId !== '') assertName('streamId', streamId, context.limits.streamIdBytesMax);
  assertOptionalSignal(signal);
  signal?.throwIfAborted();
  const questionText = jsonTextOf('A question', question);
  const place = { key: answerKey(gateway.name, id, questionText), gateway: gateway.name, streamId };
  const known = await context.engine.keyedGet(place.key);
  // Under this key lies what this gateway answered, by the type that it declares.
  if (known !== undefined) return (await answerOf(context, place, known)) as Answer;
  const given = await gateway.ask(question, { for: id, signal });
  const recorded = await record(context, place, { questionText, answerText: jsonTextOf('An answer', given), id });
  // The JSON form of what was just answered, or of what somebody else was answered first.
  return recorded as Answer;
}

/**
 * The same gateway, cut off from the world: asked, it gives what is recorded or throws `GATEWAY_UNANSWERED`. For deciding
 * again what was decided before.
 */
export function replayingGateway<Question, Answer>(gateway: Gateway<Question, Answer>): Gateway<Question, Answer> {
  assertGateway(gateway);
  const { name } = gateway;
  return {
    name,
    ask: (question, { for: id }) => {
      throw new HindsightError(
        'GATEWAY_UNANSWERED',
        `The gateway ${name} has no recorded answer for ${JSON.stringify(id)} to this question, and is not to ask the world.`,
        { details: { gateway: name, for: id, question } },
      );
    },
  };
}

function assertGateway(gateway: unknown): void {
  assertObject('A gateway', gateway);
  assertKeyedName('The name of a gateway', Reflect.get(gateway, 'name'));
  assertFunction('ask of the gateway', Reflect.get(gateway, 'ask'));
}

/** Where an answer is kept, and what it belongs to. */
interface AnswerPlace {
  readonly key: string;
  readonly gateway: string;
  readonly streamId: string;
}

/** The digest stands last and has one length, so that an id may hold any character. */
function answerKey(gateway: string, id: string, questionText: string): string {
  const digest = sha256Hex(canonicalJson(JSON.parse(questionText))).slice(0, 32);
  return `answer/${gateway}/${id}/${digest}`;
}

/** Records an answer unless one is there by now, and gives back the one that is. */
async function record(
  context: StoreContext,
  place: AnswerPlace,
  asked: { readonly id: string; readonly questionText: string; readonly answerText: string },
): Promise<unknown> {
  const { engine, codec, now } = context;
  const texts = await encodeTexts(codec, [coded(place, asked.questionText), coded(place, asked.answerText)]);
  const value = `{"for":${JSON.stringify(asked.id)},"at":${now()},"question":${texts[0] ?? ''},"answer":${texts[1] ?? ''}}`;
  const conflicts = await engine.keyedWrite([{ key: place.key, value, expectedRevision: 0 }]);
  if (conflicts.length === 0) return JSON.parse(asked.answerText);
  const first = await engine.keyedGet(place.key);
  if (first === undefined) throw new Error('Answers are never deleted.');
  return await answerOf(context, place, first);
}

async function answerOf({ codec }: StoreContext, place: AnswerPlace, { key, value }: KeyedEntry): Promise<unknown> {
  const entry: unknown = JSON.parse(value);
  if (typeof entry !== 'object' || entry === null || !('answer' in entry))
    throw new HindsightError('STORE_CORRUPT', `The entry ${key} is not one of a gateway's answer.`);
  const [text = ''] = await decodeTexts(codec, [coded(place, JSON.stringify(entry.answer))]);
  return JSON.parse(text);
}

function coded({ gateway, streamId }: AnswerPlace, data: string): CodedText {
  return { kind: 'result', streamId, type: gateway, data };
}
