import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as wire from '@lightspeed/wire';
import { FecHeader, TunnelHeader, isDropReason } from '@lightspeed/wire';

const dialect = fc.constantFrom(...wire.DIALECTS);
const u8 = fc.integer({ min: 0, max: 0xff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const endpoint = fc.record({ ip: u32, port: u16 });
const fecHeader = fc
  .record({ groupId: u16, size: fc.integer({ min: 1, max: 64 }), index: fc.nat(), parity: fc.boolean() })
  .map(({ groupId, size, index, parity }) => (parity ? FecHeader.parity(groupId, size) : FecHeader.data(groupId, index % size, size)));
const fields = fc.record({
  flags: fc.integer({ min: 0, max: 15 }),
  token: u8,
  sequence: u16,
  timestampUs: u32,
  source: endpoint,
  destination: endpoint,
  fec: fc.option(fecHeader, { nil: undefined }),
});
const header = fields.map((untagged) => new TunnelHeader(untagged));
const taggedHeader = fc.tuple(fields, u32).map(([untagged, tag]) => new TunnelHeader({ ...untagged, tag }));

describe('headers', () => {
  it('come back from their bytes as they were, payload included', () => {
    fc.assert(
      fc.property(header, dialect, fc.uint8Array({ maxLength: 64 }), (sent, spoken, payload) => {
        const decoded = TunnelHeader.decodeWithPayload(sent.encodeWithPayload(payload, spoken), spoken);
        if (isDropReason(decoded)) throw new Error(`refused: ${decoded}`);
        expect(decoded.header).toEqual(sent);
        expect(decoded.payload).toEqual(payload);
      }),
    );
  });

  it('with a tag come back from their bytes as they were, and dialect reference has none', () => {
    fc.assert(
      fc.property(taggedHeader, fc.uint8Array({ maxLength: 64 }), (sent, payload) => {
        const packet = sent.encodeWithPayload(payload);
        const decoded = TunnelHeader.decodeWithPayload(packet);
        if (isDropReason(decoded)) throw new Error(`refused: ${decoded}`);
        expect(decoded.header).toEqual(sent);
        expect(decoded.payload).toEqual(payload);
        expect(wire.checkTaggedPacket(packet, 0, packet.length)).toBe(0);
        expect(TunnelHeader.decode(packet, 'reference')).toBe(wire.DropReason.badVersion);
        expect(wire.checkPacket(packet, 0, packet.length, 'standard')).toBe(wire.DropReason.badVersion);
      }),
    );
  });

  it('read in place like the object, at any offset', () => {
    fc.assert(
      fc.property(header, dialect, fc.nat(9), (sent, spoken, offset) => {
        const bytes = new Uint8Array(offset + 32);
        const length = sent.encodeInto(bytes, offset, spoken);
        expect(wire.checkPacket(bytes, offset, length, spoken)).toBe(0);
        expect({
          version: wire.readVersion(bytes, offset),
          flags: wire.readFlags(bytes, offset),
          token: wire.readToken(bytes, offset),
          sequence: wire.readSequence(bytes, offset),
          timestampUs: wire.readTimestampUs(bytes, offset) >>> 0,
          source: { ip: wire.readSourceIp(bytes, offset) >>> 0, port: wire.readSourcePort(bytes, offset) },
          destination: { ip: wire.readDestinationIp(bytes, offset) >>> 0, port: wire.readDestinationPort(bytes, offset) },
        }).toEqual({
          version: sent.version,
          flags: sent.flags,
          token: sent.token,
          sequence: sent.sequence,
          timestampUs: sent.timestampUs,
          source: sent.source,
          destination: sent.destination,
        });
        if (sent.fec !== undefined) {
          expect(wire.readGroupId(bytes, offset)).toBe(sent.fec.groupId);
          expect(wire.readGroupIndex(bytes, offset)).toBe(sent.fec.index);
          expect(wire.readGroupSize(bytes, offset)).toBe(sent.fec.size);
          expect(wire.isParity(bytes, offset)).toBe(sent.fec.parity);
        }
      }),
    );
  });

  it('decode any bytes to a header or a reason, and never throw', () => {
    const likely = fc
      .tuple(fc.constantFrom(0x10, 0x11, 0x20, 0x22, 0x30, 0x40, 0x42, 0x50), fc.uint8Array({ maxLength: 40 }))
      .map(([first, rest]) => new Uint8Array([first, ...rest]));
    fc.assert(
      fc.property(fc.oneof(likely, fc.uint8Array({ maxLength: 80 })), dialect, (bytes, spoken) => {
        const decoded = TunnelHeader.decode(bytes, spoken);
        const isTagged = spoken === 'standard' && wire.hasTag(bytes, 0, bytes.length);
        const checked = isTagged ? wire.checkTaggedPacket(bytes, 0, bytes.length) : wire.checkPacket(bytes, 0, bytes.length, spoken);
        if (isDropReason(decoded)) {
          expect(checked).toBe(decoded);
          expect(wire.DROP_REASON_NAMES[decoded]).not.toBe('');
        } else {
          expect(checked).toBe(0);
          // A `reference` parity may carry any index from its size on; all else comes back byte for byte.
          expect(decoded.encode(spoken)).toEqual(bytes.slice(0, decoded.byteLength(spoken)));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('are refused at every length of truncation that cuts into them', () => {
    fc.assert(
      fc.property(fc.oneof(header, taggedHeader), dialect, (sent, any) => {
        const spoken = sent.tag === undefined ? any : 'standard';
        const bytes = sent.encode(spoken);
        for (let length = 0; length < bytes.length; length++) {
          const decoded = TunnelHeader.decode(bytes.subarray(0, length), spoken);
          expect(isDropReason(decoded)).toBe(true);
        }
      }),
      { numRuns: 30 },
    );
  });
});
