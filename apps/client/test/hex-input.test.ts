import { describe, expect, it } from 'vitest';
import { packetsOf } from '../src/decode/packet-source.ts';
import { TextReader, parseHexArgument } from '../src/decode/text-input/text-reader.ts';

const BYTES = [0x11, 0x00, 0x00, 0x05, 0x00, 0x0f, 0x42, 0x40, ...new Array<number>(12).fill(0)];
const LONG = Array.from({ length: 40 }, (_, index) => (index === 0 ? 0x10 : index + 0x60));
const numbers = (packets: readonly { readonly bytes: Uint8Array }[]) => packets.map(({ bytes }) => Array.from(bytes));
const parseHexInput = (lines: string) => {
  const reader = new TextReader();
  return [...lines.split(/\r?\n/).flatMap((line) => reader.add(line)), ...reader.end()];
};

describe('hex on the command line', () => {
  it.each([
    ['digits together', '11000005000f4240000000000000000000000000'],
    ['pairs', '11 00 00 05 00 0F 42 40 00 00 00 00 00 00 00 00 00 00 00 00'],
    ['colons', '11:00:00:05:00:0f:42:40:00:00:00:00:00:00:00:00:00:00:00:00'],
    ['several lines', '11000005\n000f4240 00000000\n\n00000000 00000000\n'],
    ['one 0x', '0x11000005000f4240000000000000000000000000'],
    ['an array of C', '{0x11, 0x00, 0x00, 0x05, 0x00, 0x0f, 0x42, 0x40, 0,00,00,00,00,00,00,00,00,00,00,00,00}'.replace(' 0,', '')],
    ['a hexdump with offsets', '0000 11 00 00 05 00 0F 42 40 00 00 00 00 00 00 00 00\n0010 00 00 00 00'],
  ])('may be %s', (_form, hex) => {
    expect(numbers(parseHexArgument(hex))).toEqual([BYTES]);
  });

  it.each([
    ['110', '"110" has an odd number of digits'],
    ['11 0', '"0" has an odd number of digits'],
    ['11 zz', '"zz" is not hexadecimal'],
    ['0x', '"0x" is not hexadecimal'],
  ])('is refused if it is %s', (hex, message) => {
    expect(() => parseHexArgument(hex)).toThrow(expect.objectContaining({ code: 'ERR_CLIENT_NOT_HEX' }));
    expect(() => parseHexArgument(hex)).toThrow(message);
  });
});

describe('a hexdump', () => {
  const rows = (width: number, row: (offset: string, bytes: string[], ascii: string) => string) =>
    Array.from({ length: Math.ceil(LONG.length / width) }, (_, index) => {
      const bytes = LONG.slice(index * width, (index + 1) * width);
      const ascii = bytes.map((byte) => (byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
      const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0'));
      return row((index * width).toString(16), hex, ascii);
    }).join('\n');
  const paired = (bytes: string[]) =>
    bytes
      .join('')
      .match(/.{1,4}/g)
      ?.join(' ') ?? '';
  const halves = (bytes: string[]) => `${bytes.slice(0, 8).join(' ')}  ${bytes.slice(8).join(' ')}`;

  it.each([
    ['xxd', rows(16, (offset, bytes, ascii) => `${offset.padStart(8, '0')}: ${paired(bytes).padEnd(39)}  ${ascii}`)],
    ['xxd -c 20', rows(20, (offset, bytes, ascii) => `${offset.padStart(8, '0')}: ${paired(bytes).padEnd(49)}  ${ascii}`)],
    ['xxd -g 1', rows(16, (offset, bytes, ascii) => `${offset.padStart(8, '0')}: ${bytes.join(' ').padEnd(47)}  ${ascii}`)],
    [
      'hexdump -C',
      `${rows(16, (offset, bytes, ascii) => `${offset.padStart(8, '0')}  ${halves(bytes).padEnd(48)}  |${ascii}|`)}\n00000028\n`,
    ],
    ['tcpdump -X', rows(16, (offset, bytes, ascii) => `\t0x${offset.padStart(4, '0')}:  ${paired(bytes).padEnd(39)}  ${ascii}`)],
    ['Wireshark', rows(16, (offset, bytes, ascii) => `${offset.padStart(4, '0')}   ${bytes.join(' ').padEnd(47)}   ${ascii}`)],
    ['a document', `Offset Hex ASCII\n${rows(16, (offset, bytes, ascii) => `${offset.padStart(4, '0')} ${bytes.join(' ')} ${ascii}`)}`],
  ])('of %s gives its bytes and not its offsets or text', (_tool, dump) => {
    expect(numbers(parseHexArgument(dump))).toEqual([LONG]);
    expect(numbers(parseHexInput(`${dump}\n${dump}`))).toEqual([LONG, LONG]);
  });

  it('may name a payload that it does not show', () => {
    expect(numbers(parseHexArgument('0000 10 2a\n0020 [200 bytes of game payload...]'))).toEqual([[0x10, 0x2a]]);
  });

  it('is refused when a row is missing', () => {
    expect(() => parseHexArgument('0000 10 00\n0010 11')).toThrow('line 2: offset 0x0010 follows 2 bytes');
  });

  it('is refused when bytes without an offset stand in it', () => {
    expect(() => parseHexInput('0000: 10 00\n1000002A000F4240\n')).toThrow('line 2: bytes without an offset');
  });
});

describe('standard input', () => {
  it('has one packet a line', () => {
    expect(numbers(parseHexInput('10 00\r\n\r\n11:00\n'))).toEqual([
      [0x10, 0],
      [0x11, 0],
    ]);
  });

  it('names the line that is not hex', () => {
    expect(() => parseHexInput('10 00\nhello\n')).toThrow('line 2: "hello" is not hexadecimal');
  });

  it('is one packet in binary if it is no text', async () => {
    const input = (async function* () {
      yield Uint8Array.from(BYTES);
    })();
    const packets = [];
    for await (const packet of packetsOf(input)) packets.push(packet);
    expect(packets).toEqual([{ kind: 'binary', bytes: Buffer.from(BYTES) }]);
  });

  it('may be empty', () => {
    expect(parseHexInput('')).toEqual([]);
    expect(parseHexInput('\n \n')).toEqual([]);
  });
});
