/** TypeScript's own language server over its standard streams: what an editor asks to show a tooltip. */

import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath, pathToFileURL } from 'node:url';

const compiler = fileURLToPath(new URL('../../../../node_modules/typescript/bin/tsc', import.meta.url));

interface Message {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** One running server. Answers come in the order of the requests that they belong to, and no other. */
export class LanguageServer {
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #waiting = new Map<
    number,
    { readonly resolve: (result: unknown) => void; readonly reject: (error: Error) => void }
  >();
  readonly #open = new Set<string>();
  #received: Buffer = Buffer.alloc(0);
  #requestCount = 0;

  constructor() {
    this.#process = spawn(process.execPath, [compiler, '--lsp', '--stdio'], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#process.stdout.on('data', (chunk: Buffer) => this.#receive(chunk));
    let complaints = '';
    this.#process.stderr.on('data', (chunk: Buffer) => {
      complaints += chunk.toString();
    });
    this.#process.on('exit', (code) => {
      for (const { reject } of this.#waiting.values())
        reject(new Error(`The language server ended with ${code}: ${complaints}`));
    });
  }

  /** Says hello; to be called first. */
  async initialize(): Promise<void> {
    await this.#request('initialize', {
      processId: process.pid,
      rootUri: null,
      capabilities: { textDocument: { hover: { contentFormat: ['markdown'] } } },
    });
    this.#send({ method: 'initialized', params: {} });
  }

  /** What the tooltip at a place says, as Markdown. Line and column count from zero. */
  async hover(path: string, place: { readonly line: number; readonly character: number }): Promise<string | undefined> {
    const uri = pathToFileURL(path).href;
    if (!this.#open.has(uri)) {
      this.#open.add(uri);
      const text = await readFile(path, 'utf8');
      this.#send({
        method: 'textDocument/didOpen',
        params: { textDocument: { uri, languageId: 'typescript', version: 1, text } },
      });
    }
    const answer = await this.#request('textDocument/hover', { textDocument: { uri }, position: place });
    return markdownOf(answer);
  }

  async close(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    await this.#request('shutdown');
    this.#send({ method: 'exit' });
    this.#process.stdin.end();
    await once(this.#process, 'exit');
  }

  #request(method: string, params?: unknown): Promise<unknown> {
    this.#requestCount += 1;
    const id = this.#requestCount;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#send({ id, method, ...(params === undefined ? {} : { params }) });
    });
  }

  #send(message: Message): void {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message });
    this.#process.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    for (;;) {
      const headerLength = this.#received.indexOf('\r\n\r\n');
      if (headerLength < 0) return;
      const [, digits] = /Content-Length: (\d+)/i.exec(this.#received.toString('latin1', 0, headerLength)) ?? [];
      const start = headerLength + 4;
      const end = start + Number(digits);
      if (this.#received.length < end) return;
      const body = this.#received.toString('utf8', start, end);
      this.#received = this.#received.subarray(end);
      this.#take(JSON.parse(body) as Message);
    }
  }

  #take(message: Message): void {
    if (message.method !== undefined) {
      // A server also asks, for settings and the like. It has none from us.
      if (message.id !== undefined) this.#send({ id: message.id, result: null });
      return;
    }
    const waiting = typeof message.id === 'number' ? this.#waiting.get(message.id) : undefined;
    if (waiting === undefined) return;
    this.#waiting.delete(Number(message.id));
    if (message.error === undefined) waiting.resolve(message.result);
    else waiting.reject(new Error(JSON.stringify(message.error)));
  }
}

function markdownOf(hover: unknown): string | undefined {
  if (typeof hover !== 'object' || hover === null || !('contents' in hover)) return undefined;
  const { contents } = hover;
  if (typeof contents === 'object' && contents !== null && 'value' in contents && typeof contents.value === 'string')
    return contents.value;
  return undefined;
}
