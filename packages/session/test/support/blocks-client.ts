import { termsInHandshake } from '../../src/protection/agreed/protection-terms.ts';
import type { ProtectionTerms } from '@lightspeed/session';
import {
  BLOCKS_ALONE,
  BLOCKS_HEADER_BYTES,
  BLOCK_HEAD_BYTES,
  BlockType,
  HEADER_BYTES,
  TunnelHeader,
  VERSION_FEC,
  firstBlock,
  hasBlocks,
  nextBlock,
  readBlockCount,
  readBlockDistance,
  readBlockLength,
  readBlockType,
  readSequence,
  writeBlockHead,
  writeBlocksExtension,
} from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { PROGRAM, SERVER } from './lstp-client.ts';
import type { LstpClient } from './lstp-client.ts';

/** Headers of IPv4 and UDP. */
export const OUTER_BYTES = 28;

/** A block as it stands in a packet. */
export interface Block {
  readonly type: BlockType;
  readonly distance: number;
  readonly content: Uint8Array;
}

const NUMBERS_BYTES = 4;

export function request(base: number, mask: number): Block {
  const content = new Uint8Array(NUMBERS_BYTES);
  const view = new DataView(content.buffer);
  view.setUint16(0, base & 0xffff);
  view.setUint16(2, mask);
  return { type: BlockType.request, distance: 0, content };
}

export function report(highest: number, received: number, runs = 0, delayMs = 0, epoch = 0): Block {
  const content = new Uint8Array(8);
  const view = new DataView(content.buffer);
  [highest, received, runs].forEach((value, nth) => view.setUint16(2 * nth, value & 0xffff));
  content.set([delayMs, epoch], 6);
  return { type: BlockType.report, distance: 0, content };
}

export function repeat(distance: number, content: Uint8Array): Block {
  return { type: BlockType.repeat, distance, content };
}

/** An XOR of the numbers that the distance and the mask name, of so many bytes, all 0. */
export function xorOfNothing(distance: number, mask: number, bytes: number): Block {
  const content = new Uint8Array(2 + bytes + 2);
  new DataView(content.buffer).setUint16(0, mask);
  return { type: BlockType.xor, distance, content };
}

/** Sends blocks alone in the session's name. @returns the bytes of the packet as IP has it. */
export function sendBlocks(client: LstpClient, blocks: readonly Block[], server: Endpoint = SERVER, sequence = client.sequence++): number {
  const length = blocks.reduce((sum, { content }) => sum + BLOCK_HEAD_BYTES + content.length, BLOCKS_HEADER_BYTES);
  const packet = new Uint8Array(length);
  packet.set(TunnelHeader.data(sequence, 1, PROGRAM, server).withSessionToken(client.token).encodeWithPayload(new Uint8Array(0)));
  packet[0] = (VERSION_FEC << 4) | (packet[0] & 0xf);
  writeBlocksExtension(packet, 0, BLOCKS_ALONE, 0, blocks.length);
  let at = BLOCKS_HEADER_BYTES;
  for (const { type, distance, content } of blocks) {
    writeBlockHead(packet, at, type, distance, content.length);
    packet.set(content, at + BLOCK_HEAD_BYTES);
    at += BLOCK_HEAD_BYTES + content.length;
  }
  client.raw(packet);
  return OUTER_BYTES + length;
}

/** Opens a session of an open node, agrees on terms, and shows the token. @param validates whether it answers the node's challenge. */
export function openWithTerms(client: LstpClient, terms: ProtectionTerms, validates = true): LstpClient {
  const payload = new Uint8Array(8);
  new DataView(payload.buffer).setBigUint64(0, termsInHandshake(terms));
  client.send(TunnelHeader.handshake(0, 1), payload);
  client.token = client.answers()[0].header.token;
  if (validates) client.open();
  client.sequence = 0;
  client.data('hello');
  return client;
}

/** The blocks of a packet, and the number that each is about; none of a packet that has none. */
export function blocksOf(bytes: Uint8Array): readonly { readonly type: number; readonly about: number }[] {
  if (bytes.length < HEADER_BYTES || !hasBlocks(bytes, 0, bytes.length)) return [];
  const found: { type: number; about: number }[] = [];
  let block = firstBlock(bytes, 0);
  for (let left = readBlockCount(bytes, 0); left > 0; left--) {
    found.push({ type: readBlockType(bytes, block), about: (readSequence(bytes, 0) - readBlockDistance(bytes, block)) & 0xffff });
    if (readBlockLength(bytes, block) > bytes.length) throw new Error('a block is longer than its packet');
    block = nextBlock(bytes, block);
  }
  return found;
}
