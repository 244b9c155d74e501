import { describe, expect, it } from 'vitest';
import { Receiver, groupOf, payloadOf, text } from './support.ts';
import type { Group } from './support.ts';

/** What releases up to 0.3 sent: the XOR of the packets in 1,400 bytes, without their lengths. */
function inFixedFormat(group: Group): Group {
  const parity = new Uint8Array(1400);
  for (const packet of group.packets) packet.forEach((byte, i) => (parity[i] ^= byte));
  return { ...group, parity };
}

const nonZero = (length: number, seed = 1) => payloadOf({ length, seed, trailingZeros: 0 }).map((byte) => byte | 1);
const usual = [nonZero(64), nonZero(120, 2), nonZero(64, 3), nonZero(300, 4)];

describe('parity of the fixed format recovers nothing and is counted as ignored', () => {
  it('after its data', () => {
    const receiver = new Receiver();
    const group = inFixedFormat(groupOf(usual, 3));
    for (const index of [0, 1, 3]) receiver.data(group, index);
    receiver.parity(group);
    expect(receiver.indexesOf(3)).toEqual([0, 1, 3]);
    expect(receiver.decoder.stats()).toMatchObject({ parityIgnored: 1, recoveryRejected: 0, packetsRecovered: 0 });
  });

  it('before its data', () => {
    const receiver = new Receiver();
    const group = inFixedFormat(groupOf(usual, 3));
    receiver.parity(group);
    for (const index of [0, 1, 3]) receiver.data(group, index);
    expect(receiver.indexesOf(3)).toEqual([0, 1, 3]);
    expect(receiver.decoder.stats().parityIgnored).toBe(1);
  });

  it('once per group, also if the missing packet comes after all', () => {
    const receiver = new Receiver();
    const group = inFixedFormat(groupOf(usual, 3));
    for (const index of [0, 1, 3]) receiver.data(group, index);
    receiver.parity(group);
    receiver.data(group, 2);
    expect(receiver.indexesOf(3)).toEqual([0, 1, 3, 2]);
    expect(receiver.decoder.stats()).toMatchObject({ parityIgnored: 1, activeGroups: 0 });
  });

  it.each([
    { name: 'last', order: [0, 1, 2, 3, 4] },
    { name: 'first', order: [4, 0, 1, 2, 3] },
  ])('also if no packet is missing and it comes $name', ({ order }) => {
    const receiver = new Receiver();
    const group = inFixedFormat(groupOf(usual, 3));
    for (const member of order) {
      if (member === 4) receiver.parity(group);
      else receiver.data(group, member);
    }
    expect(receiver.decoder.stats()).toMatchObject({ parityIgnored: 1, packetsDecoded: 4 });
  });

  it('with packets of 1,399 and 1,400 bytes, whose last bytes lie where lengths would', () => {
    const receiver = new Receiver();
    const group = inFixedFormat(groupOf([nonZero(1400), nonZero(1399, 2), nonZero(50, 3)], 3));
    for (const index of [0, 1]) receiver.data(group, index);
    receiver.parity(group);
    expect(receiver.indexesOf(3)).toEqual([0, 1]);
    expect(receiver.decoder.stats().packetsRecovered).toBe(0);
  });

  it('when the lengths received make 1,398 by chance', () => {
    const receiver = new Receiver();
    const group = inFixedFormat(groupOf([nonZero(1398 ^ 77), nonZero(77, 2), nonZero(200, 3)], 3));
    for (const index of [0, 1]) receiver.data(group, index);
    receiver.parity(group);
    expect(receiver.indexesOf(3)).toEqual([0, 1]);
    expect(receiver.decoder.stats().parityIgnored).toBe(1);
  });

  it('when a packet has 1,398 bytes, once the peer is known for that format', () => {
    const receiver = new Receiver();
    const usualGroup = inFixedFormat(groupOf(usual, 3));
    for (const index of [0, 1, 2, 3]) receiver.data(usualGroup, index);
    receiver.parity(usualGroup);
    const group = inFixedFormat(groupOf([nonZero(1398), nonZero(200, 2)], 4));
    receiver.data(group, 0);
    receiver.parity(group);
    expect(receiver.indexesOf(4)).toEqual([0]);
    expect(receiver.decoder.stats().parityIgnored).toBe(2);
  });
});

describe('a compact parity of exactly 1,400 bytes recovers', () => {
  const groups = [
    { name: 'a short packet beside one of 1,398', packets: [nonZero(1398), nonZero(200, 2), text('x')], lost: 1 },
    { name: 'the packet of 1,398 itself', packets: [nonZero(1398), nonZero(200, 2), text('x')], lost: 0 },
    { name: 'a packet of 1,398 beside another', packets: [nonZero(1398), nonZero(1398, 2)], lost: 0 },
    {
      name: 'a packet of 1,398 whose lengths cancel out, by its last byte',
      packets: [nonZero(1398), nonZero(1398 ^ 77, 2), nonZero(77, 3)],
      lost: 0,
    },
  ];

  it.each(groups)('$name', ({ packets, lost }) => {
    const group = groupOf(packets, 3);
    expect(group.parity).toHaveLength(1400);
    const receiver = new Receiver();
    packets.forEach((_, index) => {
      if (index !== lost) receiver.data(group, index);
    });
    receiver.parity(group);
    expect(receiver.payloadOf(3, lost)).toEqual(packets[lost]);
    expect(receiver.decoder.stats().parityIgnored).toBe(0);
  });

  it('again from a peer that was known for the fixed format and has changed to the compact one', () => {
    const receiver = new Receiver();
    const old = inFixedFormat(groupOf(usual, 3));
    for (const index of [0, 1, 2, 3]) receiver.data(old, index);
    receiver.parity(old);
    const compact = groupOf(usual, 4);
    receiver.data(compact, 0);
    receiver.parity(compact);
    const group = groupOf([nonZero(1398), nonZero(1398, 2)], 5);
    receiver.data(group, 0);
    receiver.parity(group);
    expect(receiver.payloadOf(5, 1)).toEqual(group.packets[1]);
  });
});
