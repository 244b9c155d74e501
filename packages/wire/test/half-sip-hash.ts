const MAX_WORD = 0xffff_ffff;

/**
 * HalfSipHash-2-4 for any message, as its authors describe it and as slow as that is: what tests compare tags with.
 * @returns u32
 */
export function halfSipHash24(key: Uint8Array, message: Uint8Array): number {
  const words = (bytes: Uint8Array) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return Array.from({ length: bytes.length / 4 }, (_, index) => view.getUint32(4 * index, true));
  };
  const padded = new Uint8Array(4 * Math.floor(message.length / 4) + 4);
  padded.set(message);
  padded[padded.length - 1] = message.length & 0xff;

  const [key0, key1] = words(key);
  let state = [key0, key1, xor(0x6c79_6765, key0), xor(0x7465_6462, key1)];
  for (const word of words(padded)) {
    state[3] = xor(state[3], word);
    for (let round = 0; round < 2; round++) state = mix(state);
    state[0] = xor(state[0], word);
  }
  state[2] = xor(state[2], 0xff);
  for (let round = 0; round < 4; round++) state = mix(state);
  return xor(state[1], state[3]);
}

function mix([a, b, c, d]: number[]): number[] {
  const a1 = add(a, b);
  const b1 = xor(rotate(b, 5), a1);
  const c1 = add(c, d);
  const d1 = xor(rotate(d, 8), c1);
  const a2 = add(rotate(a1, 16), d1);
  const d2 = xor(rotate(d1, 7), a2);
  const c2 = add(c1, b1);
  const b2 = xor(rotate(b1, 13), c2);
  return [a2, b2, rotate(c2, 16), d2];
}

function add(a: number, b: number): number {
  return (a + b) % (MAX_WORD + 1);
}

function xor(a: number, b: number): number {
  return (a ^ b) >>> 0;
}

/** To the left. */
function rotate(word: number, bits: number): number {
  return add((word * 2 ** bits) % (MAX_WORD + 1), Math.floor(word / 2 ** (32 - bits)));
}
