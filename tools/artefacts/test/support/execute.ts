import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { Done } from './run.ts';

/** Runs any program to its end. A program that this machine does not have rejects. */
export function execute(file: string, ...args: readonly string[]): Promise<Done> {
  return executeAnswering('', file, ...args);
}

/** The same for what asks. @param input what it reads */
export async function executeAnswering(input: string, file: string, ...args: readonly string[]): Promise<Done> {
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  // It may end without reading.
  child.stdin.on('error', () => undefined).end(input);
  const closed = once(child, 'close') as Promise<[number | null]>;
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { code, stdout, stderr };
}

/** The same for what has to succeed. @returns what it has printed */
export async function succeed(file: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await execute(file, ...args);
  if (code !== 0) throw new Error(`${[file, ...args].join(' ')} ended with ${code}: ${stderr}${stdout}`);
  return stdout;
}
