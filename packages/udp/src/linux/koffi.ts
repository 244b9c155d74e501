import { createRequire } from 'node:module';
import type * as Koffi from 'koffi';

/**
 * koffi, by which C functions are called. It is loaded on first use, because its binary is not on every system. A bundle of a
 * program has another module in place of this one, because its binary is at another place.
 * @throws {Error} where koffi has no binary, or it cannot be loaded.
 */
export function loadKoffi(): typeof Koffi {
  return createRequire(import.meta.url)('koffi') as typeof Koffi;
}
