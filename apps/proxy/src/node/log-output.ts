import { constants, openSync, writeSync } from 'node:fs';
import { Writable } from 'node:stream';

/** Some thousand lines: what nobody has read by then is too old to wait for. */
const MAX_QUEUED_BYTES = 1_048_576;
const TRY_AGAIN_MS = 50;

/**
 * Where the lines of a log go. Whoever reads them slowly, or not at all, never holds the node up. Lines wait in a queue, and are
 * dropped and counted when it is full.
 */
export class LogOutput {
  readonly #stream: Writable;
  readonly #readAgain: (droppedLines: number) => void;
  #dropped = 0;
  /** Of them those that nobody was told of yet. */
  #unsaid = 0;

  /**
   * @param stream must not block; {@link standardOutput} gives one.
   * @param readAgain told how many lines were dropped, when the queue is empty again.
   */
  constructor(stream: Writable, readAgain: (droppedLines: number) => void) {
    this.#stream = stream;
    this.#readAgain = readAgain;
    stream.on('drain', () => this.#drained());
  }

  /** Lines that were dropped since the start. */
  get droppedLines(): number {
    return this.#dropped;
  }

  write(line: string): void {
    if (this.#stream.writableLength >= MAX_QUEUED_BYTES) {
      this.#drop();
      return;
    }
    this.#stream.write(line, (error) => {
      // The reader is gone.
      if (error) this.#drop();
    });
  }

  #drop(): void {
    this.#dropped++;
    this.#unsaid++;
  }

  #drained(): void {
    const lines = this.#unsaid;
    this.#unsaid = 0;
    if (lines > 0) this.#readAgain(lines);
  }
}

/**
 * Standard output as a stream that does not block. Node's own does not where it is a pipe or a socket, but does where it is a
 * terminal, which somebody can stop with Ctrl-S.
 */
export function standardOutput(): Writable {
  if (!process.stdout.isTTY || process.platform !== 'linux') return process.stdout;
  try {
    // A description of its own: the shell's stays as it is.
    return new TerminalStream(openSync('/proc/self/fd/1', constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY));
  } catch {
    return process.stdout;
  }
}

/** Writes to a descriptor that does not block, and tries again later while it takes nothing. */
export class TerminalStream extends Writable {
  readonly #fd: number;

  /** @param fd open for as long as the program runs. */
  constructor(fd: number) {
    super({ decodeStrings: true });
    this.#fd = fd;
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    try {
      const written = writeSync(this.#fd, bytes);
      if (written === bytes.length) done();
      else this._write(bytes.subarray(written), _encoding, done);
    } catch (error) {
      const mustWait = error instanceof Error && 'code' in error && error.code === 'EAGAIN';
      if (mustWait) setTimeout(() => this._write(bytes, _encoding, done), TRY_AGAIN_MS).unref();
      // A terminal that is gone takes nothing any more, which is no reason to end.
      else done();
    }
  }
}
