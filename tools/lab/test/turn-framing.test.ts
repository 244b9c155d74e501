import { expect, test } from 'vitest';
import type { Framing } from '../src/load/framing.ts';
import { TurnFraming } from '../src/load/turn-framing.ts';

const hex = (bytes: Uint8Array, from: number, to: number) => Buffer.from(bytes.subarray(from, to)).toString('hex');

function client() {
  const bytes = new Uint8Array(512);
  const framing: Framing = new TurnFraming(bytes, 2, { ip: 0x7f00_0001, port: 0x6987 });
  return { bytes, framing };
}

function answer(bytes: Uint8Array, type: number): void {
  bytes.set([type >> 8, type & 0xff, 0, 0, 0x21, 0x12, 0xa4, 0x42], 200);
}

test('a client asks for an allocation, then for a channel to the game server, then it is open', () => {
  const { bytes, framing } = client();

  expect(framing.writeOpening(0, 0, 0)).toBe(36);
  expect(hex(bytes, 0, 20)).toBe('000300102112a442000000000000000000000001');
  expect(hex(bytes, 20, 36)).toBe('0019000411000000' + '000d000400000e10');
  answer(bytes, 0x0103);
  framing.readOpening(0, 200, 20);

  expect(framing.writeOpening(0, 0, 0)).toBe(40);
  expect(hex(bytes, 0, 8)).toBe('000900142112a442');
  // Port and address are XORed with the magic cookie.
  expect(hex(bytes, 20, 40)).toBe('000c000440000000' + '0012000800014895' + '5e12a443');
  expect(framing.isOpen(0)).toBe(false);
  answer(bytes, 0x0109);
  framing.readOpening(0, 200, 20);

  expect(framing.isOpen(0)).toBe(true);
  expect(framing.isOpen(1)).toBe(false);
});

test('a client that has a channel binds it again when it is to be renewed, and no other one does anything', () => {
  const { bytes, framing } = client();
  for (const type of [0x0103, 0x0109]) {
    answer(bytes, type);
    framing.readOpening(0, 200, 20);
  }
  framing.renew();

  expect(framing.isOpen(0)).toBe(false);
  expect(framing.writeOpening(0, 0, 0)).toBe(40);
  expect(hex(bytes, 0, 2)).toBe('0009');
  expect(framing.writeOpening(1, 0, 0)).toBe(36);
  expect(hex(bytes, 0, 2)).toBe('0003');
  answer(bytes, 0x0109);
  framing.readOpening(0, 200, 20);
  expect(framing.isOpen(0)).toBe(true);
});

test('a refusal opens nothing', () => {
  const { bytes, framing } = client();
  answer(bytes, 0x0113);
  framing.readOpening(0, 200, 20);

  expect(framing.writeOpening(0, 0, 0)).toBe(36);
});

test('payloads go behind channel and length, and come back that way', () => {
  const { bytes, framing } = client();

  expect(framing.wrap(0, 100, 120, 0)).toBe(4);
  expect(hex(bytes, 96, 100)).toBe('40000078');
  expect(framing.unwrap(0, 96, 124)).toBe(100);
  expect(framing.unwrap(0, 96, 3)).toBe(-1);
  expect(framing.unwrap(0, 120, 20)).toBe(-1);
});
