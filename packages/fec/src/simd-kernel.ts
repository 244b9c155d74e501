import type { WasmMemory } from '@lightspeed/memory';
import { XOR_KERNEL_BYTES } from './xor-kernel-bytes.ts';

/**
 * What is done to every byte of a packet, over one memory. Ranges are neither checked nor may they overlap: see
 * `FecMemory`, which does check.
 */
export interface XorKernel {
  /** XORs `length` bytes from `source` on into `target`, of which `filled` bytes are in use: what is beyond those is copied. */
  fold(target: number, filled: number, source: number, length: number): void;
  /** @returns 1 if `length` bytes from `offset` on are all zero, else 0. */
  isAllZero(offset: number, length: number): number;
}

declare const WebAssembly:
  | {
      readonly Module: new (bytes: Uint8Array) => object;
      readonly Instance: new (module: object, imports: { env: { memory: WasmMemory } }) => { readonly exports: unknown };
    }
  | undefined;

/** undefined until it is needed, null where it cannot be had. */
let compiled: object | null | undefined;

/** One kernel a memory, however many `FecMemory`s divide it: V8 inlines calls of a function only while it is the same one. */
const kernels = new WeakMap<WasmMemory, XorKernel>();

/** Whether this machine and program can run the SIMD kernel. Compiles it at the first call. */
export function hasSimd(): boolean {
  return kernelModule() !== null;
}

/** @returns the SIMD kernel over `memory`, null where there is none. */
export function simdKernelOver(memory: WasmMemory): XorKernel | null {
  const module = kernelModule();
  if (module === null || typeof WebAssembly === 'undefined') return null;
  let kernel = kernels.get(memory);
  if (kernel === undefined) {
    const { fold, isAllZero } = new WebAssembly.Instance(module, { env: { memory } }).exports as XorKernel;
    // Not `exports` itself: V8 gives each of those a shape of its own, and to look into one of many shapes takes 5 ns.
    kernel = { fold, isAllZero };
    kernels.set(memory, kernel);
  }
  return kernel;
}

function kernelModule(): object | null {
  if (compiled === undefined) compiled = compileKernel();
  return compiled;
}

function compileKernel(): object | null {
  if (typeof WebAssembly === 'undefined') return null;
  try {
    return new WebAssembly.Module(Uint8Array.from(XOR_KERNEL_BYTES));
  } catch {
    // No SIMD, or a page whose policy allows no wasm.
    return null;
  }
}
