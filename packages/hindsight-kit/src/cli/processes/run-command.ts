/** `hindsight processes run`: process managers in the foreground. */

import type { Command } from 'commander';
import { categoryOf, type Checkpoint, type RecordedEvent, type Store } from 'hindsightdb';
import type { Consumer } from 'hindsightdb/consumers';
import { advanceProcess, runProcess, type Process, type StepData } from 'hindsightdb/processes';
import { addExamples, runAction, type Cli } from '../command.ts';
import { LetterWatch, noteState, stopAll } from '../consumers/foreground.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes, Interrupted } from '../failure.ts';
import { eventDocument, timeText } from '../history/value-text.ts';
import { GrowingTable } from '../terminal/table.ts';
import { safeText } from '../terminal/text-width.ts';
import { namedProcesses } from './declared-processes.ts';
import { causeText, stepIn, stepType } from './step-text.ts';

interface RunOptions {
  readonly drain?: true;
}

/** Adds the command to its group. */
export function addRun(group: Command, cli: Cli): void {
  const command = group
    .command('run')
    .summary('run process managers in the foreground')
    .description(
      'Runs the process managers that the configuration declares and shows their steps, until Ctrl-C: what is at hand is finished, nothing new is begun. It may run beside other processes that do the same. The commands that they issue are decided by whoever runs those: hindsight commands run. With --drain it ends when there is nothing left to do at this time, and nobody else may run them meanwhile.',
    )
    .argument('[name...]', 'the names of process managers; default: all that are declared')
    .option('--drain', 'end when there is nothing left to do now')
    .action((names: readonly string[], options: RunOptions, self: Command) =>
      runAction(cli, self, (context) => run(context, names, options)),
    );
  addExamples(command, [
    { line: 'processes run', meaning: 'all of them, until Ctrl-C' },
    { line: 'processes run unpaid --drain', meaning: 'do what is due, and end' },
  ]);
}

async function run(context: CommandContext, names: readonly string[], { drain }: RunOptions): Promise<number> {
  const processes = await namedProcesses(context, names);
  const { store } = await context.openStore({ access: 'write' });
  await using _ = store;
  const { signal } = context;
  const head = await store.head();
  const letters = new LetterWatch(context, store, ['event', 'events']);
  const running: Consumer[] = [];
  const listed = processes.map(({ name }) => name).join(', ');
  const query = [{ types: [stepType] }];
  try {
    if (drain === true) {
      context.note(`Running ${listed}.`);
      for (const process of processes) await advanceProcess(store, process, { signal });
      letters.watch(processes.map(({ name }) => name));
      await show(context, processes, store.readQuery(query, { after: head }));
    } else {
      for (const process of processes)
        running.push(await runProcess(store, process, { onState: (state) => noteState(context, process.name, state) }));
      context.note(`Running ${listed}; Ctrl-C ends it.`);
      letters.watch(processes.map(({ name }) => name));
      await Promise.race([show(context, processes, follow(store, head, signal)), endOf(running)]);
    }
  } finally {
    letters.end();
    await stopAll(running);
  }
  const setAsideCount = await letters.tell();
  if (signal.reason instanceof Interrupted) return signal.reason.exitCode;
  return setAsideCount > 0 ? exitCodes.failure : exitCodes.ok;
}

async function* follow(store: Store, after: Checkpoint, signal: AbortSignal): AsyncGenerator<RecordedEvent> {
  yield* store.subscribe({ query: [{ types: [stepType] }], after, signal });
}

/** Resolves when all have ended by themselves, as they do where a newer version is at work. */
async function endOf(running: readonly Consumer[]): Promise<void> {
  await Promise.all(running.map((each) => each.ended));
}

async function show(
  context: CommandContext,
  processes: readonly Process[],
  events: AsyncIterable<RecordedEvent>,
): Promise<void> {
  const { output, palette, widthMax } = context;
  const isWide = widthMax === undefined || widthMax >= 100;
  const table = new GrowingTable(
    [
      { title: 'TIME', paint: palette.faint },
      { title: 'INSTANCE', paint: palette.name },
      { title: 'ON', paint: palette.type },
      { title: 'ISSUED, NEXT TIMER' },
    ],
    { widthMax, paintTitle: palette.title },
  );
  table.measure([['', 'x'.repeat(14), 'x'.repeat(24)]]);
  let isFirst = true;
  for await (const event of events) {
    const step = stepIn(event);
    if (step === undefined || !processes.some(({ name }) => name === categoryOf(event.streamId))) continue;
    if (context.isJson) await output.line(JSON.stringify(eventDocument(event)));
    else {
      const time = timeText(event.recordedAt);
      const shown = isWide ? time : time.slice('yyyy-mm-dd '.length);
      const cells = [shown, safeText(event.streamId), causeText(step.on), whatFollows(step)];
      table.measure([cells.slice(0, -1)]);
      if (isFirst) await output.line(table.titleLine());
      isFirst = false;
      await output.line(table.line(cells));
    }
    await output.flush();
  }
}

function whatFollows({ commands, timers, ended }: StepData): string {
  const issued = commands.map(({ type, streamId }) => safeText(`${type} for ${streamId}`));
  const pending = Object.entries(timers).map(([timer, { dueAt }]) => `${safeText(timer)} due ${timeText(dueAt)}`);
  return [...issued, ...pending, ...(ended === true ? ['ended'] : [])].join('; ');
}
