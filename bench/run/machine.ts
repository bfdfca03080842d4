/** What was measured on: without it a figure says nothing. */

import { execFileSync } from 'node:child_process';
import { statfsSync } from 'node:fs';
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os';

export interface Machine {
  readonly cpu: string;
  readonly coreCount: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly fileSystem: string;
  readonly node: string;
  readonly sqlite: string;
  /** Average count of running processes over the last minute, before the run; about 0 on a calm machine. */
  readonly loadAverage: number;
}

/** Names of `statfs` types, by their magic numbers in Linux. */
const fileSystemNames: Readonly<Record<number, string>> = {
  0xef53: 'ext4',
  0x58465342: 'xfs',
  0x9123683e: 'btrfs',
  0x2fc12fc1: 'zfs',
  0x794c7630: 'overlayfs',
  0x01021994: 'tmpfs',
};

export function describeMachine(directory: string): Machine {
  const all = cpus();
  return {
    cpu: all[0]?.model ?? 'unknown',
    coreCount: all.length,
    memoryBytes: totalmem(),
    system: `${platform()} ${release()} ${arch()}`,
    fileSystem: describeFileSystem(directory),
    node: process.version,
    sqlite: process.versions.sqlite ?? 'none',
    loadAverage: loadavg()[0] ?? Number.NaN,
  };
}

/** Whether a folder lies in memory, where a sync costs nothing and figures about durability mean nothing. */
export function isInMemory(directory: string): boolean {
  return statfsSync(directory).type === 0x01021994;
}

function describeFileSystem(directory: string): string {
  const name = fileSystemNames[statfsSync(directory).type] ?? 'unknown file system';
  try {
    const [, line = ''] = execFileSync('df', ['--output=source', directory], { encoding: 'utf8' }).split('\n');
    return `${name} on ${line.trim()}`;
  } catch {
    // Only to tell more where `df` can.
    return name;
  }
}
