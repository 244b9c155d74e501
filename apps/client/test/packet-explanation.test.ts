import { readFileSync } from 'node:fs';
import { DROP_REASON_NAMES, DropReason, TAG_BYTES, TunnelHeader, isDropReason, readTagKey, sealPacket } from '@lightspeed/wire';
import type { Dialect } from '@lightspeed/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blocksIn, refusalOfBlocks } from '../src/decode/explain-blocks.ts';
import { explainPacket } from '../src/decode/explain-packet.ts';
import { parseHexArgument } from '../src/decode/text-input/text-reader.ts';
import { renderJson, renderTable } from '../src/decode/render.ts';

interface Case {
  readonly name: string;
  readonly dialect: Dialect;
  readonly input: string;
  readonly tagKey?: string;
  readonly exitCode: number;
  readonly table: readonly string[];
  readonly json: object;
}

const vectors = new URL('vectors/decode.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(vectors, 'utf8')) as { cases: readonly Case[] };
const asIs = (text: string) => text;
const NO_MARKUP = { strong: asIs, faint: asIs, bad: asIs };

const WORDS_OF_BAD_BLOCKS: Readonly<Record<string, string>> = {
  'a block that goes on behind the end': 'block 1 says that it has 6 bytes; the packet has 5 more',
  'bytes behind the last block': '1 byte too many behind its last block; blocks end where the packet does',
  'an own length behind the end': 'it ends in front of block 1 of 1',
  'no blocks': 'it has 0 blocks; allowed are 1 to 8',
  'nine blocks': 'it has 9 blocks; allowed are 1 to 8',
  'an unknown type': 'block 1 is of type 9; there are 1 (repeat), 2 (XOR), 3 (report) and 4 (request)',
  'a payload that goes alone': 'its blocks go alone (flags 0x03), but it has 3 bytes of own payload',
  'a first zero that is not': 'the byte behind its own length is 0x01; it must be 0',
};

describe('decode explains', () => {
  it.each(cases.map((one) => [one.name, one] as const))('%s', (_name, { dialect, input, tagKey, exitCode, table, json }) => {
    const [{ bytes: packet }] = parseHexArgument(input);
    const key = tagKey === undefined ? undefined : readTagKey(Buffer.from(tagKey, 'hex'));
    const explanation = explainPacket(packet, dialect, key);
    expect(renderTable(explanation, NO_MARKUP)).toEqual(table);
    expect(explanation.refusal === undefined).toBe(exitCode === 0);
    expect(JSON.parse(JSON.stringify(renderJson(explanation, packet)))).toMatchObject(json);
  });

  it('packets with blocks, valid and not, of the golden ones', () => {
    const golden = new URL('../../../packages/wire/test/vectors/blocks.json', import.meta.url);
    const { packets } = JSON.parse(readFileSync(golden, 'utf8')) as { packets: { name: string; hex: string; verdict: string }[] };
    for (const { name, hex, verdict } of packets) {
      const [{ bytes: packet }] = parseHexArgument(hex);
      const { refusal, summary, fields } = explainPacket(packet, 'standard');
      expect([name, refusal?.reason ?? '']).toEqual([name, verdict]);
      const words = WORDS_OF_BAD_BLOCKS[name];
      if (words !== undefined) expect([name, refusal?.words, refusal?.hint]).toEqual([name, words, undefined]);
      if (verdict === '') expect(summary).toContain('for peers that have agreed on blocks');
      expect(fields.reduce((sum, { length, hex: digits }) => sum + (digits.startsWith('.') ? 0 : length), 0)).toBe(packet.length);
    }
    const report = packets.find((packet) => packet.name === 'a report alone')?.hex ?? '';
    const named = explainPacket(parseHexArgument(report)[0].bytes, 'standard').fields.map((field) => `${field.name} ${field.value}`);
    expect(named.slice(-6)).toEqual(['length 8', 'highest 9', 'received 8', 'loss runs 1', 'queueing delay 12', 'epoch 0']);
  });

  it.each<[string, string, { type: string; numbers: number[] }[], string]>([
    [
      'repeats over the wrap',
      '20070003000003e80a0000010a000002045708ae 000000010300 010a0000',
      [{ type: 'repeat', numbers: [65_529] }],
      'about number 65529',
    ],
    [
      'an XOR',
      '20070003000003e80a0000010a000002045708ae 000000010300 02010005 8005 ff 0001',
      [{ type: 'XOR', numbers: [2, 1, 65_535, 65_522] }],
      'XOR of the payloads of 2, 1, 65535 and 65522',
    ],
    [
      'a request',
      '20070003000003e80a0000010a000002045708ae 000000010300 04000004 fffe 0005',
      [{ type: 'request', numbers: [65_534, 65_535, 1] }],
      'missing: 65534, 65535 and 1',
    ],
  ])('which packets %s are about', (_block, hex, blocks, words) => {
    const [{ bytes }] = parseHexArgument(hex);
    const explanation = explainPacket(bytes, 'standard');
    expect(explanation.blocks).toEqual(blocks);
    expect(explanation.fields.map(({ meaning }) => meaning)).toContain(words);
    expect(renderJson(explanation, bytes)).toMatchObject({ blocks });
  });

  it.each([
    [
      'terms of protection',
      '4C53525001 0D 32 64',
      ['terms 4', 'terms version 1', 'forms 13 repeats, requests, reports', 'deadline 50', 'budget 100'],
    ],
    ['terms with unknown forms', '4C53525001 90 32 64', ['forms 144 0x90 (unknown)']],
    ['no challenge', '0000000000000000', ['challenge 0']],
    ['a proof', '01020304 0000000000000001 41F0889CE26AEA0CB1B5EA9B79773ADA', ['session id 16909060', 'nonce 1', 'proof 16']],
  ])('a HANDSHAKE with %s', (_payload, payload, expected) => {
    const [{ bytes }] = parseHexArgument(`12AB0000000F4240 0000000000000000 00000000 ${payload}`);
    const shown = explainPacket(bytes, 'standard').fields.map(({ name, value, meaning }) => `${name} ${value} ${meaning}`);
    for (const words of expected) expect(shown).toContainEqual(expect.stringContaining(words));
  });

  it('whether the tag of a packet with blocks fits', () => {
    const golden = new URL('../../../packages/wire/test/vectors/blocks.json', import.meta.url);
    const { packets } = JSON.parse(readFileSync(golden, 'utf8')) as { packets: { name: string; hex: string }[] };
    const [{ bytes: plain }] = parseHexArgument(packets.find((packet) => packet.name === 'a report alone')?.hex ?? '');
    const key = readTagKey(Buffer.from('0001020304050607', 'hex'));
    const tagged = new Uint8Array(TAG_BYTES + plain.length);
    tagged.set(plain, TAG_BYTES);
    sealPacket(new DataView(tagged.buffer), TAG_BYTES, plain.length, key.word0, key.word1);
    const tagOf = (bytes: Uint8Array, with_: typeof key | undefined) =>
      explainPacket(bytes, 'standard', with_).fields.find(({ name }) => name === 'tag')?.meaning;
    expect(tagOf(tagged, key)).toBe('fits the key');
    expect(tagOf(tagged, undefined)).toBe('over the header and the heads of blocks; not checked');
    const forged = tagged.with(26, tagged[26] ^ 1);
    expect(tagOf(forged, key)).toBe('does not fit the key');
    expect(explainPacket(forged, 'standard', key).refusal?.reason).toBe('bad_tag');
  });

  it('every byte of any packet once, and gives the reason for which receivers refuse it', () => {
    const dialects = fc.constantFrom<Dialect>('standard', 'reference');
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      // Headers that get as far as the FEC extension.
      fc
        .tuple(fc.uint8Array({ minLength: 20, maxLength: 60 }), fc.constantFrom(0x20, 0x30, 0x40))
        .map(([packet, first]) => packet.with(0, first)),
    );
    fc.assert(
      fc.property(bytes, dialects, (packet, dialect) => {
        const { fields, refusal } = explainPacket(packet, dialect);
        let end = 0;
        for (const { offset, length, hex } of fields) {
          if (hex === `.${hex.slice(1)}`) continue;
          expect(offset).toBe(end);
          end += length;
        }
        expect(end).toBe(packet.length);
        const decoded = TunnelHeader.decode(packet, dialect);
        const wrong = isDropReason(decoded) ? decoded : 0;
        // What dialect `reference` takes is not explained as blocks that have something else wrong as well.
        const isOnlyStandard = dialect === 'standard' && isDropReason(TunnelHeader.decode(packet, 'reference'));
        const isWorse = isOnlyStandard && (wrong === DropReason.reservedNotZero || wrong === DropReason.badGroupSize);
        const blocks = wrong === DropReason.badFecFlags || isWorse ? blocksIn(packet) : undefined;
        if (blocks !== undefined) {
          const invalid = refusalOfBlocks(blocks);
          expect(refusal?.reason).toBe(invalid === 0 ? undefined : DROP_REASON_NAMES[invalid]);
        } else if (isDropReason(decoded)) expect(refusal?.reason).toBe(DROP_REASON_NAMES[decoded]);
        else expect(refusal?.reason).toBe((packet[0] & 8) === 0 ? undefined : 'fragment');
      }),
    );
  });
});
