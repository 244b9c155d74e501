import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Sent once the program has printed something that this matches. */
  readonly signal?: { readonly when: RegExp; readonly name: NodeJS.Signals };
}

/** Runs a program of the lab to its end. */
export async function runProgram(file: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const program = fileURLToPath(new URL(`../../src/${file}`, import.meta.url));
  const child = spawn(process.execPath, ['--conditions=@lightspeed/source', program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { signal } = options;
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const before = signal?.when.test(printed);
    printed += chunk.toString();
    if (signal?.when.test(printed) === true && before === false) child.kill(signal.name);
  });
  const exit = once(child, 'exit') as Promise<[number | null]>;
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  return { code, stdout, stderr };
}
