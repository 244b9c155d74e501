import { ok as must } from 'node:assert/strict';
import { FrameExplainer, LinkType, TextLayers, TextReader, frameReaderFor } from '@lightspeed/client/decode';
import type { FrameReader } from '@lightspeed/client/decode';
import type { Random } from '@lightspeed/netem';
import { addTo } from './target.ts';
import type { Target } from './target.ts';

const LINKS = Object.values(LinkType);
const MAX_REST_BYTES = 300;

/** Beginnings of captures: pcap in both byte orders, and pcapng with an interface. */
const STARTS = [
  'd4c3b2a1020004000000000000000000000004000100000000000000010000001e0000001e000000',
  'a1b2c3d400020004000000000000000000040000000000650000000000000001000000200000002a',
  '0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c000000010000001400000001000000000000001400000006000000400000000000000000000000000000002000000020000000',
].map((hex) => Buffer.from(hex, 'hex'));
/** An Ethernet header, IPv4 and UDP to a node, without the addresses of the first; and an IPv6 header. */
const HEADS = [
  '0102030405060a02030405070800450000300000000040110000 0a0000010a000002c8221152001c0000',
  '4500003000002000401100000a0000010a000002c8221152001c0000',
  '60000000001c1140fe800000000000000000000000000001fe800000000000000000000000000002c8221152001c0000',
].map((hex) => Buffer.from(hex.replaceAll(' ', ''), 'hex'));

/** Readers of captures, frames and hexdumps: any bytes give frames and explanations, or one of two errors with a code. */
export class CaptureTarget implements Target {
  input: Uint8Array = new Uint8Array(0);
  readonly reached: Record<string, number> = {};
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  step(): void {
    const random = this.#random;
    const rest = Uint8Array.from({ length: random.nextInt(MAX_REST_BYTES) }, () => (random.once(3) ? 0 : random.nextInt(256)));
    const parts = [random.once(8) ? [] : random.pick(STARTS), random.once(3) ? [] : random.pick(HEADS), rest];
    const bytes = Buffer.concat(parts.map((part) => Uint8Array.from(part)));
    if (random.once(3) && bytes.length > 0) bytes[random.nextInt(bytes.length)] = random.nextInt(256);
    this.replay(bytes);
  }

  replay(bytes: Uint8Array): void {
    this.input = bytes;
    this.#allowErrors(() => this.#readCapture(bytes));
    this.#allowErrors(() => this.#readText(bytes));
    const explainer = new FrameExplainer({ dialect: 'standard', tagKey: undefined, ports: [] });
    for (const linkType of LINKS) {
      const { why, packets } = explainer.explain(linkType, bytes);
      must((why === undefined) === packets.length > 0, 'a frame is neither of the tunnel nor not');
      addTo(this.reached, why === undefined ? 'frame of the tunnel' : 'frame of others');
    }
  }

  #readCapture(bytes: Uint8Array): void {
    const reader = frameReaderFor(bytes);
    if (reader === undefined) return;
    const piece = 1 + (bytes.length % 97);
    for (let at = 0; at < bytes.length; at += piece) {
      reader.add(bytes.subarray(at, at + piece));
      this.#takeFrames(reader, bytes.length);
    }
    reader.end();
    addTo(this.reached, 'capture read to its end');
  }

  #takeFrames(reader: FrameReader, most: number): void {
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
      must(frame.bytes.length <= most, 'a frame is longer than its capture');
      addTo(this.reached, 'frame of a capture');
    }
  }

  /** The bytes as `xxd` prints them, and as they are. */
  #readText(bytes: Uint8Array): void {
    const layers = new TextLayers('standard');
    const rows = Array.from({ length: Math.ceil(bytes.length / 16) }, (_, row) => {
      const digits = Buffer.from(bytes.subarray(16 * row, 16 * row + 16)).toString('hex');
      return `${(16 * row).toString(16).padStart(8, '0')}: ${digits.replace(/.{4}(?=.)/g, '$& ')}`;
    });
    const reader = new TextReader();
    const [dumped] = [...rows.flatMap((row) => reader.add(row)), ...reader.end()];
    must(bytes.length === 0 || Buffer.compare(dumped.bytes, bytes) === 0, 'a hexdump is read otherwise than it was written');
    if (bytes.length > 0) for (const { kind } of layers.layer(dumped)) addTo(this.reached, `hexdump: ${kind}`);
    const strange = new TextReader();
    const lines = new TextDecoder().decode(bytes).split('\n');
    for (const packet of [...lines.flatMap((line) => strange.add(line)), ...strange.end()]) layers.layer(packet);
  }

  #allowErrors(read: () => void): void {
    try {
      read();
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      if (code !== 'ERR_CLIENT_DAMAGED_CAPTURE' && code !== 'ERR_CLIENT_NOT_HEX') throw error;
      addTo(this.reached, code);
    }
  }
}
