import { extractedAddon } from './extracted-addon.ts';
import { IS_SINGLE_FILE, readSharedFile, sharedFile } from './program-files.ts';

const loaded = new Map<string, unknown>();

/**
 * What native code exports. It is loaded once per thread.
 * @param name such as `koffi.node`
 * @throws {Error} with what the system says, if it cannot be loaded.
 */
export function loadAddon(name: string): unknown {
  if (!loaded.has(name)) loaded.set(name, IS_SINGLE_FILE ? extractedAddon(name, readSharedFile(name), load) : load(sharedFile(name)));
  return loaded.get(name);
}

function load(file: string): unknown {
  const addon = { exports: {} as unknown };
  process.dlopen(addon, file);
  return addon.exports;
}
