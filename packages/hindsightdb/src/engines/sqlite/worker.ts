/**
 * The writer thread: a thin frame around the loop. It answers requests in their order and uses the pauses between them.
 */

import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { WriterData, WriterReply, WriterRequest } from './protocol.ts';
import { storeError, toPlainError } from './sqlite-errors.ts';
import { WriterLoop } from './writer-loop.ts';

/** How long nothing must have come in before the thread takes up work that can wait. */
const idleAfterMs = 50;

function start(): void {
  const port = parentPort;
  if (port === null) throw new Error('The writer runs as a worker thread.');
  const reply = (message: WriterReply): void => port.postMessage(message);
  // The library starts this thread itself, with this data.
  const data = workerData as WriterData;
  let loop: WriterLoop;
  try {
    loop = new WriterLoop(data);
  } catch (error) {
    reply({ kind: 'failed', error: toPlainError(storeError(error, data.open.path)) });
    port.close();
    return;
  }
  reply({ kind: 'ready', identity: loop.identity });
  const idle = setTimeout(() => {
    if (loop.idle()) idle.refresh();
  }, idleAfterMs);
  let isClosing = false;
  const note = (request: WriterRequest): WriterRequest => {
    isClosing ||= request.kind === 'close';
    return request;
  };
  const next = (): WriterRequest | undefined => {
    const received: { readonly message: WriterRequest } | undefined = receiveMessageOnPort(port);
    return received && note(received.message);
  };
  port.on('message', (request: WriterRequest) => {
    loop.serve(note(request), next, reply);
    if (isClosing) {
      clearTimeout(idle);
      port.close();
    } else idle.refresh();
  });
}

start();
