/**
 * A throwaway place for one test with faults: the folder under test, and outside of it the control file and the record.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FaultControl } from './fault-control.ts';
import { FaultProcess, type FaultProcessOptions } from './fault-process.ts';
import { StoreProcess } from './store-process.ts';

export class FaultFolder {
  /** The folder under test, as a real path. */
  readonly path: string;
  readonly recordPath: string;
  readonly control: FaultControl;
  readonly #root: string;

  constructor() {
    this.#root = realpathSync(mkdtempSync(join(tmpdir(), 'fault-')));
    this.path = join(this.#root, 'store');
    mkdirSync(this.path);
    this.recordPath = join(this.#root, 'record');
    this.control = new FaultControl(join(this.#root, 'control'));
  }

  /** The address of the store under test. */
  get storePath(): string {
    return join(this.path, 'store.db');
  }

  /** Starts a process that holds a store, under this folder's rules. */
  startStore(options: Partial<FaultProcessOptions> = {}): StoreProcess {
    return new StoreProcess({ folder: this.path, controlPath: this.control.path, ...options });
  }

  /** Starts a program in this folder, under its rules. It is given the folder as its first argument. */
  start(
    program: string,
    programArguments: readonly string[],
    options: Partial<FaultProcessOptions> & { readonly isRecorded?: boolean } = {},
  ): FaultProcess {
    const { isRecorded = false, ...rest } = options;
    const recorded = isRecorded ? { recordPath: this.recordPath } : {};
    return FaultProcess.start({
      program,
      programArguments: [this.path, ...programArguments],
      folder: this.path,
      controlPath: this.control.path,
      ...recorded,
      ...rest,
    });
  }

  /** Rules of their own for one of several processes in this folder. */
  anotherControl(): FaultControl {
    return new FaultControl(join(this.#root, 'control-of-another'));
  }

  [Symbol.dispose](): void {
    this.control.close();
    rmSync(this.#root, { recursive: true, force: true });
  }
}
