import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';

/** What nft prints for {@link SYNC}: so the answer to the command before is complete. */
const SYNC = 'describe udp length';
const SYNCED = /^payload expression, datatype integer.*$/m;

/** With a home that is no folder. What nft keeps of its commands would stay behind in the root folder, and would be read each time. */
const ENVIRONMENT = { PATH: '/usr/sbin:/sbin:/usr/bin:/bin', LC_ALL: 'C', HOME: '/dev/null' };

/** A command that nft or the kernel refuses. */
class NftError extends Error {
  override readonly name = 'NftError';
}

/**
 * One nft process that takes command after command. What it makes with `flags owner` ends with it, and it ends when this
 * process does, however that comes: its standard input is closed then.
 */
export class Nft {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<string>;
  #waiting: Promise<unknown> = Promise.resolve();
  #output = '';
  #heard: () => void = () => undefined;
  #hasEnded = false;

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      const end = (why: string) => {
        this.#hasEnded = true;
        this.#heard();
        resolve(why);
      };
      child.once('exit', (code, signal) => end(`nft has ended (${signal ?? `exit code ${code}`})`));
      child.once('error', (error) => end(`nft cannot be started: ${error.message}`));
    });
    child.stdin.on('error', () => undefined);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
      this.#heard();
    });
  }

  /** @throws {NftError} if there is no nft, or it cannot do anything here. */
  static async start(): Promise<Nft> {
    // Both outputs by one pipe: so an error stands before the end of its command.
    const nft = new Nft(spawn('/bin/sh', ['-c', 'exec nft -i 2>&1'], { env: ENVIRONMENT }));
    await nft.command('list tables');
    return nft;
  }

  /** Resolves with the reason when the process is gone. */
  get ended(): Promise<string> {
    return this.#ended;
  }

  /**
   * One command. @returns what it has printed
   * @throws {NftError} with nft's words, if it is refused, or nft is gone.
   */
  command(text: string): Promise<string> {
    const result = this.#waiting.then(() => this.#ask(text));
    this.#waiting = result.catch(() => undefined);
    return result;
  }

  /** Ends it, and what it has made. Resolves when that is so. */
  async end(): Promise<void> {
    if (this.#hasEnded) return;
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  async #ask(text: string): Promise<string> {
    this.#output = '';
    this.#child.stdin.write(`${text}\n${SYNC}\n`);
    for (;;) {
      const end = SYNCED.exec(this.#output);
      if (end !== null && this.#output.endsWith('\n')) {
        const said = this.#output.slice(0, end.index);
        if (/^(Error|internal|netlink):/m.test(said)) throw new NftError(firstLines(said));
        return said;
      }
      if (this.#hasEnded) throw new NftError(`${firstLines(this.#output) || 'it said nothing'}: ${await this.#ended}`);
      await new Promise<void>((resolve) => (this.#heard = resolve));
    }
  }
}

/** Runs a program of the system to its end. @throws {Error} with what it has said, if it fails. */
export async function runTool(program: string, args: readonly string[], input = ''): Promise<string> {
  const child = spawn(program, args, { env: ENVIRONMENT });
  let said = '';
  for (const output of [child.stdout, child.stderr]) output.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}: ${firstLines(said)}`);
  return said;
}

function firstLines(text: string): string {
  const [first = '', second = ''] = text.trim().split('\n');
  return `${first}${second === '' ? '' : ` / ${second.trim()}`}`.slice(0, 300);
}
