import { readFile } from 'node:fs/promises';
import { explainFileError } from '@lightspeed/udp';
import { decodeText } from '../invite/pasted-text.ts';
import { UsageError } from './usage-error.ts';
import { userPath } from './user-path.ts';

/**
 * Reads a file that an option names, in UTF-8 or UTF-16.
 * @param otherwise what the option may be given besides a file, if anything.
 * @throws {UsageError} (rejection) if it cannot be read.
 */
export async function readText(file: string, option: string, otherwise?: string): Promise<string> {
  try {
    return decodeText(await readFile(await userPath(file)));
  } catch (thrown) {
    const allowed = `allowed is a file that you may read${otherwise === undefined ? '' : `, or ${otherwise}`}`;
    throw new UsageError(`${option} ${file}: ${explainFileError(thrown)}; ${allowed}`);
  }
}
