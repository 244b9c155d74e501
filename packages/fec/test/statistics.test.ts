import { expect, it } from 'vitest';
import { FecEncoder } from '@lightspeed/fec';
import { Receiver, smallGroup, text } from './support.ts';

it('an encoder counts packets, parities and packets that went unprotected', () => {
  const encoder = new FecEncoder(2);
  for (const word of ['a', 'b', 'c']) encoder.addPacket(text(word));
  encoder.flush();
  expect(encoder.add(0, 1_445)).toBe(-1);
  expect(encoder.stats()).toEqual({ packetsEncoded: 3, parityGenerated: 2, unprotected: 1 });
});

it('a decoder counts each packet under what became of it', () => {
  const receiver = new Receiver();
  const [whole, healed, broken, refused, late] = [1, 2, 3, 4, 5].map((groupId) => smallGroup(groupId));
  for (const index of [0, 1, 2, 3, 3]) receiver.data(whole, index);
  receiver.parity(whole);
  for (const index of [0, 1, 2]) receiver.data(healed, index);
  receiver.parity(healed);
  for (const index of [0, 1]) receiver.data(broken, index);
  receiver.parity(broken);
  for (const index of [0, 1, 2]) receiver.data(refused, index);
  receiver.parityOf(4, 4, new Uint8Array([1, 2, 3, 255, 255]));
  expect(receiver.decoder.stats()).toEqual({
    packetsDecoded: 12,
    packetsRecovered: 1,
    packetsLost: 0,
    recoveryRejected: 1,
    parityIgnored: 0,
    duplicates: 1,
    untracked: 0,
    activeGroups: 2,
  });

  receiver.nowMs = 500;
  receiver.decoder.gc(500);
  receiver.data(late, 0);
  expect(receiver.decoder.stats()).toEqual({
    packetsDecoded: 13,
    packetsRecovered: 1,
    packetsLost: 3,
    recoveryRejected: 1,
    parityIgnored: 0,
    duplicates: 1,
    untracked: 0,
    activeGroups: 1,
  });
});
