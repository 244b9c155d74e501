import { stat } from 'node:fs/promises';

/**
 * Notices that files were replaced or written to, or that others may read them now. It looks when it is asked, and relies on no
 * events, which some file systems do not have. A look is a call into the thread pool for each file, there and back.
 */
export class WatchedFiles {
  readonly #paths: readonly string[];
  #seen: string | undefined;

  constructor(paths: readonly string[]) {
    this.#paths = paths;
  }

  /** Whether anything is different from the last look; not at the first one. */
  async changed(): Promise<boolean> {
    const before = this.#seen;
    this.#seen = (await Promise.all(this.#paths.map(signature))).join(' ');
    return before !== undefined && before !== this.#seen;
  }
}

async function signature(path: string): Promise<string> {
  try {
    const { ino, size, mtimeMs, ctimeMs, mode } = await stat(path);
    return `${ino}:${size}:${mtimeMs}:${ctimeMs}:${mode}`;
  } catch {
    return 'missing';
  }
}
