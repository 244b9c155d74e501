import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findTool } from '../../src/base/run-tool.ts';

const execute = promisify(execFile);
const MAX_OUTPUT_BYTES = 16 * 1_024 * 1_024;

/** What a container runtime needs here; undefined if all of it is there. */
export const NO_PODMAN =
  process.getuid?.() !== 0
    ? 'containers are started as root here'
    : ['podman', 'runc', 'conmon'].map((tool) => (findTool(tool) === undefined ? `no ${tool} in PATH` : undefined)).find(Boolean);

/** A container runtime with a storage of its own, in a folder. What it runs ends with it. */
export class Podman implements AsyncDisposable {
  /** Words of a command line that end before podman's own command. */
  readonly words: readonly string[];

  constructor(folder: string) {
    const [root, run] = [join(folder, 'storage'), join(folder, 'run')];
    for (const each of [root, run]) mkdirSync(each, { recursive: true });
    // Who may not raise limits gets those of this process.
    const settings = join(folder, 'containers.conf');
    writeFileSync(settings, '[containers]\ndefault_ulimits = []\n');
    this.words = [
      ...['env', `CONTAINERS_CONF=${settings}`],
      ...['podman', '--root', root, '--runroot', run, '--tmpdir', join(folder, 'tmp'), '--storage-driver', 'vfs'],
      ...['--runtime', 'runc', '--cgroup-manager', 'cgroupfs', '--events-backend', 'none', '--log-level', 'error'],
    ];
  }

  /** Runs one of its commands to its end. @throws {Error} (rejection) if that fails. */
  async do(...args: readonly string[]): Promise<string> {
    const [file = '', ...words] = [...this.words, ...args];
    return (await execute(file, words, { maxBuffer: MAX_OUTPUT_BYTES })).stdout.trim();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.do('rm', '--all', '--force', '--time', '0');
  }
}
