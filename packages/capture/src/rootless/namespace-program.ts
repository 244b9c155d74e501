import { fileURLToPath } from 'node:url';

/**
 * The words that run the helper of one game, see `namespace-main.ts`. A bundle of a program has another module in place of this
 * one, because its programs are at other places.
 */
export function namespaceProgram(): readonly string[] {
  const name = `../helper/namespace-main.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`;
  return [process.execPath, fileURLToPath(new URL(name, import.meta.url))];
}
