import { spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Takes in lines `NUMBER COMMAND`. When no more can come, it runs the commands, that with the highest number first. */
const SWEEPER = `
last=0
while read -r number command; do
  eval "left_$number=\\$command"
  [ "$number" -le "$last" ] || last=$number
done
while [ "$last" -gt 0 ]; do
  eval "eval \\"\\$left_$last\\""
  last=$((last - 1))
done`;

let sweeper: Writable | undefined;
let count = 0;

/**
 * Has a command of the shell run when this process has ended, however it did. A shell in a session of its own sees the
 * end, and runs first what was given last.
 * @returns takes it back
 */
export function atEnd(command: string): () => void {
  sweeper ??= startSweeper();
  const number = ++count;
  sweeper.write(`${number} ${command}\n`);
  return () => void sweeper?.write(`${number} :\n`);
}

function startSweeper(): Writable {
  const shell = spawn('sh', ['-c', SWEEPER], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  shell.unref();
  // Neither keeps this process from ending. A pipe of Node's is a socket.
  if ('unref' in shell.stdin && typeof shell.stdin.unref === 'function') shell.stdin.unref();
  return shell.stdin;
}

/** Makes a folder that does not outlive this process. */
export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const { path, remove } = await mkdtempDisposable(join(tmpdir(), 'lightspeed-'));
  const forget = atEnd(`rm -rf '${path}'`);
  return { path, [Symbol.asyncDispose]: () => remove().then(forget) };
}
