import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FecHeader } from '@lightspeed/wire';

// What the engine can do is found out once a program: each test loads the package anew.
beforeEach(() => {
  vi.resetModules();
});
afterEach(() => {
  vi.unstubAllGlobals();
});

/** A constructor that fails. */
function throws(message: string) {
  return function () {
    throw new RangeError(message);
  };
}

const real = (globalThis as unknown as { WebAssembly: object }).WebAssembly;
const memberOf = (name: string): unknown => (real as Record<string, unknown>)[name];
const engines = [
  { engine: 'an engine without WebAssembly', WebAssembly: undefined, available: 'plain' },
  {
    engine: 'an engine without SIMD, or a page whose policy allows no wasm',
    WebAssembly: { Module: throws('no SIMD'), Instance: memberOf('Instance'), Memory: memberOf('Memory') },
    available: 'plain',
  },
  {
    engine: 'a process that has no addresses left for one more WebAssembly.Memory',
    WebAssembly: { Module: memberOf('Module'), Instance: memberOf('Instance'), Memory: throws('could not allocate memory') },
    available: 'simd',
  },
];

it.each(engines)('$engine', async ({ WebAssembly, available }) => {
  vi.stubGlobal('WebAssembly', WebAssembly);
  const { FecDecoder, FecEncoder, FecMemory, availableKernel } = await import('@lightspeed/fec');
  expect(availableKernel()).toBe(available);
  const memory = FecMemory.allocate(4);
  expect(memory.kernel).toBe('plain');

  const encoder = new FecEncoder(2, { memory });
  const decoder = new FecDecoder({ memory });
  encoder.addPacket(Uint8Array.of(1, 2, 3));
  const parity = encoder.addPacket(Uint8Array.of(9, 8));
  decoder.receiveData(FecHeader.data(0, 1, 2), Uint8Array.of(9, 8), 0);
  const recovered = decoder.receiveParity(FecHeader.parity(0, 2), parity ?? new Uint8Array(2), 0);
  expect(recovered).toEqual({ index: 0, payload: Uint8Array.of(1, 2, 3) });
});

it('a WebAssembly.Memory is used in plain TypeScript too where its engine has no SIMD', async () => {
  const Memory = memberOf('Memory') as new (pages: { initial: number }) => { readonly buffer: ArrayBuffer };
  vi.stubGlobal('WebAssembly', { Module: throws('no SIMD'), Instance: memberOf('Instance'), Memory });
  const { FecMemory } = await import('@lightspeed/fec');
  const arena = new Memory({ initial: 1 });
  const memory = new FecMemory(arena, 0, 4_000);
  expect(memory.kernel).toBe('plain');
  const block = memory.take();
  memory.bytes[2_000] = 7;
  memory.fold(block, 0, memory.view, 2_000, 1);
  expect(new Uint8Array(arena.buffer)[block]).toBe(7);
});

it('with SIMD, a memory of its own has it', async () => {
  const { FecMemory, availableKernel } = await import('@lightspeed/fec');
  expect(availableKernel()).toBe('simd');
  for (const blocks of [0, 1, 100]) expect(FecMemory.allocate(blocks).kernel).toBe('simd');
});
