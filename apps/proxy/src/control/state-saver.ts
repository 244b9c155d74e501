import type { WorkerSession } from '../supervisor/snapshots.ts';
import { LOOK_EVERY_MS } from './snapshot-writer.ts';
import type { SnapshotWriter } from './snapshot-writer.ts';

/** Has a {@link SnapshotWriter} look again and again while the node runs, one look at a time: the disk may be slow. */
export class StateSaver {
  readonly #writer: SnapshotWriter | undefined;
  readonly #fault: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #look: Promise<unknown> | undefined;

  /**
   * @param writer undefined where nothing is kept.
   * @param fault gets what is wrong with this program.
   */
  constructor(writer: SnapshotWriter | undefined, fault: (error: unknown) => void) {
    this.#writer = writer;
    this.#fault = fault;
  }

  start(): void {
    if (this.#writer !== undefined) this.#timer = setInterval(() => this.#next(), LOOK_EVERY_MS).unref();
  }

  /** Resolves when it writes nothing any more. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    await this.#look;
  }

  /** Writes everything now, after {@link end}. */
  async saveAll(sessions: Iterable<WorkerSession>): Promise<void> {
    await this.#writer?.write(sessions);
  }

  #next(): void {
    if (this.#look !== undefined) return;
    this.#look = this.#writer
      ?.writeIfDue(performance.now())
      .catch(this.#fault)
      .finally(() => (this.#look = undefined));
  }
}
