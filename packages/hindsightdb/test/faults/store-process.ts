/** A store in a process of its own, to be struck by faults while the test commands and questions it. */
import type { SqlStatement } from '../../src/engine/views.ts';
import type { ErrorCode, Event, StoreOptions } from '../../src/index.ts';
import { FaultProcess, type FaultProcessOptions, type ProcessEnd } from './fault-process.ts';

export type ConsoleCommand =
  | {
      readonly do: 'open';
      readonly address: string;
      readonly options?: Pick<StoreOptions, 'create' | 'readOnly' | 'pendingAppendsMax'>;
    }
  | { readonly do: 'close' | 'read' | 'head' | 'check' | 'statistics' }
  | {
      readonly do: 'append';
      readonly streamId: string;
      readonly events: readonly Event[];
      readonly options?: { readonly expectedVersion?: number; readonly key?: string };
    }
  | { readonly do: 'execute'; readonly statements: readonly SqlStatement[] }
  | { readonly do: 'query'; readonly sql: string }
  | { readonly do: 'backup'; readonly destination: string }
  | { readonly do: 'restore'; readonly source: string; readonly destination: string };

export type ConsoleEvent = {
  readonly position: number;
  readonly streamId: string;
  readonly version: number;
  readonly id: string;
  readonly data: unknown;
};

export type ConsoleAnswer =
  | { readonly kind: 'ok'; readonly value: unknown }
  /** `none` stands for an error that is not one of the library's. */
  | { readonly kind: 'error'; readonly code: ErrorCode | 'none'; readonly message: string };

export type Appended = { readonly position: number; readonly version: number; readonly isDuplicate: boolean };

/** Runs store-console.ts. Every method that fails throws the answer's text; `outcome` gives the answer itself. */
export class StoreProcess {
  readonly #process: FaultProcess;
  readonly #waiting = new Map<number, (answer: ConsoleAnswer | undefined) => void>();
  #number = 0;
  #hasEnded = false;

  constructor(options: Omit<FaultProcessOptions, 'program'>) {
    this.#process = FaultProcess.start({ program: 'store-console.ts', ...options });
    void this.#listen();
  }

  get processId(): number {
    return this.#process.processId;
  }

  /** The answer to a command: also an error is one. Throws only when the process ends without an answer. */
  async outcome(command: ConsoleCommand): Promise<ConsoleAnswer> {
    const number = this.#number++;
    const answer = await new Promise<ConsoleAnswer | undefined>((resolve) => {
      if (this.#hasEnded) return resolve(undefined);
      this.#waiting.set(number, resolve);
      this.#process.send(JSON.stringify({ number, command }));
    });
    if (answer === undefined)
      throw new Error(`the process ended before it answered "${command.do}": ${this.#process.errors}`);
    return answer;
  }

  /** The code of the error that the command is refused with; `ok` where it is not. */
  async codeOf(command: ConsoleCommand): Promise<ErrorCode | 'none' | 'ok'> {
    const answer = await this.outcome(command);
    return answer.kind === 'ok' ? 'ok' : answer.code;
  }

  async open(address: string): Promise<void> {
    await this.#value({ do: 'open', address });
  }

  async close(): Promise<void> {
    await this.#value({ do: 'close' });
  }

  async append(streamId: string, events: readonly Event[]): Promise<Appended> {
    // store-console.ts answers each command with the value of its kind; so below.
    return (await this.#value({ do: 'append', streamId, events })) as Appended;
  }

  async read(): Promise<ConsoleEvent[]> {
    return (await this.#value({ do: 'read' })) as ConsoleEvent[];
  }

  async findings(): Promise<unknown[]> {
    return (await this.#value({ do: 'check' })) as unknown[];
  }

  async execute(...texts: readonly string[]): Promise<void> {
    await this.#value({ do: 'execute', statements: texts.map((sql) => ({ sql, parameters: [] })) });
  }

  async query(sql: string): Promise<unknown[]> {
    return (await this.#value({ do: 'query', sql })) as unknown[];
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.signal(signal);
  }

  ended(): Promise<ProcessEnd> {
    return this.#process.ended();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }

  async #value(command: ConsoleCommand): Promise<unknown> {
    const answer = await this.outcome(command);
    if (answer.kind === 'error') throw new Error(`"${command.do}" failed with ${answer.code}: ${answer.message}`);
    return answer.value;
  }

  async #listen(): Promise<void> {
    for (let line = await this.#process.nextLine(); line !== undefined; line = await this.#process.nextLine()) {
      const { number, answer } = JSON.parse(line) as { readonly number: number; readonly answer: ConsoleAnswer };
      this.#waiting.get(number)?.(answer);
      this.#waiting.delete(number);
    }
    this.#hasEnded = true;
    for (const resolve of this.#waiting.values()) resolve(undefined);
  }
}
