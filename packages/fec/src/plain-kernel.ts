import type { XorKernel } from './simd-kernel.ts';
import { isAllZero, xorInto } from './xor.ts';

/** The twin of the SIMD kernel in plain TypeScript, over any bytes: the fallback, and what that one is tested against. */
export class PlainKernel implements XorKernel {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;

  constructor(bytes: Uint8Array, view: DataView) {
    this.bytes = bytes;
    this.view = view;
  }

  fold(target: number, filled: number, source: number, length: number): void {
    if (length > filled) {
      this.bytes.copyWithin(target + filled, source + filled, source + length);
      length = filled;
    }
    xorInto(this.view, target, this.view, source, length);
  }

  isAllZero(offset: number, length: number): number {
    return isAllZero(this.view, offset, length) ? 1 : 0;
  }
}
