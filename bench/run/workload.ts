/** What a workload is: variants that are measured in turn, stores that they need, and the ratios that we care for. */

/** Figures of one measurement. The name tells the unit: `…PerSecond`, `…Ms`, `…Bytes`, `…Count`. */
export type Figures = Readonly<Record<string, number>>;

/** How much is done. `quick` shows that everything works; only `full` gives figures to publish. */
export interface Scale {
  readonly name: 'full' | 'quick';
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Events of the log that is read from end to end. */
  readonly readEventCount: number;
  /** Sizes of the logs that are grown, in events; the last one is also read for memory. */
  readonly logSizes: readonly number[];
}

export interface MeasureContext {
  readonly scale: Scale;
  /** An empty folder for this measurement alone. */
  readonly directory: string;
  /** The folder of a fixture that the variant or its workload names. */
  readonly fixture: (name: string) => string;
  /** Says on stderr how far the work is. */
  readonly progress: (text: string) => void;
}

/** One of the things compared. Measured in a process of its own, so that none inherits another's heap or compiled code. */
export interface Variant {
  readonly name: string;
  /** What an acknowledged append survives, for the reader of the results. */
  readonly durability: string;
  /** Names of fixtures that must stand before it is measured. */
  readonly fixtures?: readonly string[];
  /** Needs the packages in `bench/peers`. */
  readonly needsPeers?: true;
  /** Only the first so many repetitions, for variants that take long and vary little. */
  readonly repetitionsMax?: number;
  readonly measure: (context: MeasureContext) => Promise<Figures>;
}

/** A store prepared once a run, in a process of its own, and used by several measurements. */
export interface Fixture {
  readonly name: string;
  readonly needsPeers?: true;
  readonly build: (context: Omit<MeasureContext, 'fixture'>) => Promise<void>;
}

/** A ratio with the value that it must reach and the one that we aim at. */
export interface Target {
  readonly title: string;
  readonly of: FigureOf;
  /** Absent: the figure itself is judged, not a ratio. */
  readonly against?: FigureOf;
  readonly better: 'higher' | 'lower';
  readonly must: number;
  readonly aim?: number;
  /** How the value is written: `×` for a ratio, or a unit. */
  readonly unit: string;
  /** Divides the figure before it is judged and shown, to bring it to `unit`. */
  readonly divisor?: number;
}

export interface FigureOf {
  /** Of several, the one that did best counts. */
  readonly variants: readonly string[];
  readonly figure: string;
}

export interface Workload {
  readonly name: string;
  readonly title: string;
  /** One paragraph for the results page: what exactly is done. */
  readonly explanation: string;
  readonly variants: (scale: Scale) => readonly Variant[];
  readonly fixtures?: (scale: Scale) => readonly Fixture[];
  readonly targets: (scale: Scale) => readonly Target[];
}

export const fullScale: Scale = {
  name: 'full',
  warmUpMs: 1500,
  measureMs: 3000,
  readEventCount: 500_000,
  logSizes: [100_000, 1_000_000, 10_000_000],
};

export const quickScale: Scale = {
  name: 'quick',
  warmUpMs: 400,
  measureMs: 600,
  readEventCount: 50_000,
  logSizes: [10_000, 30_000, 100_000],
};
