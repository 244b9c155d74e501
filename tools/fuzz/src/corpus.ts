import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Inputs that broke something once, or that are hard to come by: one a line, in hexadecimal; `#` begins a comment. */
const FILE = fileURLToPath(new URL('../corpus/inputs.hex', import.meta.url));

/** The inputs of the corpus. */
export function readCorpus(): Uint8Array[] {
  const lines = readFileSync(FILE, 'utf8').split('\n');
  return lines.filter((line) => /^[0-9a-f]/.test(line)).map((line) => Uint8Array.from(Buffer.from(line.replace(/\s.*$/, ''), 'hex')));
}
