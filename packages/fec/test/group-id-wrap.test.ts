import { describe, expect, it } from 'vitest';
import { FecEncoder } from '@lightspeed/fec';
import { Receiver, faultsOf, groupOf, smallGroup, text } from './support.ts';

it.each([0, 1, 0x7fff, 0x8000, 0xfff0, 0xffff])('a decoder whose first group is %i keeps 64 groups going at a time', (first) => {
  const groups = Array.from({ length: 64 }, (_, i) => smallGroup((first + i) & 0xffff));
  const receiver = new Receiver();
  for (const index of [0, 1, 3]) for (const group of groups) receiver.data(group, index);
  expect(receiver.decoder.stats()).toMatchObject({ activeGroups: 64, packetsLost: 0 });
  for (const group of groups) receiver.parity(group);
  expect(receiver.deliveries).toHaveLength(64 * 4);
  expect(faultsOf(receiver.deliveries, groups)).toEqual([]);
  expect(receiver.decoder.stats()).toMatchObject({ packetsRecovered: 64, packetsLost: 0, activeGroups: 0 });
});

describe.each([
  { name: '0x7FFF and 0x8000', first: 0x7f80 },
  { name: '0xFFFF and 0', first: 0xff80 },
])('across $name', ({ first }) => {
  it('each group in turn recovers its loss, and its late original is not delivered again', () => {
    const groups = Array.from({ length: 256 }, (_, i) => smallGroup((first + i) & 0xffff));
    const receiver = new Receiver();
    for (const group of groups) {
      for (const index of [0, 2, 3]) receiver.data(group, index);
      receiver.parity(group);
      receiver.data(group, 1);
      receiver.nowMs += 10;
    }
    expect(receiver.deliveries).toHaveLength(256 * 4);
    expect(faultsOf(receiver.deliveries, groups)).toEqual([]);
  });

  it('a newer group takes an older slot and an older one never a newer slot', () => {
    const older = smallGroup((first + 100) & 0xffff);
    const newer = smallGroup((first + 164) & 0xffff);
    const receiver = new Receiver();
    receiver.data(older, 0);
    receiver.data(newer, 0);
    receiver.data(older, 1);
    receiver.parity(older);
    for (const index of [1, 2]) receiver.data(newer, index);
    receiver.parity(newer);
    expect(receiver.indexesOf(older.groupId)).toEqual([0, 1]);
    expect(receiver.indexesOf(newer.groupId)).toEqual([0, 1, 2, 3]);
  });
});

it("an encoder's group id wraps after 65,535", () => {
  const encoder = new FecEncoder(1, { firstGroupId: 0xfffe });
  const ids = [1, 2, 3, 4].map(() => {
    const id = encoder.blockId;
    encoder.addPacket(text('x'));
    return id;
  });
  expect(ids).toEqual([0xfffe, 0xffff, 0, 1]);
});

it('encoders of several flows take their group ids from one counter', () => {
  let next = 0xffff;
  const nextGroupId = () => next++ & 0xffff;
  const [one, other] = [new FecEncoder(2, { nextGroupId }), new FecEncoder(2, { nextGroupId })];
  const ids: number[] = [];
  for (const encoder of [one, other, one, other, one]) {
    ids.push(encoder.blockId);
    encoder.addPacket(text('x'));
  }
  expect(ids).toEqual([0xffff, 0, 0xffff, 0, 1]);
});

it('a group id that comes again after all 65,536 is a new group, though a packet of the first one was recovered', () => {
  const receiver = new Receiver();
  const [first, again] = [smallGroup(7), groupOf([text('new 0'), text('new 1'), text('new 2'), text('new 3')], 7)];
  for (const index of [0, 1, 2]) receiver.data(first, index);
  receiver.parity(first);
  receiver.nowMs = 65_536;
  for (const index of [0, 1, 2, 3]) receiver.data(again, index);
  expect(receiver.deliveries.slice(4).map(({ payload }) => payload)).toEqual(again.packets);
});
