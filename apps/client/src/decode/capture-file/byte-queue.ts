/** Bytes that come in pieces and are taken by fields. It holds what was not taken. */
export class ByteQueue {
  #bytes: Uint8Array = new Uint8Array(0);
  #toSkip = 0;
  #taken = 0;

  /** Bytes that were taken or skipped since the beginning: a place to name in errors. */
  get position(): number {
    return this.#taken;
  }

  /** Whether bytes are there, or are still to be skipped. */
  get isEmpty(): boolean {
    return this.#bytes.length === 0 && this.#toSkip === 0;
  }

  /** @param bytes they must not change any more. */
  add(bytes: Uint8Array): void {
    const skipped = Math.min(this.#toSkip, bytes.length);
    this.#toSkip -= skipped;
    this.#taken += skipped;
    const rest = bytes.subarray(skipped);
    this.#bytes = this.#bytes.length === 0 ? rest : Buffer.concat([this.#bytes, rest]);
  }

  /** The next `length` bytes, without taking them; undefined if not all of them have come. */
  peek(length: number): DataView | undefined {
    const { buffer, byteOffset, byteLength } = this.#bytes;
    return length > byteLength ? undefined : new DataView(buffer, byteOffset, length);
  }

  /** Takes bytes that {@link peek} has shown. */
  take(length: number): Uint8Array {
    const taken = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    this.#taken += length;
    return taken;
  }

  /** Leaves bytes out, those too that have not come yet: they are never held. */
  skip(length: number): void {
    const here = Math.min(length, this.#bytes.length);
    this.take(here);
    this.#toSkip = length - here;
  }
}
