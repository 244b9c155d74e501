import { describe, expect, it } from 'vitest';
import { FecEncoder } from '@lightspeed/fec';
import vectors from './vectors/parity.json' with { type: 'json' };
import { Receiver, bytesOf, groupOf } from './support.ts';

describe('the parity of a group is its golden vector', () => {
  for (const { name, packets, parity } of vectors.groups) {
    it(name, () => {
      expect([...groupOf(packets.map(bytesOf)).parity]).toEqual([...bytesOf(parity)]);
    });
  }
});

it('an encoder makes all of them one after the other, each as if it were the first', () => {
  const groups = [...vectors.groups, ...vectors.groups.toReversed()];
  const encoder = new FecEncoder(32);
  for (const { packets, parity } of groups) {
    for (const packet of packets) encoder.addPacket(bytesOf(packet));
    expect(encoder.flush()?.parity).toEqual(bytesOf(parity));
  }
});

describe('with the golden parity, each packet of the group is recovered from the others', () => {
  for (const { name, packets, parity } of vectors.groups) {
    it.each(packets.map((_, lost) => lost))(`${name}, without packet %i`, (lost) => {
      const group = { groupId: 7, size: packets.length, packets: packets.map(bytesOf), parity: bytesOf(parity) };
      const receiver = new Receiver();
      group.packets.forEach((_, index) => {
        if (index !== lost) receiver.data(group, index);
      });
      receiver.parity(group);
      expect(receiver.payloadOf(7, lost)).toEqual(group.packets[lost]);
    });
  }
});

describe('a parity that cannot be true recovers nothing', () => {
  for (const { name, size, received, parity } of vectors.rejected) {
    const packets = received as { index: number; payload: string; size?: number }[];

    it(`${name}, after its data`, () => {
      const receiver = new Receiver();
      for (const packet of packets) receiver.packet(7, packet.index, packet.size ?? size, bytesOf(packet.payload));
      receiver.parityOf(7, size, bytesOf(parity));
      expect(receiver.indexesOf(7)).toEqual(packets.map(({ index }) => index));
      expect(receiver.decoder.stats()).toMatchObject({ recoveryRejected: 1, packetsRecovered: 0 });
    });

    it(`${name}, before its data`, () => {
      const receiver = new Receiver();
      receiver.parityOf(7, size, bytesOf(parity));
      for (const packet of packets) receiver.packet(7, packet.index, packet.size ?? size, bytesOf(packet.payload));
      expect(receiver.indexesOf(7)).toEqual(packets.map(({ index }) => index));
      expect(receiver.decoder.stats()).toMatchObject({ packetsRecovered: 0 });
    });
  }
});
