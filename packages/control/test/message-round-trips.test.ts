import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decode, DISCONNECT_REASONS, disconnectCode, disconnectReason, encode } from '@lightspeed/control';
import type { ControlMessage } from '@lightspeed/control';
import type { Dialect } from '@lightspeed/wire';

const u8 = fc.nat(0xff);
const u16 = fc.nat(0xffff);
const u32 = fc.nat(0xffff_ffff);
const u64 = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn });
const str8 = fc.string({ unit: 'grapheme', maxLength: 60 }).filter((text) => new TextEncoder().encode(text).length <= 255);
const reason = fc.oneof(fc.constantFrom(...DISCONNECT_REASONS), fc.integer({ min: 5, max: 255 }));
const someExtensions = fc.array(fc.record({ id: u8, value: fc.uint8Array({ maxLength: 200 }) }), { maxLength: 10 });

function anyMessage(dialect: Dialect): fc.Arbitrary<ControlMessage> {
  const extensions = dialect === 'standard' ? someExtensions : fc.constant([]);
  const type = <T extends string>(name: T) => fc.constant(name);
  const shared = [
    fc.record({ type: type('ping'), timestampUs: u64, extensions }),
    fc.record({ type: type('pong'), echoedTimestampUs: u64, serverTimestampUs: u64, extensions }),
    fc.record({ type: type('register_ack'), sessionId: u32, token: u8, nodeId: str8, region: str8, extensions }),
    fc.record({ type: type('disconnect'), reason, extensions }),
  ] as const;
  return dialect === 'standard'
    ? fc.oneof(
        ...shared,
        fc.record({
          type: type('register'),
          dialect: fc.constant(dialect),
          gameId: u8,
          clientVersion: str8.filter((text) => text !== ''),
          extensions,
        }),
        fc.record({ type: type('tags'), sessionId: u32, extensions }),
        fc.record({ type: type('report'), sessionId: u32, expected: u32, received: u32, late: u32, recovered: u32, extensions }),
        fc.record({
          type: type('probe'),
          requestId: u32,
          ip: u32,
          port: u16,
          kind: u8,
          count: u8,
          spacingMs: u16,
          maxAgeSecs: u16,
          extensions,
        }),
        fc.record({
          type: type('probe_result'),
          requestId: u32,
          refusal: u8,
          ageSecs: u16,
          origin: u32,
          samplesUs: fc.array(u32, { maxLength: 255 }),
          extensions,
        }),
        fc.record({
          type: type('server_info'),
          dialect: fc.constant(dialect),
          nodeId: str8,
          region: str8,
          loadPercent: u8,
          version: str8,
          extensions,
        }),
      )
    : fc.oneof(
        ...shared,
        fc.record({ type: type('register'), dialect: fc.constant(dialect), protocolVersion: u8, gameId: u8 }),
        fc.record({ type: type('server_info'), dialect: fc.constant(dialect), loadPercent: u8, activeSessions: u32, capacity: u32 }),
      );
}

test.each(['standard', 'reference'] as const)('every message of dialect %s comes back as it was', (dialect) => {
  fc.assert(
    fc.property(anyMessage(dialect), (message) => {
      const frame = encode(message, dialect);
      expect((frame[0] ?? 0) * 256 + (frame[1] ?? 0)).toBe(frame.length - 2);
      expect(decode(frame, dialect)).toEqual(message);
    }),
    { numRuns: 1000 },
  );
});

test('a reason has one name in both dialects, whatever its number there', () => {
  expect(DISCONNECT_REASONS.map((name) => disconnectCode(name, 'standard'))).toEqual([0, 1, 2, 3, 4]);
  expect(DISCONNECT_REASONS.map((name) => disconnectCode(name, 'reference'))).toEqual([0, 1, 4, 3, 2]);
  for (const dialect of ['standard', 'reference'] as const) {
    for (const name of DISCONNECT_REASONS) expect(disconnectReason(disconnectCode(name, dialect), dialect)).toBe(name);
    for (let code = 5; code <= 255; code += 1) expect(disconnectReason(code, dialect)).toBe(code);
  }
});
