/**
 * An engine that does nothing: every answer is the emptiest that its type allows.
 */

import type { AppendAnswer, Engine } from '../../../src/engine/contract.ts';

/** What an engine that does nothing does in place of another. */
export function idleEngine(engine: Engine): Partial<Engine> {
  const nothing = async (): Promise<void> => undefined;
  return {
    append: async (): Promise<AppendAnswer> => ({
      kind: 'appended',
      written: { recordedAt: 0, streams: [], partitions: [] },
    }),
    answerOf: async () => undefined,
    readStream: async () => ({ events: [], version: 0, nextVersion: undefined }),
    readLog: async ({ from }) => ({ events: [], scannedTo: from, scannedEventId: undefined, isEnd: true }),
    heads: async () => Array.from({ length: engine.identity.partitionCount }, () => 0),
    eventAt: async () => undefined,
    positionAtTime: async () => 0,
    streamInfo: async (streamId) => ({
      streamId,
      version: 0,
      settings: undefined,
      settingsVersion: 0,
      lastEventId: undefined,
    }),
    listStreams: async () => [],
    keyedGet: async () => undefined,
    keyedScan: async () => [],
    keyedWrite: async () => [],
    wake: () => () => undefined,
    beginCopy: nothing,
    appendRecorded: nothing,
    endCopy: nothing,
    statistics: async () => ({}),
    close: nothing,
  };
}
