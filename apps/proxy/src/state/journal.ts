import { open, readFile, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { ClientSnapshot } from './snapshot-file.ts';
import { applyChanges } from './snapshot-file.ts';

const MODE = 0o600;
const FORMAT = 1;

/**
 * What has changed since the state was saved as a whole.
 *
 * ```
 *   {"journal":1,"of":"9f86d0..."}     SHA-256 of the file that it continues: after another one it means nothing
 *   {"sessionId":7,...}                a client, in place of what was said of it before
 *   {"over":7}                         a registration that has ended
 * ```
 *
 * Lines are added and synced. The last one may be cut short after a crash; it was not promised to anybody then.
 */
export class Journal {
  readonly #file: string;
  #handle: FileHandle | undefined;
  #bytes = 0;

  constructor(file: string) {
    this.#file = file;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Adds whole lines. @param continued SHA-256 of the file that the journal continues, for a journal that begins. */
  async add(lines: string, continued: string): Promise<void> {
    if (this.#handle === undefined) {
      this.#handle = await open(this.#file, 'w', MODE);
      await this.#write(`${JSON.stringify({ journal: FORMAT, of: continued })}\n`);
    }
    await this.#write(lines);
    await this.#handle.datasync();
  }

  /** What is in it stays. */
  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }

  /** There is nothing any more that it could say. */
  async end(): Promise<void> {
    await this.close();
    this.#bytes = 0;
    await rm(this.#file, { force: true });
  }

  /** What is left of saved clients after what the journal says, if it continues the file that they are from. */
  async applyTo(saved: ClientSnapshot[], continued: string): Promise<ClientSnapshot[]> {
    const text = await readFile(this.#file, 'latin1').catch(() => '');
    const [head, ...lines] = text.split('\n').slice(0, -1);
    if (head !== JSON.stringify({ journal: FORMAT, of: continued })) return saved;
    return applyChanges(saved, lines);
  }

  async #write(text: string): Promise<void> {
    const { bytesWritten } = (await this.#handle?.write(text, null, 'latin1')) ?? { bytesWritten: 0 };
    this.#bytes += bytesWritten;
  }
}
