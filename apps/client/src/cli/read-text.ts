import { readFile } from 'node:fs/promises';
import { UsageError } from './usage-error.ts';

/**
 * Reads a file that an option names.
 * @throws {UsageError} (rejection) if it cannot be read.
 */
export async function readText(file: string, option: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new UsageError(`${option}: ${why}`);
  }
}
