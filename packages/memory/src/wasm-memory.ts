/** A `WebAssembly.Memory`, named here because TypeScript knows that type only together with a browser's. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

declare const WebAssembly: { readonly Memory: new (limits: { initial: number; maximum: number }) => WasmMemory } | undefined;

const PAGE_BYTES = 65_536;

/**
 * A memory of at least `lengthBytes` bytes that never grows, so that addresses and views of it stay right.
 * @returns null where there is no WebAssembly, or no room for one memory more. Engines reserve gigabytes of addresses
 *   for each, whatever its size. So a process has room for some ten thousand.
 */
export function allocateWasmMemory(lengthBytes: number): WasmMemory | null {
  if (typeof WebAssembly === 'undefined') return null;
  const pages = Math.ceil(lengthBytes / PAGE_BYTES);
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages });
  } catch {
    return null;
  }
}
