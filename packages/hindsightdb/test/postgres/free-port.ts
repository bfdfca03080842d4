/** A port of the loopback interface that nobody listens on. */

import { once } from 'node:events';
import { createServer } from 'node:net';

/** Asks the system for a port and gives it back. Another process may take it before it is used; whoever uses it finds out. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A listening socket has no port.');
  server.close();
  await once(server, 'close');
  return address.port;
}
