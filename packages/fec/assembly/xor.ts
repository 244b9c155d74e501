/**
 * The XOR kernel, in AssemblyScript: TypeScript's syntax over WebAssembly's types and instructions, compiled by
 * `nx kernel fec` into src/xor-kernel-bytes.ts. It works in place on the memory that it imports, and trusts its caller.
 * src/memory.ts has checked that every range lies within that memory, and that target and source do not overlap.
 */

/** XORs `length` bytes from `source` on into `target`, of which `filled` bytes are in use: what is beyond those is copied. */
export function fold(target: usize, filled: usize, source: usize, length: usize): void {
  if (length > filled) {
    memory.copy(target + filled, source + filled, length - filled);
    length = filled;
  }
  const end = target + (length & ~15);
  while (target < end) {
    v128.store(target, v128.xor(v128.load(target), v128.load(source)));
    target += 16;
    source += 16;
  }
  if (length & 8) {
    store<u64>(target, load<u64>(target) ^ load<u64>(source));
    target += 8;
    source += 8;
  }
  if (length & 4) {
    store<u32>(target, load<u32>(target) ^ load<u32>(source));
    target += 4;
    source += 4;
  }
  if (length & 2) {
    store<u16>(target, load<u16>(target) ^ load<u16>(source));
    target += 2;
    source += 2;
  }
  if (length & 1) store<u8>(target, load<u8>(target) ^ load<u8>(source));
}

/** Whether `length` bytes from `offset` on are all zero: 1 or 0. */
export function isAllZero(offset: usize, length: usize): i32 {
  const end = offset + (length & ~15);
  while (offset < end) {
    if (v128.any_true(v128.load(offset))) return 0;
    offset += 16;
  }
  let rest: u64 = 0;
  if (length & 8) {
    rest |= load<u64>(offset);
    offset += 8;
  }
  if (length & 4) {
    rest |= load<u32>(offset);
    offset += 4;
  }
  if (length & 2) {
    rest |= load<u16>(offset);
    offset += 2;
  }
  if (length & 1) rest |= load<u8>(offset);
  return i32(rest == 0);
}
