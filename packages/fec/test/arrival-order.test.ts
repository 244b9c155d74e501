import { describe, expect, it } from 'vitest';
import { Receiver, faultsOf, smallGroup } from './support.ts';

const PARITY = 4;

describe('a group of four with one loss is whole wherever its parity arrives', () => {
  const orders = [
    { name: 'before all data', order: [PARITY, 0, 1, 3], recoveredBy: 3 },
    { name: 'between', order: [0, PARITY, 1, 3], recoveredBy: 3 },
    { name: 'after all data', order: [0, 1, 3, PARITY], recoveredBy: PARITY },
    { name: 'after data out of order', order: [3, 1, 0, PARITY], recoveredBy: PARITY },
  ];

  it.each(orders)('$name', ({ order, recoveredBy }) => {
    const group = smallGroup(9);
    const receiver = new Receiver();
    for (const member of order) {
      expect(receiver.decoder.stats().packetsRecovered).toBe(0);
      if (member === PARITY) receiver.parity(group);
      else receiver.data(group, member);
      if (member === recoveredBy) expect(receiver.decoder.stats().packetsRecovered).toBe(1);
    }
    expect(receiver.indexesOf(9).toSorted()).toEqual([0, 1, 2, 3]);
    expect(faultsOf(receiver.deliveries, [group])).toEqual([]);
  });
});

describe('what was delivered is not delivered again', () => {
  it('a late original of a recovered packet', () => {
    const group = smallGroup(9);
    const receiver = new Receiver();
    for (const index of [0, 1, 3]) receiver.data(group, index);
    receiver.parity(group);
    receiver.data(group, 2);
    expect(receiver.indexesOf(9)).toEqual([0, 1, 3, 2]);
    // It was not lost, only late; its copy is one.
    expect(receiver.decoder.stats()).toMatchObject({ packetsDecoded: 4, packetsRecovered: 0, duplicates: 0 });
    receiver.data(group, 2);
    expect(receiver.indexesOf(9)).toEqual([0, 1, 3, 2]);
    expect(receiver.decoder.stats()).toMatchObject({ packetsDecoded: 4, packetsRecovered: 0, duplicates: 1 });
  });

  it('an original that comes so late that it counts as lost', () => {
    const group = smallGroup(9);
    const receiver = new Receiver();
    for (const index of [0, 1, 3]) receiver.data(group, index);
    receiver.parity(group);
    receiver.nowMs = 500;
    receiver.data(group, 2);
    expect(receiver.indexesOf(9)).toEqual([0, 1, 3, 2]);
    expect(receiver.decoder.stats()).toMatchObject({ packetsDecoded: 3, packetsRecovered: 1, duplicates: 1 });
  });

  it('a late original whose group has left the ring', () => {
    const receiver = new Receiver();
    const group = smallGroup(9);
    for (const index of [0, 1, 3]) receiver.data(group, index);
    receiver.parity(group);
    receiver.data(smallGroup(9 + 64), 0);
    receiver.data(group, 2);
    expect(receiver.indexesOf(9)).toEqual([0, 1, 3, 2]);
    expect(receiver.decoder.stats()).toMatchObject({ packetsDecoded: 5, packetsRecovered: 0, duplicates: 0 });
  });

  it('a duplicate in a group that waits for more', () => {
    const group = smallGroup(9);
    const receiver = new Receiver();
    for (const index of [0, 0, 1, 0, 1]) receiver.data(group, index);
    expect(receiver.indexesOf(9)).toEqual([0, 1]);
    expect(receiver.decoder.stats()).toMatchObject({ packetsDecoded: 2, duplicates: 3 });
  });

  it('a duplicate in a group that is complete', () => {
    const group = smallGroup(9);
    const receiver = new Receiver();
    for (const index of [0, 1, 2, 3, 2]) receiver.data(group, index);
    receiver.parity(group);
    expect(receiver.indexesOf(9)).toEqual([0, 1, 2, 3]);
  });

  it('a duplicate in a group that is too old', () => {
    const group = smallGroup(9);
    const receiver = new Receiver();
    receiver.data(group, 0);
    receiver.nowMs = 700;
    receiver.data(group, 0);
    receiver.data(group, 1);
    expect(receiver.indexesOf(9)).toEqual([0, 1]);
  });

  it('the packet that a second copy of the parity would recover', () => {
    const group = smallGroup(9);
    const receiver = new Receiver();
    for (const index of [0, 1, 3]) receiver.data(group, index);
    receiver.parity(group);
    receiver.parity(group);
    expect(receiver.indexesOf(9)).toEqual([0, 1, 3, 2]);
    expect(receiver.decoder.stats()).toMatchObject({ packetsRecovered: 1, duplicates: 1 });
  });

  it('in a group of one, whichever copy comes second', () => {
    const group = smallGroup(9, 1);
    const other = smallGroup(10, 1);
    const receiver = new Receiver();
    receiver.data(group, 0);
    receiver.parity(group);
    receiver.parity(other);
    receiver.data(other, 0);
    expect(receiver.indexesOf(9)).toEqual([0]);
    expect(receiver.indexesOf(10)).toEqual([0]);
    expect(receiver.decoder.stats()).toMatchObject({ packetsDecoded: 2, packetsRecovered: 0, duplicates: 0 });
  });
});

it('what tryRecoverBlock gives, it gives once, and only under its own group id', () => {
  const group = smallGroup(9, 2);
  const receiver = new Receiver();
  receiver.parity(group);
  receiver.data(group, 0);
  expect(receiver.indexesOf(9)).toEqual([0, 1]);
  expect(receiver.decoder.tryRecoverBlock(9)).toBeUndefined();
  expect(receiver.decoder.tryRecoverBlock(9 + 64)).toBeUndefined();
});
