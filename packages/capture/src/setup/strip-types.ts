import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';

/** Makes JavaScript of the TypeScript of a checkout: the compiler would take more memory than all else. Does nothing to what is built. */
export function stripTypes(folder: string): void {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.d.ts'),
  );
  for (const file of files.map((name) => join(folder, name))) {
    const text = withoutTypes(readFileSync(file, 'utf8')).replaceAll(/(from '\.[^']*)\.ts'/g, "$1.js'");
    writeFileSync(file.replace(/ts$/, 'js'), text);
    rmSync(file);
  }
}

/** Node warns of its own function for this, which concerns nobody who installs. */
function withoutTypes(text: string): string {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    return stripTypeScriptTypes(text);
  } finally {
    process.emitWarning = emitWarning;
  }
}
