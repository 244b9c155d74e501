import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const CACHE = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'lightspeed');

/** A root folder that takes long to make. It is made once, and kept in the user's cache. */
export class KeptRoot {
  /** Where it is once it was made. */
  readonly folder: string;

  /** @param name of its folder: another one when something else is in it */
  constructor(name: string) {
    this.folder = join(CACHE, name);
  }

  get isThere(): boolean {
    return existsSync(this.folder);
  }

  /** Makes it unless it is there. @param make is given a path at which nothing is; what it leaves when it fails does not count */
  async require(make: (unfinished: string) => Promise<void>): Promise<void> {
    if (this.isThere) return;
    const unfinished = `${this.folder}.unfinished`;
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(CACHE, { recursive: true });
    await make(unfinished);
    renameSync(unfinished, this.folder);
  }
}
