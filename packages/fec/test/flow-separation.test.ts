import { describe, expect, it } from 'vitest';
import { InPlaceReceiver, arenaOf } from './in-place-support.ts';
import { smallGroup } from './support.ts';

const UNKNOWN = -1;
const group = smallGroup(9, 3);
const [first, second, third] = group.packets;

function receiver(): InPlaceReceiver {
  return new InPlaceReceiver(arenaOf(4));
}

describe("a recovered packet goes where its group's packets went", () => {
  it.each([
    { name: 'its parity names the flow', tag: 12 },
    { name: 'its parity has no addresses', tag: UNKNOWN },
  ])('if $name', ({ tag }) => {
    const relay = receiver();
    relay.parity(9, 3, group.parity, tag);
    relay.data(9, 0, 3, first, 12);
    relay.data(9, 2, 3, third, 12);
    expect(relay.deliveries.map(({ index }) => index)).toEqual([0, 2, 1]);
    expect(relay.recoveredTags).toEqual([12]);
  });

  it('or where its parity says, in a group of one', () => {
    const relay = receiver();
    const single = smallGroup(9, 1);
    relay.parity(9, 1, single.parity, 5);
    expect(relay.recoveredTags).toEqual([5]);
  });
});

it('a packet whose flow nothing names is not recovered', () => {
  const relay = receiver();
  const single = smallGroup(9, 1);
  relay.parity(9, 1, single.parity, UNKNOWN);
  expect(relay.deliveries).toEqual([]);
  expect(relay.decoder).toMatchObject({ recoveryRejected: 1, packetsRecovered: 0 });
  expect(relay.decoder.memory.available).toBe(4);
  relay.data(9, 0, 1, single.packets[0], 5);
  expect(relay.deliveries).toHaveLength(1);
});

describe('a group that mixes flows recovers nothing', () => {
  it('when a data packet is of another flow: it is delivered', () => {
    const relay = receiver();
    relay.data(9, 0, 3, first, 12);
    relay.data(9, 1, 3, second, 13);
    relay.parity(9, 3, group.parity, UNKNOWN);
    relay.data(9, 2, 3, third, 12);
    expect(relay.deliveries.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(relay.decoder).toMatchObject({ packetsRecovered: 0, untracked: 3 });
  });

  it('when the parity is of another flow', () => {
    const relay = receiver();
    relay.data(9, 0, 3, first, 12);
    relay.data(9, 1, 3, second, 12);
    relay.parity(9, 3, group.parity, 13);
    relay.parity(9, 3, group.parity, 12);
    expect(relay.deliveries.map(({ index }) => index)).toEqual([0, 1]);
    expect(relay.decoder).toMatchObject({ recoveryRejected: 1, packetsRecovered: 0 });
  });

  it('when its data packets do not agree on its size', () => {
    const relay = receiver();
    relay.data(9, 0, 3, first);
    relay.data(9, 1, 4, second);
    relay.parity(9, 3, group.parity);
    expect(relay.deliveries.map(({ index }) => index)).toEqual([0, 1]);
    expect(relay.decoder.packetsRecovered).toBe(0);
  });
});

it('groups of different flows that run at the same time recover each their own', () => {
  const relay = receiver();
  const other = smallGroup(10, 3);
  relay.data(9, 0, 3, first, 12);
  relay.data(10, 1, 3, other.packets[1], 13);
  relay.data(9, 2, 3, third, 12);
  relay.data(10, 2, 3, other.packets[2], 13);
  relay.parity(10, 3, other.parity, 13);
  relay.parity(9, 3, group.parity, 12);
  expect(relay.recoveredTags).toEqual([13, 12]);
  expect(relay.deliveries.at(-2)?.payload).toEqual(other.packets[0]);
  expect(relay.deliveries.at(-1)?.payload).toEqual(second);
});

it('data and parity out of every range are delivered, or refused, without taking part', () => {
  const relay = receiver();
  const long = new Uint8Array(1445);
  relay.data(9, 0, 0, first);
  relay.data(9, 5, 3, first);
  relay.data(9, 64, 65, first);
  relay.data(9, 0, 3, long);
  expect(relay.deliveries).toHaveLength(4);
  relay.parity(9, 0, group.parity);
  relay.parity(9, 65, group.parity);
  expect(relay.deliveries).toHaveLength(4);
  expect(relay.decoder).toMatchObject({ untracked: 4, recoveryRejected: 2, activeGroups: 0 });
});

it('groups of up to 64 packets decode', () => {
  const large = [33, 63, 64].map((size, i) => {
    const packets = Array.from({ length: size }, (_, index) => new Uint8Array([index, size, i]));
    const parity = new Uint8Array(5);
    for (const packet of packets) packet.forEach((byte, at) => (parity[at] ^= byte));
    parity[4] = size % 2 === 0 ? 0 : 3;
    return { groupId: i, size, packets, parity };
  });
  for (const { groupId, size, packets, parity } of large) {
    for (const lost of [0, 31, 32, size - 1]) {
      const relay = receiver();
      packets.forEach((packet, index) => {
        if (index !== lost) relay.data(groupId, index, size, packet);
      });
      relay.parity(groupId, size, parity);
      expect(relay.deliveries.at(-1)).toEqual({ groupId, index: lost, payload: packets[lost] });
    }
  }
});
