import { describe, expect, it } from 'vitest';
import { Receiver, smallGroup } from './support.ts';

describe('a group is discarded when it is 500 ms old', () => {
  it('and what it misses counts as lost', () => {
    const group = smallGroup(9);
    const receiver = new Receiver();
    receiver.nowMs = 1_000;
    receiver.data(group, 0);
    receiver.data(group, 3);
    receiver.parity(group);
    receiver.decoder.gc(1_499);
    expect(receiver.decoder.stats()).toMatchObject({ activeGroups: 1, packetsLost: 0 });
    receiver.decoder.gc(1_500);
    expect(receiver.decoder.stats()).toMatchObject({ activeGroups: 0, packetsLost: 2 });
    expect(receiver.decoder.memory.available).toBe(receiver.decoder.memory.capacity);
  });

  it('without its parity, only the gaps in what came count, for it may have been partial', () => {
    const group = smallGroup(9, 8);
    const receiver = new Receiver();
    for (const index of [0, 3, 4]) receiver.data(group, index);
    receiver.decoder.gc(500);
    expect(receiver.decoder.stats().packetsLost).toBe(2);
  });

  it('with nothing but its parity, all of it counts', () => {
    const receiver = new Receiver();
    receiver.parity(smallGroup(9, 5));
    receiver.decoder.gc(500);
    expect(receiver.decoder.stats().packetsLost).toBe(5);
  });

  it('and recovers nothing after that, also if gc was not called', () => {
    const group = smallGroup(9);
    const receiver = new Receiver();
    for (const index of [0, 1]) receiver.data(group, index);
    receiver.parity(group);
    receiver.nowMs = 500;
    receiver.data(group, 2);
    expect(receiver.indexesOf(9)).toEqual([0, 1, 2]);
    expect(receiver.decoder.stats()).toMatchObject({ packetsLost: 2, packetsRecovered: 0, untracked: 1, activeGroups: 0 });
  });

  it('or at the age that the options say', () => {
    const receiver = new Receiver({ maxAgeMs: 40 });
    receiver.parity(smallGroup(9));
    receiver.decoder.gc(39);
    expect(receiver.decoder.activeGroups).toBe(1);
    receiver.decoder.gc(40);
    expect(receiver.decoder.activeGroups).toBe(0);
  });

  it('across the wrap of the clock', () => {
    const group = smallGroup(9, 3);
    const receiver = new Receiver();
    receiver.nowMs = 0x7fff_ffff;
    receiver.data(group, 0);
    receiver.nowMs = (0x7fff_ffff + 400) | 0;
    receiver.decoder.gc(receiver.nowMs);
    receiver.data(group, 1);
    receiver.parity(group);
    expect(receiver.indexesOf(9)).toEqual([0, 1, 2]);
  });
});

describe('nextExpiryMs', () => {
  it('is when the oldest group in progress becomes too old', () => {
    const receiver = new Receiver();
    const { decoder } = receiver;
    receiver.nowMs = 100;
    receiver.data(smallGroup(1), 0);
    receiver.nowMs = 250;
    receiver.data(smallGroup(2), 0);
    expect(decoder.nextExpiryMs).toBe(600);
    decoder.gc(600);
    expect(decoder.activeGroups).toBe(1);
    expect(decoder.nextExpiryMs).toBe(750);
    decoder.gc(750);
    expect(decoder.activeGroups).toBe(0);
    receiver.nowMs = 5_000;
    receiver.data(smallGroup(3), 0);
    expect(decoder.nextExpiryMs).toBe(5_500);
  });

  it('is never later than that, whatever came in between', () => {
    const receiver = new Receiver();
    receiver.data(smallGroup(1, 1), 0);
    receiver.nowMs = 300;
    receiver.data(smallGroup(2), 0);
    expect(receiver.decoder.nextExpiryMs).toBeLessThanOrEqual(800);
    receiver.decoder.gc(300);
    expect(receiver.decoder.nextExpiryMs).toBe(800);
  });
});

describe('a newer group evicts the one in its slot', () => {
  it('and what that misses counts as lost', () => {
    const receiver = new Receiver();
    const older = smallGroup(9);
    receiver.data(older, 0);
    receiver.data(older, 2);
    receiver.parity(older);
    receiver.data(smallGroup(9 + 64), 0);
    expect(receiver.decoder.stats()).toMatchObject({ packetsLost: 2, activeGroups: 1 });
  });

  it('and a late original of a packet that it recovered is still not delivered twice', () => {
    const receiver = new Receiver();
    const older = smallGroup(9);
    for (const index of [0, 1, 3]) receiver.data(older, index);
    receiver.parity(older);
    receiver.data(smallGroup(9 + 64), 0);
    receiver.data(older, 2);
    expect(receiver.indexesOf(9)).toEqual([0, 1, 3, 2]);
    expect(receiver.decoder.stats()).toMatchObject({ duplicates: 0, packetsRecovered: 0, packetsLost: 0 });
  });

  it('and what else comes late of that is delivered without taking part in recovery', () => {
    const receiver = new Receiver();
    const older = smallGroup(9);
    receiver.data(older, 0);
    receiver.data(smallGroup(9 + 64), 0);
    for (const index of [1, 2]) receiver.data(older, index);
    receiver.parity(older);
    expect(receiver.indexesOf(9)).toEqual([0, 1, 2]);
    expect(receiver.decoder.stats()).toMatchObject({ untracked: 3, packetsRecovered: 0 });
  });
});

it('copies of a group that recovered a packet and left the ring do not recover it again', () => {
  const receiver = new Receiver();
  const group = smallGroup(9, 2);
  receiver.data(group, 0);
  receiver.parity(group);
  receiver.nowMs = 600;
  receiver.data(smallGroup(9 + 64), 0);
  receiver.nowMs = 9_000;
  receiver.decoder.gc(9_000);
  receiver.parity(group);
  receiver.data(group, 1);
  expect(receiver.indexesOf(9)).toEqual([0, 1]);
});

it('nor after their slot is forgotten, while the recovery is remembered', () => {
  const receiver = new Receiver();
  const group = smallGroup(9, 2);
  receiver.data(group, 0);
  receiver.nowMs = 400;
  receiver.parity(group);
  receiver.nowMs = 10_399;
  receiver.parity(group);
  receiver.data(group, 0);
  receiver.data(group, 1);
  expect(receiver.indexesOf(9).filter((index) => index === 1)).toEqual([1]);
  expect(receiver.decoder.stats().packetsRecovered).toBe(1);
});

it("a group's recovery says nothing about the group 512 ids further", () => {
  const receiver = new Receiver();
  const groups = [smallGroup(9), smallGroup(9 + 512)];
  for (const group of groups) {
    for (const index of [0, 1, 3]) receiver.data(group, index);
    receiver.parity(group);
  }
  expect(receiver.indexesOf(9 + 512)).toEqual([0, 1, 3, 2]);
});

it('gc forgets old groups, so that a clock that has wrapped since does not make them young', () => {
  const receiver = new Receiver();
  receiver.data(smallGroup(9 + 64), 0);
  receiver.decoder.gc(10_000);
  const restarted = smallGroup(9);
  receiver.nowMs = -1_000_000;
  for (const index of [0, 1, 3]) receiver.data(restarted, index);
  receiver.parity(restarted);
  expect(receiver.indexesOf(9)).toEqual([0, 1, 3, 2]);
});

it('a sender whose group ids jump back is tracked again once the old groups are forgotten', () => {
  const receiver = new Receiver();
  receiver.data(smallGroup(20_000), 0);
  const restarted = smallGroup(20_000 % 64);
  receiver.nowMs = 10_000;
  for (const index of [0, 1, 2]) receiver.data(restarted, index);
  receiver.parity(restarted);
  expect(receiver.indexesOf(restarted.groupId)).toEqual([0, 1, 2, 3]);
});

it('close forgets everything, counts nothing as lost and leaves the decoder usable', () => {
  const receiver = new Receiver();
  const [open, recovered] = [smallGroup(9), smallGroup(10)];
  receiver.data(open, 0);
  for (const index of [0, 1, 2]) receiver.data(recovered, index);
  receiver.parity(recovered);
  receiver.decoder.close();
  expect(receiver.decoder.stats()).toMatchObject({ activeGroups: 0, packetsLost: 0, packetsDecoded: 4 });

  for (const index of [1, 2, 3]) receiver.data(open, index);
  receiver.parity(open);
  receiver.data(recovered, 3);
  expect(receiver.indexesOf(9)).toEqual([0, 1, 2, 3, 0]);
  expect(receiver.indexesOf(10)).toEqual([0, 1, 2, 3, 3]);
});
