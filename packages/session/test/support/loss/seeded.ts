const TWO_POW_32 = 0x1_0000_0000;

/** A number in [0, 1) that a seed and a time give: what leaves at the same time fares the same, whatever else is sent. */
export function chanceAt(seed: number, timeMs: number): number {
  return mix((Math.imul(seed + 1, 0x9e3779b1) ^ Math.round(timeMs * 64)) | 0) / TWO_POW_32;
}

function mix(value: number): number {
  let z = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  z = Math.imul(z ^ (z >>> 16), 0x27d4eb2f);
  return (z ^ (z >>> 15)) >>> 0;
}
