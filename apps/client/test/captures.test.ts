import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LinkType } from '../src/decode/capture-file/captured-frame.ts';
import type { CapturedFrame } from '../src/decode/capture-file/captured-frame.ts';
import { FragmentStore } from '../src/decode/capture-file/fragment-store.ts';
import { frameReaderFor } from '../src/decode/capture-file/frame-reader.ts';
import { datagramIn } from '../src/decode/capture-file/udp-datagram.ts';
import { TO_NODE, block, ethernet, interfaceBlock, ipv4, ipv6, packetBlock, pcap, section, udp } from './support/captures.ts';
import type { Ends } from './support/captures.ts';

const PAYLOAD = Uint8Array.from({ length: 40 }, (_, index) => index);
const V6: Ends = {
  ...TO_NODE,
  source: [0x20, 1, ...new Array<number>(13).fill(0), 1],
  destination: [0x20, 1, ...new Array<number>(13).fill(0), 2],
};

/** Reads a capture in pieces of so many bytes. */
function framesIn(file: Uint8Array, pieceBytes = file.length): CapturedFrame[] {
  const reader = frameReaderFor(file);
  if (reader === undefined) return [];
  const frames: CapturedFrame[] = [];
  for (let at = 0; at < file.length; at += pieceBytes) {
    reader.add(file.subarray(at, at + pieceBytes));
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) frames.push(frame);
  }
  reader.end();
  return frames;
}

const frames = fc.array(
  fc.record({ timeNs: fc.bigInt({ min: 0n, max: 4_000_000_000_000_000_000n }), bytes: fc.uint8Array({ maxLength: 90 }) }),
  {
    maxLength: 8,
  },
);
const shape = fc.record({ isLittle: fc.boolean(), isNano: fc.boolean() });
const kept = (all: readonly CapturedFrame[]) => all.map(({ timeNs, linkType, bytes }) => ({ timeNs, linkType, bytes: [...bytes] }));

describe('a capture', () => {
  it('in pcap is read as it was written, in pieces of any size', () => {
    fc.assert(
      fc.property(frames, shape, fc.integer({ min: 1, max: 70 }), (written, form, piece) => {
        const unit = form.isNano ? 1n : 1_000n;
        const expected = written.map(({ timeNs, bytes }) => ({ timeNs: (timeNs / unit) * unit, linkType: 101, bytes: [...bytes] }));
        expect(kept(framesIn(pcap(written, 101, form), piece))).toEqual(expected);
      }),
    );
  });

  it('in pcapng is read as it was written: two interfaces, all kinds of blocks, sections of both byte orders', () => {
    fc.assert(
      fc.property(frames, frames, fc.integer({ min: 1, max: 70 }), (little, big, piece) => {
        const parts = [true, false].flatMap((isLittle) => {
          const own = (isLittle ? little : big).flatMap(({ timeNs, bytes }) => [
            packetBlock(6, 1, timeNs, bytes, isLittle),
            block(0x0bad, Buffer.alloc(40), isLittle),
            packetBlock(2, 0, timeNs / 1_000n, bytes, isLittle),
            packetBlock(3, 0, 0n, bytes, isLittle),
          ]);
          return [section(isLittle), interfaceBlock(1, false, isLittle), interfaceBlock(276, true, isLittle), ...own];
        });
        const expected = [...little, ...big].flatMap(({ timeNs, bytes }) => [
          { timeNs, linkType: 276, bytes: [...bytes] },
          { timeNs: (timeNs / 1_000n) * 1_000n, linkType: 1, bytes: [...bytes] },
          { timeNs: undefined, linkType: 1, bytes: [...bytes] },
        ]);
        expect(kept(framesIn(Buffer.concat(parts), piece))).toEqual(expected);
      }),
    );
  });

  it('that is damaged is refused with one code, and never holds more than it was given', () => {
    const starts = [pcap([]), Buffer.concat([section(), interfaceBlock(1, false)]), section(false)];
    fc.assert(
      fc.property(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 200 }), (start, rest) => {
        try {
          framesIn(Buffer.concat([start, rest]), 50);
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_CLIENT_DAMAGED_CAPTURE' });
        }
      }),
    );
  });

  it.each([
    ['a frame of 4 GB', Buffer.concat([pcap([]), Buffer.alloc(16, 0xff)]), 'a frame has 4294967295 bytes; allowed are 262144'],
    ['an end within a frame', pcap([{ timeNs: 0n, bytes: PAYLOAD }]).subarray(0, 70), 'it ends within frame 1'],
    [
      'a frame of an interface that there is not',
      Buffer.concat([section(), packetBlock(6, 0, 0n, PAYLOAD)]),
      'of interface 0; there are 0',
    ],
    ['a block that says two lengths', Buffer.concat([section().fill(0, 24), interfaceBlock(1, false)]), 'a block says two lengths'],
  ])('with %s says so', (_what, file, words) => {
    expect(() => framesIn(file)).toThrow(expect.objectContaining({ code: 'ERR_CLIENT_DAMAGED_CAPTURE' }));
    expect(() => framesIn(file)).toThrow(words);
  });
});

describe('a frame', () => {
  const over = (linkType: number, bytes: Uint8Array) => datagramIn(linkType, bytes, new FragmentStore());
  const four = ipv4(TO_NODE, udp(TO_NODE, PAYLOAD));
  const six = ipv6(V6, udp(V6, PAYLOAD));
  const behind = (head: readonly number[], ip: Uint8Array) => Uint8Array.from([...head, ...ip]);
  const zeros = (count: number) => new Array<number>(count).fill(0);

  it.each<[string, number, Uint8Array]>([
    ['Ethernet', LinkType.ethernet, ethernet(four)],
    ['Ethernet filled up to its least length', LinkType.ethernet, behind([...ethernet(four)], Uint8Array.of(0, 0, 0, 0))],
    ['Ethernet with two VLAN tags', LinkType.ethernet, ethernet(four, [0x88, 0xa8, 0, 1, 0x81, 0, 0, 2])],
    ['PPPoE', LinkType.ethernet, behind([...zeros(12), 0x88, 0x64, 0x11, 0, 0, 1, 0, 70, 0, 0x21], four)],
    ['Linux cooked', LinkType.cooked, behind([...zeros(14), 8, 0], four)],
    ['Linux cooked, version 2', LinkType.cookedV2, behind([8, 0, ...zeros(18)], four)],
    ['loopback of macOS', LinkType.null, behind([2, 0, 0, 0], four)],
    ['loopback of OpenBSD', LinkType.loop, behind([0, 0, 0, 2], four)],
    ['raw IP', LinkType.raw, four],
    ['IPv4 with options', LinkType.raw, ipv4(TO_NODE, udp(TO_NODE, PAYLOAD), 0, [1, 1, 1, 1])],
  ])('of %s gives the datagram', (_link, linkType, bytes) => {
    expect(over(linkType, bytes)).toMatchObject({
      datagram: { source: '10.0.0.1:51234', destination: '10.0.0.2:4434', payload: PAYLOAD, missingBytes: 0 },
    });
  });

  it.each<[string, number, Uint8Array]>([
    ['Ethernet', LinkType.ethernet, ethernet(six)],
    ['loopback of macOS', LinkType.null, behind([30, 0, 0, 0], six)],
    [
      'raw IP with two extension headers',
      LinkType.raw,
      ipv6(V6, udp(V6, PAYLOAD), { type: 0, bytes: [60, 0, ...zeros(6), 17, 0, ...zeros(6)] }),
    ],
  ])('of %s gives the datagram in IPv6', (_link, linkType, bytes) => {
    expect(over(linkType, bytes)).toMatchObject({
      datagram: { source: '[2001::1]:51234', destination: '[2001::2]:4434', payload: PAYLOAD },
    });
  });

  it.each<[string, number, Uint8Array, string]>([
    ['ARP', LinkType.ethernet, behind([...zeros(12), 8, 6], Uint8Array.from(zeros(28))), 'ARP'],
    ['TCP', LinkType.raw, ipv4(TO_NODE, PAYLOAD, 0, [], 6), 'TCP'],
    ['another link', 127, PAYLOAD, 'its link type is 127'],
    [
      'UDP that is longer than IP',
      LinkType.raw,
      ipv4(TO_NODE, udp(TO_NODE, PAYLOAD).subarray(0, 20)),
      'UDP that says 48 bytes, of which IP has 20',
    ],
  ])('of %s says so', (_what, linkType, bytes, why) => {
    expect(over(linkType, bytes)).toMatchObject({ datagram: undefined, why: expect.stringContaining(why) as string });
  });

  it('of which the end was not captured tells how much is missing', () => {
    expect(over(LinkType.raw, four.subarray(0, 40))).toMatchObject({ datagram: { missingBytes: 28 } });
  });

  it('of any bytes gives an answer', () => {
    const links = fc.constantFrom(...Object.values(LinkType));
    const start = fc.constantFrom([], [0x45], [0x46, 0], [0x60], [...ethernet(four)], [...six]);
    fc.assert(
      fc.property(links, start, fc.uint8Array({ maxLength: 120 }), (linkType, head, rest) => {
        expect(over(linkType, behind(head, rest))).toHaveProperty('datagram');
      }),
      { numRuns: 1_000 },
    );
  });

  it('that is a part of a datagram waits for the others, in any order', () => {
    const whole = udp(TO_NODE, PAYLOAD);
    const parts = [whole.subarray(0, 16), whole.subarray(16, 32), whole.subarray(32)].map((part, index) =>
      ipv4(TO_NODE, part, (index < 2 ? 0x2000 : 0) | (index * 2)),
    );
    fc.assert(
      fc.property(fc.shuffledSubarray(parts, { minLength: 3 }), (order) => {
        const fragments = new FragmentStore();
        const found = order.map((part) => datagramIn(LinkType.raw, part, fragments).datagram?.payload);
        expect(found).toEqual([undefined, undefined, PAYLOAD]);
        expect(fragments.incompleteCount).toBe(0);
      }),
    );
  });

  it('that is a part without others is kept within bounds', () => {
    const fragments = new FragmentStore();
    for (let ip = 0; ip < 1_000; ip++) {
      datagramIn(LinkType.raw, ipv4({ ...TO_NODE, source: [10, 1, ip >> 8, ip & 255] }, PAYLOAD, 0x2000), fragments);
    }
    expect(fragments.incompleteCount).toBe(64);
  });
});
