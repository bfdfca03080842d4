/**
 * What a command works with: its output, the options that every command has, and the store that they name.
 */

import { dirname, resolve } from 'node:path';
import { openStore, type Store } from 'hindsightdb';
import { loadConfig, type LoadedConfig } from './config/load-config.ts';
import { UsageError } from './failure.ts';
import { Output } from './terminal/output.ts';
import { paletteFor, type Palette } from './terminal/palette.ts';
import { ProgressLine } from './terminal/progress-line.ts';
import type { World } from './world.ts';

/** The options that every command has. */
export interface SharedOptions {
  readonly store?: string;
  readonly config?: string;
  readonly json?: true;
  readonly quiet?: true;
  /** False with `--no-color`. */
  readonly color?: boolean;
}

/** How a store is opened. */
export interface OpenOptions {
  /** Default `'read'`. */
  readonly access?: 'read' | 'write';
  /** Default: a store that is not there is not made. */
  readonly create?: boolean;
  /** Whether to open it as the application does: its schemas judge what is written, its upcasters what is folded. Default: for writing. */
  readonly asApplication?: boolean;
}

/** A store, and how the user calls it. */
export interface NamedStore {
  readonly store: Store;
  readonly address: string;
}

/** What the action of a command is given. */
export class CommandContext {
  readonly world: World;
  readonly output: Output;
  readonly palette: Palette;
  readonly errorPalette: Palette;
  /** Machines read the output: one JSON document, or one on each line, and nothing else. */
  readonly isJson: boolean;
  readonly isQuiet: boolean;
  readonly #options: SharedOptions;
  #config: Promise<LoadedConfig | undefined> | undefined;

  constructor(world: World, options: SharedOptions) {
    this.world = world;
    this.output = new Output(world.stdout);
    const environment = options.color === false ? { NO_COLOR: '1' } : world.environment;
    this.palette = paletteFor(world.stdout, environment);
    this.errorPalette = paletteFor(world.stderr, environment);
    this.isJson = options.json === true;
    this.isQuiet = options.quiet === true;
    this.#options = options;
  }

  /** What `--store` says. */
  get storeOption(): string | undefined {
    return this.#options.store;
  }

  /** Aborted when the process is asked to stop. */
  get signal(): AbortSignal {
    return this.world.signal;
  }

  /** The columns of the terminal that reads the output; undefined where nothing is to be cut. */
  get widthMax(): number | undefined {
    const { isTTY, columns } = this.world.stdout;
    // Terminals that do not know their width say 0.
    return isTTY && columns > 0 ? columns : undefined;
  }

  /** The configuration, where there is one. Throws a `UsageError` where it cannot be loaded. */
  async config(): Promise<LoadedConfig | undefined> {
    this.#config ??= loadConfig(this.world.folder, this.#options.config);
    return await this.#config;
  }

  /** The address of the store: from `--store`, HINDSIGHT_STORE or the configuration. Throws a `UsageError` when none names it. */
  async address(): Promise<string> {
    const address = await this.addressIfNamed();
    if (address !== undefined) return address;
    const config = await this.config();
    throw new UsageError(
      config === undefined
        ? 'No store is named, and there is no hindsight.config.ts here or above.'
        : `No store is named; ${config.path} has no member store.`,
      ['Say which: --store ./events.db, or HINDSIGHT_STORE=./events.db.', 'Make a new one: hindsight init'],
    );
  }

  /** The same; undefined when none names it. */
  async addressIfNamed(): Promise<string | undefined> {
    const given = this.#options.store ?? this.world.environment['HINDSIGHT_STORE'];
    if (given !== undefined && given !== '') return given;
    const config = await this.config();
    const address = config?.config.store;
    return config === undefined || address === undefined ? undefined : addressFrom(dirname(config.path), address);
  }

  /** Opens the store that the options name. Close it, or let `await using` do so. */
  async openStore(options: OpenOptions = {}): Promise<NamedStore> {
    const { access = 'read', create = false, asApplication = access === 'write' } = options;
    const address = await this.address();
    // Whoever only looks at what is stored needs no configuration, and none that fails shall stand in the way.
    const config = asApplication ? (await this.config())?.config : undefined;
    const store = await openStore(address, { ...config?.options, create, readOnly: access === 'read' });
    return { store, address };
  }

  /** A sentence for people, on standard error: not part of the output. */
  note(text: string): void {
    if (!this.isQuiet) this.world.stderr.write(`${text}\n`);
  }

  /** Progress of long work. */
  progress(label: string, options: { readonly isQuiet?: boolean } = {}): ProgressLine {
    const { stderr } = this.world;
    return new ProgressLine(label, {
      stream: stderr,
      palette: this.errorPalette,
      now: () => performance.now(),
      isQuiet: this.isQuiet || options.isQuiet === true,
    });
  }

  /** One JSON document for machines. */
  async document(value: unknown): Promise<void> {
    await this.output.line(JSON.stringify(value));
  }
}

/** An address of a configuration, seen from where the command runs. */
function addressFrom(folder: string, address: string): string {
  const [, scheme = '', path = ''] = /^(sqlite:|file:(?!\/\/))?(.*)$/s.exec(address) ?? [];
  // Only paths are relative to the configuration; other schemes name places that no folder changes.
  if (/^[a-z][a-z0-9+.-]+:/i.test(path)) return address;
  return `${scheme}${resolve(folder, path)}`;
}
