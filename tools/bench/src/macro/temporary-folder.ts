import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What must not outlive this process. */
const folders = new Set<string>();
process.once('exit', () => {
  for (const path of folders) rmSync(path, { recursive: true, force: true });
});

/** A folder for the files of one relay. */
export class TemporaryFolder implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
    folders.add(path);
  }

  static async open(): Promise<TemporaryFolder> {
    return new TemporaryFolder(await mkdtemp(join(tmpdir(), 'lightspeed-bench-')));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    folders.delete(this.path);
    await rm(this.path, { recursive: true, force: true });
  }
}
