/**
 * A mailer that sends nothing: it writes mails into a file. It does what a mail service must do for effects to be safe: it
 * remembers under which keys it has sent something, also from earlier lives, and sends nothing twice under one.
 */

import { mkdir, open, readFile, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A mail. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** A mailer over a file: a line of JSON for each mail. */
export class Mailer {
  readonly #file: FileHandle;
  readonly #sending = new Map<string, Promise<void>>();
  #sentCount: number;
  #repetitionCount = 0;

  private constructor(file: FileHandle, keys: readonly string[]) {
    this.#file = file;
    this.#sentCount = keys.length;
    for (const key of keys) this.#sending.set(key, Promise.resolve());
  }

  /** Opens the file of sent mails; one that is not there is made. */
  static async open(path: string): Promise<Mailer> {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(path, 'a');
    const lines = (await readFile(path, 'utf8')).split('\n');
    // What stands behind the last end of a line was being written when its writer died: it was not sent.
    const torn = lines.pop() ?? '';
    if (torn !== '') await file.truncate((await file.stat()).size - Buffer.byteLength(torn));
    return new Mailer(
      file,
      lines.map((line) => keyOf(line)),
    );
  }

  /** Mails in the file. */
  get sentCount(): number {
    return this.#sentCount;
  }

  /** How often a mail was asked for under a key that it had been sent under, since this mailer was opened. */
  get repetitionCount(): number {
    return this.#repetitionCount;
  }

  /** Sends a mail, unless one was sent under this key. Either way it is sent when this resolves. */
  async send(mail: Mail, key: string): Promise<void> {
    const before = this.#sending.get(key);
    if (before !== undefined) {
      this.#repetitionCount += 1;
      return await before;
    }
    const sending = this.#write(mail, key);
    this.#sending.set(key, sending);
    // A mail that could not be written was not sent, and may be tried again.
    sending.catch(() => this.#sending.delete(key));
    await sending;
  }

  async #write(mail: Mail, key: string): Promise<void> {
    await this.#file.appendFile(`${JSON.stringify({ key, ...mail })}\n`);
    this.#sentCount += 1;
  }

  /** Closes the file. Calling it again changes nothing. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#sending.values());
    await this.#file.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function keyOf(line: string): string {
  const mail: unknown = JSON.parse(line);
  if (typeof mail === 'object' && mail !== null && 'key' in mail && typeof mail.key === 'string') return mail.key;
  throw new Error(`This is no mail that was sent: ${line}`);
}
