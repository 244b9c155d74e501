import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * The program of the package `deno`, which lies in a package of its own for each platform, if that is installed where this
 * package can see it; else what is called `deno` by the `PATH`.
 */
export function denoExecutable(): string {
  const target = `${process.platform}-${process.arch}${process.platform === 'linux' ? '-glibc' : ''}`;
  const program = process.platform === 'win32' ? 'deno.exe' : 'deno';
  const here = createRequire(import.meta.url);
  const found = packageFolder(here, `@deno/${target}`) ?? besideDeno(here, `@deno/${target}`);
  const file = found && join(found, program);
  return file !== undefined && existsSync(file) ? file : program;
}

/** Where a package manager keeps what `deno` depends on apart from what others see. */
function besideDeno(here: NodeJS.Require, platformPackage: string): string | undefined {
  const folder = packageFolder(here, 'deno');
  return folder === undefined ? undefined : packageFolder(createRequire(join(folder, 'package.json')), platformPackage);
}

function packageFolder(from: NodeJS.Require, name: string): string | undefined {
  try {
    return dirname(from.resolve(`${name}/package.json`));
  } catch {
    return undefined;
  }
}
