import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What is left. */
const folders = new Set<string>();
process.once('exit', () => {
  for (const path of folders) rmSync(path, { recursive: true, force: true });
});

/** A folder that does not outlive this process. */
export class TemporaryFolder implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
    folders.add(path);
  }

  static async open(): Promise<TemporaryFolder> {
    return new TemporaryFolder(await mkdtemp(join(tmpdir(), 'lightspeed-')));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    folders.delete(this.path);
    await rm(this.path, { recursive: true, force: true });
  }
}
