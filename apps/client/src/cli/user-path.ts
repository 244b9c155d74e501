import { access } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';

/**
 * Where a file is that the user has named. A relative path counts from the working folder, and then from the folder in which
 * the user was. That is `INIT_CWD`, if a package manager runs a script in the folder of its package.
 */
export async function userPath(file: string, { INIT_CWD = '' }: NodeJS.ProcessEnv = process.env): Promise<string> {
  if (isAbsolute(file) || INIT_CWD === '' || (await isThere(file))) return file;
  const there = join(INIT_CWD, file);
  return (await isThere(there)) ? there : file;
}

function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
