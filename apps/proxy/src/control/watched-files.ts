import { stat } from 'node:fs/promises';

/** A look is a call into the thread pool for each file, there and back. */
const LOOK_EVERY_MS = 700;

/**
 * Notices that files were replaced or written to. It looks when it is asked, but not again right away: no events that some
 * file systems do not have.
 */
export class WatchedFiles {
  readonly #paths: readonly string[];
  #seen: string | undefined;
  #lookedMs = -Infinity;

  constructor(paths: readonly string[]) {
    this.#paths = paths;
  }

  /** Whether anything is different from the last look, if it is time for another; not at the first one. */
  async changed(nowMs: number): Promise<boolean> {
    if (this.#paths.length === 0 || nowMs - this.#lookedMs < LOOK_EVERY_MS) return false;
    this.#lookedMs = nowMs;
    const before = this.#seen;
    this.#seen = (await Promise.all(this.#paths.map(signature))).join(' ');
    return before !== undefined && before !== this.#seen;
  }
}

async function signature(path: string): Promise<string> {
  try {
    const { ino, size, mtimeMs } = await stat(path);
    return `${ino}:${size}:${mtimeMs}`;
  } catch {
    return 'missing';
  }
}
