import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ENTRY = fileURLToPath(new URL('./relay-main.ts', import.meta.url));
const TIMEOUT_MS = 900_000;

/** A program with its options that counts what another one does, and options of Node for that other one. */
export interface Counter {
  readonly before?: readonly string[];
  readonly nodeFlags?: readonly string[];
}

/** Runs `relay-main.ts` with these words, below what counts. @returns what both have printed. @throws if it fails */
export function countedRun(words: readonly (string | number)[], { before = [], nodeFlags = [] }: Counter = {}) {
  const node = [process.execPath, '--conditions=@lightspeed/source', ...nodeFlags, ENTRY];
  const [program, ...args] = [...before, ...node, ...words.map(String)];
  return promisify(execFile)(program, args, { timeout: TIMEOUT_MS, maxBuffer: 1 << 24 });
}
