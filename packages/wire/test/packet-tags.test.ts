import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BLOCKS_ALONE,
  BLOCKS_CARRY,
  DROP_REASON_NAMES,
  FEC_EXTENSION_BYTES_STANDARD,
  HEADER_BYTES,
  TAG_BYTES,
  TAG_KEY_BYTES,
  TunnelHeader,
  WireError,
  checkPacket,
  isDropReason,
  openPacket,
  readTagKey,
  sealPacket,
} from '@lightspeed/wire';
import { hashHeader } from '../src/header-hash.ts';
import { halfSipHash24 } from './half-sip-hash.ts';
import vectors from './vectors/tags.json' with { type: 'json' };

const FEC_HEADER_BYTES = HEADER_BYTES + FEC_EXTENSION_BYTES_STANDARD;
const KEY = Uint8Array.from({ length: TAG_KEY_BYTES }, (_, at) => at);

const keys = fc.uint8Array({ minLength: TAG_KEY_BYTES, maxLength: TAG_KEY_BYTES });
/** Bytes of a header of version 1 or 2, the extension's included, whatever they say. */
const headers = fc
  .tuple(fc.boolean(), fc.uint8Array({ minLength: FEC_HEADER_BYTES, maxLength: FEC_HEADER_BYTES }))
  .map(([hasFec, bytes]) => bytes.with(0, (hasFec ? 0x20 : 0x10) | (bytes[0] & 0x0f)).slice(0, hasFec ? FEC_HEADER_BYTES : HEADER_BYTES));
const payloads = fc.uint8Array({ maxLength: 1448 });
/** Extensions of packets with blocks, the own payload of which is empty, and what looks like blocks. */
const blockHeaders = fc
  .tuple(fc.uint8Array({ minLength: HEADER_BYTES, maxLength: HEADER_BYTES }), fc.nat(10), fc.constantFrom(BLOCKS_CARRY, BLOCKS_ALONE))
  .map(([bytes, blocks, flags]) => new Uint8Array([0x20 | (bytes[0] & 0x0f), ...bytes.slice(1), 0, 0, 0, blocks, flags, 0]));
const blockLikes = fc
  .array(
    fc.tuple(fc.nat(5), fc.nat(0xff), fc.nat(12)).chain(([type, distance, length]) => {
      return fc.uint8Array({ minLength: length, maxLength: length }).map((content) => [type, distance, 0, length, ...content]);
    }),
    { maxLength: 10 },
  )
  .map((blocks) => new Uint8Array(blocks.flat()));

/** What a tag covers of blocks: each head, and all of reports and requests, as far as they lie within the packet. */
function coveredOfBlocks(header: Uint8Array, payload: Uint8Array): number[] {
  if (header.length === HEADER_BYTES || (header[24] !== BLOCKS_CARRY && header[24] !== BLOCKS_ALONE)) return [];
  const covered: number[] = [];
  let at = (header[20] << 8) | header[21];
  for (let left = Math.min(8, header[23]); left > 0 && at + 4 <= payload.length; left--) {
    const length = (payload[at + 2] << 8) | payload[at + 3];
    const isShort = length <= 8 && length % 4 === 0 && at + 4 + length <= payload.length;
    const end = (payload[at] === 3 || payload[at] === 4) && isShort ? at + 4 + length : at + 4;
    covered.push(...payload.subarray(at, end));
    at += 4 + length;
  }
  return covered;
}

function bytesOf(hex: string): Uint8Array {
  const repeated = /^(..)\*(\d+)$/.exec(hex);
  return new Uint8Array(Buffer.from(repeated ? (repeated[1] ?? '').repeat(Number(repeated[2])) : hex, 'hex'));
}

function seal(packet: Uint8Array, key: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(TAG_BYTES + packet.length);
  bytes.set(packet, TAG_BYTES);
  const { word0, word1 } = readTagKey(key);
  sealPacket(new DataView(bytes.buffer), TAG_BYTES, packet.length, word0, word1);
  return bytes;
}

/** The packet without its tag, or the reason for which it is refused; then its bytes must be as before. */
function open(packet: Uint8Array, key: Uint8Array): Uint8Array | string {
  const bytes = packet.slice();
  const { word0, word1 } = readTagKey(key);
  const refusal = openPacket(new DataView(bytes.buffer), 0, bytes.length, word0, word1);
  if (refusal === 0) return bytes.slice(TAG_BYTES);
  expect(bytes).toEqual(packet);
  return DROP_REASON_NAMES[refusal];
}

describe('the hash of a header', () => {
  const outputs = vectors.halfSipHash.outputs.map((hex) => new DataView(bytesOf(hex).buffer).getUint32(0, true));
  const key = bytesOf(vectors.halfSipHash.key);
  const message = (length: number) => Uint8Array.from({ length }, (_, at) => at);

  it('is compared with a hash that gives the published vectors', () => {
    expect(outputs).toHaveLength(64);
    expect(outputs.map((_, length) => halfSipHash24(key, message(length)))).toEqual(outputs);
  });

  it.each([HEADER_BYTES, FEC_HEADER_BYTES])('gives the published vector for %i bytes and a length', (headerBytes) => {
    const { word0, word1 } = readTagKey(key);
    const view = new DataView(message(headerBytes).buffer);
    // The message goes on counting where the header ends.
    const payloadBytes = (headerBytes << 8) | (headerBytes + 1);
    expect(hashHeader(view, 0, headerBytes, payloadBytes, word0, word1) >>> 0).toBe(outputs[headerBytes + 2]);
  });
});

describe('a tag', () => {
  for (const { name, key, plain, tagged, payload } of vectors.packets) {
    it(`is these bytes, and gone when the packet is opened: ${name}`, () => {
      const before = new Uint8Array([...bytesOf(plain), ...bytesOf(payload)]);
      const after = new Uint8Array([...bytesOf(tagged), ...bytesOf(payload)]);
      expect(seal(before, bytesOf(key))).toEqual(after);
      expect(open(after, bytesOf(key))).toEqual(before);
    });
  }

  it('covers header and payload length as sent, of any header, key and payload', () => {
    fc.assert(
      fc.property(fc.oneof(fc.tuple(headers, payloads), fc.tuple(blockHeaders, blockLikes)), keys, ([header, payload], key) => {
        const sealed = seal(new Uint8Array([...header, ...payload]), key);
        const sent = header.with(0, header[0] + 0x20);
        const tag = halfSipHash24(
          key,
          new Uint8Array([...sent, payload.length >> 8, payload.length & 0xff, ...coveredOfBlocks(header, payload)]),
        );
        const tagBytes = [tag >>> 24, (tag >>> 16) & 0xff, (tag >>> 8) & 0xff, tag & 0xff];
        expect(sealed).toEqual(new Uint8Array([...sent, ...tagBytes, ...payload]));
        const decoded = TunnelHeader.decode(sealed);
        if (!isDropReason(decoded)) expect(decoded.tag).toBe(tag);
      }),
    );
  });

  it('moves header and nothing else, wherever the packet stands, and opening moves it back', () => {
    fc.assert(
      fc.property(headers, payloads, keys, fc.integer({ min: 5, max: 70 }), (header, payload, key, offset) => {
        const length = header.length + payload.length;
        const bytes = new Uint8Array(offset + length + 9).fill(0xee);
        bytes.set(header, offset);
        bytes.set(payload, offset + header.length);
        const before = bytes.slice();
        // A view that does not begin where its buffer does.
        const view = new DataView(bytes.buffer, 1);
        const { word0, word1 } = readTagKey(key);
        sealPacket(view, offset - 1, length, word0, word1);
        expect(bytes.subarray(0, offset - 4)).toEqual(before.subarray(0, offset - 4));
        expect(bytes.subarray(offset + header.length)).toEqual(before.subarray(offset + header.length));
        expect(openPacket(view, offset - 5, length + TAG_BYTES, word0, word1)).toBe(0);
        expect(bytes.subarray(offset)).toEqual(before.subarray(offset));
        expect(bytes.subarray(0, offset - 4)).toEqual(before.subarray(0, offset - 4));
        expect(checkPacket(bytes, offset, length, 'standard')).toBe(checkPacket(before, offset, length, 'standard'));
      }),
    );
  });

  for (const { name, key, tagged, payload } of vectors.packets) {
    it(`is wrong after any one bit of header or tag was changed, or the payload got longer: ${name}`, () => {
      const packet = new Uint8Array([...bytesOf(tagged), ...bytesOf(payload)]);
      const covered = tagged.length / 2;
      for (let bit = 0; bit < 8 * covered; bit++) {
        const changed = packet.with(bit >> 3, packet[bit >> 3] ^ (1 << (bit & 7)));
        // The version says how the packet is read at all.
        const reasons = bit < 8 && bit >= 4 ? ['bad_tag', 'bad_version', 'extension_cut_short'] : ['bad_tag'];
        expect(reasons, `bit ${bit}`).toContain(open(changed, bytesOf(key)));
      }
      expect(open(new Uint8Array([...packet, 0]), bytesOf(key))).toBe('bad_tag');
    });
  }

  it('is wrong with another key', () => {
    const packet = seal(TunnelHeader.keepalive(1, 2).encode(), KEY);
    for (let bit = 0; bit < 8 * TAG_KEY_BYTES; bit++) {
      expect(open(packet, KEY.with(bit >> 3, KEY[bit >> 3] ^ (1 << (bit & 7))))).toBe('bad_tag');
    }
  });

  it('does not cover the bytes of the payload, which only the game can judge', () => {
    const packet = seal(TunnelHeader.data(1, 2, { ip: 1, port: 1 }, { ip: 2, port: 2 }).encodeWithPayload(Uint8Array.of(1, 2)), KEY);
    expect(open(packet.with(packet.length - 1, 9), KEY)).toBeInstanceOf(Uint8Array);
  });

  it('covers the heads of blocks, and reports and requests as a whole, but no repeat', () => {
    const repeat = [1, 2, 0, 3, 7, 7, 7];
    const report = [3, 0, 0, 8, 1, 1, 2, 2, 3, 3, 4, 5];
    const request = [4, 0, 0, 4, 1, 1, 2, 2];
    const own = [9, 9];
    const header = TunnelHeader.data(1, 2, { ip: 1, port: 1 }, { ip: 2, port: 2 }).encode();
    const packet = seal(
      new Uint8Array([0x20, ...header.subarray(1), 0, 2, 0, 3, BLOCKS_CARRY, 0, ...own, ...repeat, ...report, ...request]),
      KEY,
    );
    const payload = FEC_HEADER_BYTES + TAG_BYTES;
    const free = [payload, payload + 1, payload + 6, payload + 7, payload + 8];
    for (let at = 0; at < packet.length; at++) {
      const result = open(packet.with(at, packet[at] ^ 0x10), KEY);
      if (free.includes(at)) expect(result, `byte ${at}`).toBeInstanceOf(Uint8Array);
      else expect(result, `byte ${at}`).toBe(at === 0 ? 'bad_version' : 'bad_tag');
    }
  });

  it('is looked for in any bytes without an error, and is not found in those of a stranger', () => {
    const likely = fc
      .tuple(fc.constantFrom(0x10, 0x20, 0x30, 0x31, 0x40, 0x41, 0x50), fc.uint8Array({ maxLength: 40 }))
      .map(([first, rest]) => new Uint8Array([first, ...rest]));
    fc.assert(
      fc.property(fc.oneof(likely, fc.uint8Array({ maxLength: 80 })), keys, (bytes, key) => {
        const version = (bytes[0] ?? 0) >> 4;
        const allowed = bytes.length < HEADER_BYTES ? 'too_short' : version !== 3 && version !== 4 ? 'bad_version' : undefined;
        const got = open(bytes, key);
        if (allowed !== undefined) expect(got).toBe(allowed);
        else if (version === 3) expect(got).toBe(bytes.length < 24 ? 'too_short' : 'bad_tag');
        else expect(got).toBe(bytes.length < 30 ? 'extension_cut_short' : 'bad_tag');
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a tag key', () => {
  it('is two little-endian words of eight bytes', () => {
    expect(readTagKey(Uint8Array.of(1, 0, 0, 0x80, 0xff, 0xff, 0xff, 0xff))).toEqual({ word0: -0x7fff_ffff, word1: -1 });
  });

  it.each([0, 7, 9])('of %i bytes is an error', (length) => {
    expect(() => readTagKey(new Uint8Array(length))).toThrow(WireError);
    expect(() => readTagKey(new Uint8Array(length))).toThrow(`a tag key must have 8 bytes, got ${length}`);
  });
});
