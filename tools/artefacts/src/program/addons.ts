import { sharedFile } from './program-files.ts';

const loaded = new Map<string, unknown>();

/**
 * What native code exports. It is loaded once per thread.
 * @param name such as `koffi.node`
 * @throws {Error} with what the system says, if it cannot be loaded.
 */
export function loadAddon(name: string): unknown {
  if (!loaded.has(name)) {
    const addon = { exports: {} as unknown };
    process.dlopen(addon, sharedFile(name));
    loaded.set(name, addon.exports);
  }
  return loaded.get(name);
}
