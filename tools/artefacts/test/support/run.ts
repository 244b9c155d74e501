import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { MadePrograms } from './made-programs.ts';

/** What a program has done. */
export interface Done {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program that was made to its end. */
export async function run(
  { env, ...programs }: MadePrograms,
  program: 'client' | 'proxy',
  args: readonly string[],
  input = '',
): Promise<Done> {
  const [file = '', ...words] = programs[program];
  const child = spawn(file, [...words, ...args], { env });
  child.stdin.end(input);
  const closed = once(child, 'close') as Promise<[number | null]>;
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { code, stdout, stderr };
}
