import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { TAG_BYTES, readTagKey, sealPacket } from '@lightspeed/wire';

/** Addresses and ports of a datagram; addresses as bytes, 4 or 16 of them. */
export interface Ends {
  readonly source: readonly number[];
  readonly destination: readonly number[];
  readonly sourcePort: number;
  readonly destinationPort: number;
}

export const TO_NODE: Ends = { source: [10, 0, 0, 1], destination: [10, 0, 0, 2], sourcePort: 51_234, destinationPort: 4_434 };

const u16 = (value: number) => [(value >> 8) & 0xff, value & 0xff];
const UDP = 17;

export function udp({ sourcePort, destinationPort }: Ends, payload: Uint8Array): Uint8Array {
  return Uint8Array.from([...u16(sourcePort), ...u16(destinationPort), ...u16(8 + payload.length), 0, 0, ...payload]);
}

/** An IPv4 packet. @param place flags and offset of a fragment. @param options of the header, a multiple of 4 bytes. */
export function ipv4(ends: Ends, content: Uint8Array, place = 0, options: readonly number[] = [], protocol = UDP): Uint8Array {
  const { source, destination } = ends;
  const length = 20 + options.length;
  const header = [
    0x40 + length / 4,
    0,
    ...u16(length + content.length),
    0,
    7,
    ...u16(place),
    64,
    protocol,
    0,
    0,
    ...source,
    ...destination,
    ...options,
  ];
  let sum = 0;
  for (let at = 0; at < length; at += 2) sum += header[at] * 256 + header[at + 1];
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  header.splice(10, 2, ...u16(~sum));
  return Uint8Array.from([...header, ...content]);
}

/** An IPv6 packet. @param extensions headers in front of UDP; the first one's type, then their bytes. */
export function ipv6(
  ends: Ends,
  content: Uint8Array,
  extensions?: { readonly type: number; readonly bytes: readonly number[] },
): Uint8Array {
  const { type = UDP, bytes = [] } = extensions ?? {};
  return Uint8Array.from([
    0x60,
    0,
    0,
    0,
    ...u16(bytes.length + content.length),
    type,
    64,
    ...ends.source,
    ...ends.destination,
    ...bytes,
    ...content,
  ]);
}

export function ethernet(ip: Uint8Array, tags: readonly number[] = []): Uint8Array {
  // The first byte of the destination is such that a packet of version 1 could begin so.
  const type = ip[0] >> 4 === 4 ? [0x08, 0x00] : [0x86, 0xdd];
  return Uint8Array.from([0x10, 2, 3, 4, 5, 6, 0x12, 2, 3, 4, 5, 7, ...tags, ...type, ...ip]);
}

/** A datagram in IPv4 in Ethernet. */
export function frame(payload: Uint8Array, ends: Ends = TO_NODE): Uint8Array {
  return ethernet(ipv4(ends, udp(ends, payload)));
}

export interface Shape {
  readonly isLittle: boolean;
  readonly isNano: boolean;
}

export interface TimedFrame {
  readonly timeNs: bigint;
  readonly bytes: Uint8Array;
}

const NS = 1_000_000_000n;

export function pcap(frames: readonly TimedFrame[], linkType = 1, { isLittle, isNano }: Shape = { isLittle: true, isNano: false }): Buffer {
  const file = Buffer.alloc(24 + frames.reduce((sum, { bytes }) => sum + 16 + bytes.length, 0));
  const view = new DataView(file.buffer, file.byteOffset);
  view.setUint32(0, isNano ? 0xa1b2_3c4d : 0xa1b2_c3d4, isLittle);
  view.setUint16(4, 2, isLittle);
  view.setUint16(6, 4, isLittle);
  view.setUint32(16, 262_144, isLittle);
  view.setUint32(20, linkType, isLittle);
  let at = 24;
  for (const { timeNs, bytes } of frames) {
    view.setUint32(at, Number(timeNs / NS), isLittle);
    view.setUint32(at + 4, Number((timeNs % NS) / (isNano ? 1n : 1_000n)), isLittle);
    view.setUint32(at + 8, bytes.length, isLittle);
    view.setUint32(at + 12, bytes.length, isLittle);
    file.set(bytes, at + 16);
    at += 16 + bytes.length;
  }
  return file;
}

/** A block of pcapng around a body. */
export function block(type: number, body: Uint8Array, isLittle = true): Buffer {
  const padded = Math.ceil(body.length / 4) * 4;
  const bytes = Buffer.alloc(12 + padded);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  view.setUint32(0, type, isLittle);
  view.setUint32(4, bytes.length, isLittle);
  bytes.set(body, 8);
  view.setUint32(8 + padded, bytes.length, isLittle);
  return bytes;
}

function words(isLittle: boolean, ...parts: readonly (readonly [bytes: 1 | 2 | 4, value: number])[]): Buffer {
  const bytes = Buffer.alloc(parts.reduce((sum, [length]) => sum + length, 0));
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  let at = 0;
  for (const [length, value] of parts) {
    if (length === 4) view.setUint32(at, value, isLittle);
    else if (length === 2) view.setUint16(at, value, isLittle);
    else view.setUint8(at, value);
    at += length;
  }
  return bytes;
}

export function section(isLittle = true): Buffer {
  return block(0x0a0d_0d0a, words(isLittle, [4, 0x1a2b_3c4d], [2, 1], [2, 0], [4, 0xffff_ffff], [4, 0xffff_ffff]), isLittle);
}

export function interfaceBlock(linkType: number, isNano: boolean, isLittle = true): Buffer {
  const resolution = words(isLittle, [2, 9], [2, 1], [1, isNano ? 9 : 6], [1, 0], [2, 0], [4, 0]);
  return block(1, Buffer.concat([words(isLittle, [2, linkType], [2, 0], [4, 0]), resolution]), isLittle);
}

/** @param kind 6 is an Enhanced Packet Block, 2 an old Packet Block, 3 a Simple Packet Block, which has no time. */
export function packetBlock(kind: 2 | 3 | 6, which: number, units: bigint, bytes: Uint8Array, isLittle = true): Buffer {
  const time = [4, Number(units >> 32n)] as const;
  const low = [4, Number(units & 0xffff_ffffn)] as const;
  const lengths = [[4, bytes.length] as const, [4, bytes.length] as const];
  const of = kind === 2 ? [[2, which] as const, [2, 0] as const] : [[4, which] as const];
  const head = kind === 3 ? words(isLittle, [4, bytes.length]) : words(isLittle, ...of, time, low, ...lengths);
  return block(kind, Buffer.concat([head, bytes]), isLittle);
}

interface Vectors {
  readonly valid?: readonly { name: string; dialect: string; hex: string; payload: string }[];
  readonly packets?: readonly { name: string; hex?: string; tagged?: string; payload?: string }[];
  readonly invalid?: readonly { name: string; hex: string; dialect?: string }[];
}

export interface Golden {
  readonly name: string;
  readonly dialect: 'standard' | 'reference';
  readonly bytes: Uint8Array;
}

/** All packets of the golden vectors: plain, with tags, with blocks; and those with blocks under a tag. Valid and not. */
export function goldenPackets(): Golden[] {
  const read = (name: string) =>
    JSON.parse(readFileSync(new URL(`../../../../packages/wire/test/vectors/${name}.json`, import.meta.url), 'utf8')) as Vectors;
  const bytesOf = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');
  const payloadOf = (text: string) => {
    const [, byte, count] = /^(..)\*(\d+)$/.exec(text) ?? [];
    return bytesOf(byte === undefined ? text : byte.repeat(Number(count)));
  };
  const plain = read('packets');
  const blocks = (read('blocks').packets ?? []).map(({ name, hex = '' }) => ({ name, dialect: 'standard' as const, bytes: bytesOf(hex) }));
  return [
    ...(plain.valid ?? []).map(({ name, dialect, hex, payload }) => ({
      name,
      dialect: dialect === 'reference' ? ('reference' as const) : ('standard' as const),
      bytes: Buffer.concat([bytesOf(hex), payloadOf(payload)]),
    })),
    ...(plain.invalid ?? []).map(({ name, hex, dialect }) => ({
      name,
      dialect: dialect === 'reference' ? ('reference' as const) : ('standard' as const),
      bytes: bytesOf(hex),
    })),
    ...(read('tags').packets ?? []).map(({ name, tagged = '', payload = '' }) => ({
      name,
      dialect: 'standard' as const,
      bytes: Buffer.concat([bytesOf(tagged), payloadOf(payload)]),
    })),
    ...blocks,
    ...blocks.map(({ name, bytes }) => ({ name: `${name}, with a tag`, dialect: 'standard' as const, bytes: withTag(bytes) })),
  ];
}

function withTag(plain: Uint8Array): Uint8Array {
  const { word0, word1 } = readTagKey(Buffer.from('0001020304050607', 'hex'));
  const tagged = new Uint8Array(TAG_BYTES + plain.length);
  tagged.set(plain, TAG_BYTES);
  sealPacket(new DataView(tagged.buffer), TAG_BYTES, plain.length, word0, word1);
  return tagged;
}

/** Whether a program can be run here. */
export function hasProgram(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
}
