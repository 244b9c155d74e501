import { readFileSync } from 'node:fs';

/** A request that is refused, with the reason for the user. */
export class NotAllowed extends Error {
  override readonly name = 'NotAllowed';
}

/** Of the values after a program's name in /proc/PID/stat, the first being the state: proc_pid_stat(5). */
const PARENT_AT = 1;
const START_AT = 19;

/** One process, whose number another may get when it has ended. */
export class KnownProcess {
  readonly pid: number;
  readonly #start: string;
  /** The process that has started it. */
  readonly parent: number;

  /** @throws {NotAllowed} if there is none. */
  constructor(pid: number) {
    this.pid = pid;
    const values = this.#values();
    this.parent = Number(values[PARENT_AT]);
    this.#start = values[START_AT];
  }

  /** @throws {NotAllowed} if it has ended, whoever has its number now. */
  requireSame(): void {
    if (this.#values()[START_AT] !== this.#start) throw new NotAllowed(`process ${this.pid} has ended`);
  }

  /** @throws {NotAllowed} unless all of it is the user's, or the user is root. */
  requireOwner(uid: number): void {
    const owners = /^Uid:\s+(.*)$/m.exec(this.#read('status'))?.[1].split(/\s+/).map(Number) ?? [];
    if (uid !== 0 && !owners.every((owner) => owner === uid)) throw new NotAllowed(`process ${this.pid} is not yours`);
  }

  #values(): string[] {
    const text = this.#read('stat');
    // The name may have blanks and brackets.
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  }

  #read(file: string): string {
    try {
      return readFileSync(`/proc/${this.pid}/${file}`, 'utf8');
    } catch {
      throw new NotAllowed(`there is no process ${this.pid}`);
    }
  }
}
