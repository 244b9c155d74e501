import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The name of the file that {@link writeSums} writes. */
const SUMS = 'SHA256SUMS';

/** Writes the SHA-256 sums of a folder's files, as `sha256sum --check` reads them. */
export function writeSums(folder: string): void {
  const names = readdirSync(folder).filter((name) => name !== SUMS);
  const lines = names.sort().map(
    (name) =>
      `${createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex')}  ${name}\n`,
  );
  writeFileSync(join(folder, SUMS), lines.join(''));
}
