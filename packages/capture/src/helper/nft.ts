import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { NftContext } from '../base/libnftables.ts';

/** nft among others is not in everybody's path. */
export const ENVIRONMENT = { PATH: '/usr/sbin:/sbin:/usr/bin:/bin', LC_ALL: 'C' };

/** A command that nft or the kernel refuses. */
class NftError extends Error {
  override readonly name = 'NftError';
}

/**
 * Takes command after command. What it makes with `flags owner` ends with it. It ends with this process, too, however that
 * comes: the kernel closes its connection then.
 */
export class Nft {
  readonly #context: NftContext;
  #isOver = false;

  /** @throws {Error} where there is no nftables. */
  constructor() {
    this.#context = new NftContext();
  }

  /**
   * One command. @returns what it has printed
   * @throws {NftError} with nft's words, if it is refused.
   */
  command(text: string): string {
    if (this.#isOver) throw new NftError('the rules are gone');
    const { output, error } = this.#context.run(text);
    if (error !== undefined) throw new NftError(firstLines(error));
    return output;
  }

  /** Ends it, and what it has made. Harmless when repeated. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#context.free();
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
