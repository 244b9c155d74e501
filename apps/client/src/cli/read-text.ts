import { readFile } from 'node:fs/promises';
import { explainFileError } from '@lightspeed/udp';
import { UsageError } from './usage-error.ts';
import { userPath } from './user-path.ts';

/**
 * Reads a file that an option names.
 * @param otherwise what the option may be given besides a file, if anything.
 * @throws {UsageError} (rejection) if it cannot be read.
 */
export async function readText(file: string, option: string, otherwise?: string): Promise<string> {
  try {
    return await readFile(await userPath(file), 'utf8');
  } catch (thrown) {
    const allowed = `allowed is a file that you may read${otherwise === undefined ? '' : `, or ${otherwise}`}`;
    throw new UsageError(`${option} ${file}: ${explainFileError(thrown)}; ${allowed}`);
  }
}
