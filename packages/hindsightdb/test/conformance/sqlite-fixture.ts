/**
 * The embedded engine as the kit opens it: every log in a folder of its own, handles in this process.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineFixture } from '../../src/conformance/index.ts';
import { openSqliteEngine } from '../../src/engines/sqlite/open.ts';
import type { Engine } from '../../src/engine/contract.ts';

// Every handle starts a thread that loads the engine's code anew; compiled once, it starts in half the time.
const compiled = mkdtempSync(join(tmpdir(), 'hindsight-compiled-'));
process.env['NODE_COMPILE_CACHE'] ??= compiled;
process.on('exit', () => rmSync(compiled, { recursive: true, force: true }));

/** A fixture of the embedded engine. */
export function sqliteFixture(): EngineFixture {
  return {
    name: 'the embedded engine',
    partitionCount: 1,
    openLog: async ({ now }) => {
      const folder = await mkdtemp(join(tmpdir(), 'hindsight-kit-'));
      const handles: Engine[] = [];
      let copies = 0;
      let path = join(folder, 'log.db');
      const open = async (): Promise<Engine> => {
        const newId = (): string => crypto.randomUUID();
        const engine = await openSqliteEngine({
          address: path,
          create: true,
          readOnly: false,
          pendingAppendsMax: 100_000,
          now,
          newId,
        });
        handles.push(engine);
        return engine;
      };
      return {
        engine: await open(),
        reopen: open,
        reopenAfterLoss: () => {
          // What the files hold at this instant is what a killed process leaves. Another process reads them: this one must
          // not open them beside SQLite, whose locks would be dropped.
          const next = join(folder, `log-${(copies += 1)}.db`);
          execFileSync('sh', ['-c', 'cp "$0" "$1"; cp "$0-wal" "$1-wal"', path, next], { stdio: 'ignore' });
          path = next;
          return open();
        },
        openAnother: open,
        dispose: async () => {
          await Promise.all(handles.map((engine) => engine.close()));
          await rm(folder, { recursive: true, force: true });
        },
      };
    },
  };
}
