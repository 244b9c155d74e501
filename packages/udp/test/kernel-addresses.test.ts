import fc from 'fast-check';
import koffi from 'koffi';
import { expect, it } from 'vitest';
import { createArena } from '@lightspeed/memory';
import { AddressBook } from '@lightspeed/wire';
import { portOf, swap32, writeSockaddr } from '../src/linux/addresses.ts';
import { libc } from '../src/linux/libc.ts';
import { SendTable } from '../src/linux/send-table.ts';

const HEADER_IOVEC_POINTER = 16n;

it('adds an offset to the arena, wherever that lies, without losing a carry', () => {
  const arena = createArena(1, 100, 0);
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 0x7fff_ffff_ffffn }),
      fc.integer({ min: 0, max: 0x7fff_ffff }),
      fc.integer({ min: 0, max: 65_535 }),
      (base, offset, lengthBytes) => {
        const table = new SendTable(2, arena, { ...libc(), addressOf: () => base }, new AddressBook(), false);
        table.set(1, offset, lengthBytes, 0, 0, 0, false);
        const iovec = BigInt(koffi.decode.uint64(table.addresses[1] + HEADER_IOVEC_POINTER));
        expect(BigInt(koffi.decode.uint64(iovec))).toBe(base + BigInt(offset));
        expect(BigInt(koffi.decode.uint64(iovec + 8n))).toBe(BigInt(lengthBytes));
      },
    ),
    {
      examples: [
        [0x7f00_ffff_f000n, 0x1000, 1],
        [0x7f00_7fff_f000n, 0x1000, 1],
        [0x7f00_ffff_ffffn, 0, 1],
      ],
    },
  );
});

it('writes addresses and ports in network order and reads them back', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 0, max: 65_535 }), (ip, port) => {
      const words = new Int32Array(4);
      writeSockaddr(words, 0, ip, port);
      const view = new DataView(words.buffer);
      expect(view.getUint16(0, true)).toBe(2);
      expect(view.getUint16(2)).toBe(port);
      expect(view.getInt32(4)).toBe(ip);
      expect([swap32(words[1]), portOf(words[0])]).toEqual([ip, port]);
    }),
  );
});
