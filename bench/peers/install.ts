/** Installs the packages of this folder from its own lockfile when they are missing. */

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));

/** Whether they are at hand afterwards. The bench goes on without them, and says so. */
export function installPeers(log: (text: string) => void): boolean {
  if (existsSync(new URL('node_modules/.package-lock.json', import.meta.url)) && canLoadDriver()) return true;
  log('Installing the peers of bench/peers (one of them builds a native module, which takes about a minute) …');
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--no-workspaces'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status === 0 && canLoadDriver()) return true;
  log(
    'The peers could not be installed; their rows are left out. Their SQLite driver ships no binary for every platform: it needs a C++ compiler, make, Python and the headers of Node. Where the headers cannot be downloaded, name a folder that has them under include/node: npm_config_nodedir=/usr npm run bench',
  );
  return false;
}

/** The driver is built at installation; a module that was not built fails only when it is loaded. */
function canLoadDriver(): boolean {
  try {
    createRequire(import.meta.url)('sqlite3');
    return true;
  } catch {
    return false;
  }
}
